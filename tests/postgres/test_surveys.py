"""Surveys as Postgres counts them: the same as the board, however the facts are cut, and when they are told again."""

from __future__ import annotations

from functools import reduce

import pytest

from ccplane.contacts import facts as c
from ccplane.contacts.surveys import Kind
from ccplane.ids import AgentId, ContactId, QueueName
from ccplane.kpi.board import Board, evolve
from ccplane.postgres.rebuild import rebuild
from ccplane.postgres.surveys import SurveysWanted, surveys
from tests.postgres.histories import START
from tests.postgres.test_projections import store

pytestmark = pytest.mark.postgres
EVER = SurveysWanted(since=0, until=1 << 50)
QUEUES, AGENTS = ("support", "sales"), ("1001", "1002", "1003")


def asked(number, values):
    """A survey of three questions, of which so many were answered."""
    about = {
        "contact": ContactId(f"c-ast1-{number}"), "survey": "after-call", "queue": QueueName(QUEUES[number % 2]),
        "talked_with": AgentId(AGENTS[number % 3]),
    }  # fmt: skip
    at = START + number * 1_000
    yield c.SurveyAsked(at=at, **about, questions=3)
    for nth, (kind, value) in enumerate(zip(Kind, values, strict=False), 1):
        yield c.SurveyAnswered(
            at=at + nth, **about, question=kind.value, kind=kind, value=value, nth=nth, of=3, asked_at=at
        )


def a_day(count=60):
    """All ways of answering: nothing, a part, all; every value."""
    for number in range(count):
        yield from asked(number, ((), (number % 5 + 1,), (number % 5 + 1, number % 11), (5, 10, 1))[number % 4])


async def test_postgres_and_the_board_count_the_same(db):
    facts = list(a_day())
    await store(db, facts, range(7, len(facts), 13))
    board = reduce(evolve, facts, Board.begun())
    found = await surveys(db, EVER)
    assert found.total.asked == 60
    assert found.total.rated == 45
    assert found.total.partly == 30
    for row in found.queues:
        counted = board.ever[QueueName(row.name)]
        assert (row.asked, row.rated) == (counted.surveys_asked, counted.surveys_rated)
        for name in ("satisfaction_rated", "satisfaction_top", "nps_rated", "nps_promoters", "nps_detractors"):
            assert getattr(row, name) == getattr(counted, name)
    assert sum(row.asked for row in found.agents) == 60


async def test_what_is_asked_for_by_queue_agent_survey_and_time(db):
    await store(db, list(a_day()))
    assert (await surveys(db, SurveysWanted(since=0, until=1 << 50, queue="sales"))).total.asked == 30
    assert [row.name for row in (await surveys(db, SurveysWanted(since=0, until=1 << 50, agent="1002"))).agents] == [
        "1002"
    ]
    assert (await surveys(db, SurveysWanted(since=START, until=START + 10_000))).total.asked == 10
    none = await surveys(db, SurveysWanted(since=0, until=1 << 50, survey="another"))
    assert (none.total.asked, none.queues, none.agents) == (0, [], [])


async def test_made_anew_from_the_facts_it_is_the_same(db):
    await store(db, [*a_day(), *asked(1, (5, 10, 1))])
    before = await surveys(db, EVER)
    assert before.total.asked == 60, "a survey that is told again is one"
    await rebuild(db)
    assert await surveys(db, EVER) == before
