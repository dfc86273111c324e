"""Whom each strategy rings, said by hand: one floor of free agents, in which each of them has another first."""

from __future__ import annotations

from collections import Counter

import pytest

from ccplane.agents.agent import Agent
from ccplane.agents.facts import Intent, Membership, Phone, Profile
from ccplane.agents.tally import Tally
from ccplane.ids import AgentId, ContactId, NodeName, QueueName
from ccplane.routing.asking import Candidate
from ccplane.routing.engine import Engine, agent_for, put_agent, ready_for
from ccplane.routing.roster import Roster
from ccplane.routing.rules import Queue, Step
from ccplane.routing.strategies import STRATEGIES, Choice, weighted_random

SUPPORT = QueueName("support")
TODAY = 1_000_000


def an_agent(name, *, level, idle_since=50, contacts=5, busy_ms=500, offered_at=50, day=TODAY, **more):
    """Somebody who is free. `level`: of the skill that is asked for."""
    return Agent(
        profile=Profile(id=AgentId(name), name=name, skills={"support": level}, endpoint=f"PJSIP/{name}", **more),
        intent=Intent.READY,
        phone=Phone.REACHABLE,
        idle_since=idle_since,
        offered_at=offered_at,
        tally=Tally(day=day, contacts=contacts, busy_ms=busy_ms),
    )


FLOOR = (
    an_agent("1001", level=5),
    an_agent("1002", level=5, idle_since=10),
    an_agent("1003", level=9),
    an_agent("1004", level=3),
    an_agent("1005", level=5, contacts=1),
    an_agent("1006", level=5, busy_ms=100),
    an_agent("1007", level=5, offered_at=10),
    an_agent("1008", level=5, idle_since=90),
    an_agent("999", level=5),
)
"""Each is as all others but for what is said of them."""


def rung(strategy, *agents, last_agent=None):
    """Whom the engine gives the only contact that waits."""
    queue = Queue(name=SUPPORT, steps=(Step({"support": 1}),), strategy=strategy)
    engine = ready_for(Engine(), {SUPPORT: queue}, {})
    for each in agents:
        engine = put_agent(engine, None, each)
    waiting = Candidate(ContactId("c-1"), SUPPORT, 0, last_agent=last_agent, last_ms=1, node=NodeName("node"))
    pick = agent_for(engine, waiting, queue, {each.id: each for each in agents}, 100)
    return pick and pick.agent.id


@pytest.mark.parametrize(
    ("strategy", "who"),
    [
        ("longest-idle", "1002"),
        ("most-skilled", "1003"),
        ("least-skilled", "1004"),
        ("fewest-contacts", "1005"),
        ("least-occupied", "1006"),
        ("round-robin", "1007"),
        ("top-down", "999"),
    ],
)
def test_each_strategy_rings_whom_its_name_says(strategy, who):
    assert rung(strategy, *FLOOR) == who
    assert rung(strategy, *reversed(FLOOR)) == who, "whoever came first"


def test_sticky_rings_who_served_them_last_and_else_who_is_idle_for_the_longest():
    assert rung("sticky", *FLOOR, last_agent=AgentId("1008")) == "1008"
    assert rung("sticky", *FLOOR, last_agent=AgentId("2000")) == "1002"
    assert rung("sticky", *FLOOR) == "1002"


@pytest.mark.parametrize("strategy", ["fewest-contacts", "least-occupied"])
def test_work_of_yesterday_does_not_count_today(strategy):
    yesterday = an_agent("1009", level=5, contacts=99, busy_ms=9_999, day=TODAY - 1)
    assert rung(strategy, *FLOOR, yesterday) == "1009"


def test_chance_gives_an_agent_of_level_six_exactly_twice_the_draws_of_one_of_level_three():
    better, worse = an_agent("1001", level=6), an_agent("1002", level=3)
    roster = Roster().put(None, better.profile).put(None, worse.profile)
    queue = Queue(name=SUPPORT, steps=(Step({"support": 1}),), strategy="weighted-random")
    known = {each.id: each for each in (better, worse)}
    waiting = Candidate(ContactId("c-1"), SUPPORT, 0)
    choices = (Choice(0b11, waiting, queue, Engine().may_offer(), roster, known, chance) for chance in range(9 * 7))
    drawn = Counter(roster.ids[weighted_random(each)] for each in choices)
    assert drawn == {"1001": 6 * 7, "1002": 3 * 7}


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_who_has_no_room_for_a_call_is_rung_by_no_strategy(strategy):
    nobody = [an_agent("1001", level=9, idle_since=1, capacity=room) for room in ({"voice": 0, "chat": 3},)]
    assert rung(strategy, *nobody) is None
    assert rung(strategy, *nobody, an_agent("1002", level=1)) == "1002"


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_the_lowest_priority_number_is_asked_first_whatever_the_strategy(strategy):
    second = an_agent("1001", level=9, idle_since=1, contacts=0, busy_ms=0, offered_at=1,
                      queues={SUPPORT: Membership(9, 2)})  # fmt: skip
    first = an_agent("1002", level=5, queues={SUPPORT: Membership(5, 1)})
    assert rung(strategy, second, first) == "1002"
    assert rung(strategy, second) == "1001"
