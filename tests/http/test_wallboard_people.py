"""Whom a board shows that shows not all, and when a screen is told to ask again."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.agents.facts import Membership
from ccplane.core import inputs
from ccplane.http.wallboard_people import People, shown
from tests.kpi.histories import AGENTS, QUEUES, History

SALES, SUPPORT = QUEUES
ANA, BEN, CEM, DOM = AGENTS


def edited(history: History, agent: str, **change: object) -> None:
    profile = history.state.agents[agent].profile
    history.give(inputs.AgentEditAsked(profile=replace(profile, **change), by="test"))


@pytest.fixture
def history() -> History:
    """Ana sells, Ben supports, Cem and Dom do both; Ana and Cem are of the north."""
    history = History()
    for agent in (ANA, CEM):
        edited(history, agent, team="north")
    return history


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ({}, AGENTS),
        ({"teams": {"north"}}, (ANA, CEM)),
        ({"teams": {"north", "south"}, "skills": {"support"}}, (CEM,)),
        ({"skills": {"sales", "support"}}, AGENTS),
        ({"serving": {"sales"}}, (ANA, CEM, DOM)),
        ({"teams": {"south"}}, ()),
        ({"serving": {"no such queue"}}, ()),
    ],
)
def test_they_fit_all_that_is_asked_and_of_each_list_one_thing(history, asked, there):
    lists = {"teams": (), "skills": (), "serving": ()} | asked
    assert shown(history.state, **lists) == tuple(there)


def test_who_only_serves_some_queues_is_not_of_the_others(history):
    edited(history, DOM, queues={SUPPORT: Membership()})
    assert shown(history.state, (), (), {SALES}) == (ANA, CEM)
    assert shown(history.state, (), (), {SUPPORT}) == (BEN, CEM, DOM)


def test_the_word_is_another_when_a_team_is_and_the_same_whatever_agents_do_and_after_a_restart(history):
    people = People()
    word = people.word(history.state)
    history.sign_in(ANA)
    history.answer(history.call("sales"))
    assert people.word(history.state) == word
    edited(history, BEN, team="north")
    other = people.word(history.state)
    assert other != word
    assert People().word(history.state) == other
    edited(history, BEN, team="")
    assert people.word(history.state) == word


async def test_the_api_says_whom_and_the_wallboard_until_when(site, admin):
    edited(site.plane.history, CEM, team="north")
    answer = (await admin.get("/api/v1/wallboard/agents?teams=north,%20south&serving=sales")).json()
    assert answer["agents"] == [CEM]
    assert answer["people"] == (await admin.get("/api/v1/wallboard")).json()["people"]


async def test_strangers_are_told_of_nobody(stranger):
    assert (await stranger.get("/api/v1/wallboard/agents")).status_code == 401
