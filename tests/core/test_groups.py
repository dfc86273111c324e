"""Further groups of agents serve a queue while it does badly: at once for those who wait, and no longer than that."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.agents.facts import Intent
from ccplane.contacts.verbs import NoAgents
from ccplane.core import checkpoint
from ccplane.core.evolve import evolve
from ccplane.errors import IllegalMove
from ccplane.ids import AgentId
from ccplane.routing.estimate import Pace
from ccplane.routing.groups import GroupClosed, GroupOpened
from ccplane.routing.rules import Group, Measure, Step
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, kinds, ms, paused, ready, the

BACK_OFFICE = Group(
    name="back-office",
    step=Step({SALES: 1}),
    opens={Measure.LONGEST_WAIT: 60_000},
    closes={Measure.LONGEST_WAIT: 20_000},
    after_ms=120_000,
)


def a_centre(*agents, group=BACK_OFFICE, **more):
    people = agents or (paused("ana", **{SUPPORT: 5}), ready("sue", **{SALES: 5}))
    return a_floor(agents=list(people), queues=[a_queue(SUPPORT, groups=(group,), **more), a_queue(SALES)])


def is_open(floor):
    return floor.state.groups[SUPPORT, "back-office"].open


def test_it_opens_when_somebody_has_waited_too_long_and_they_are_offered_at_once():
    floor = a_centre()
    floor.waits("x", at=10)
    assert floor.rung("x") is None
    assert floor.state.wake_at == 70_000, "by a deadline"
    decision = floor.wake()
    opened = the(decision, GroupOpened)
    assert (opened.queue, opened.group, opened.measure, opened.value) == (
        SUPPORT,
        "back-office",
        "longest-wait",
        60_000,
    )
    assert floor.rung("x") == "sue"


def test_it_closes_again_once_waits_have_been_short_for_a_while():
    floor = a_centre()
    floor.waits("x", at=10)
    floor.tick(at=70)
    floor.picks_up("x", at=75)
    floor.joins("x", at=75)
    assert is_open(floor)
    floor.tick(at=194)
    assert is_open(floor)
    closed = the(floor.tick(at=195), GroupClosed)
    assert (closed.measure, closed.value) == ("longest-wait", 0)
    floor.agent_hangs_up("x", at=196)
    floor.waits("y", at=200)
    assert floor.rung("y") is None, "whose skills would do only while the group is open"


def test_those_of_the_queue_itself_are_asked_first():
    floor = a_centre(paused("ana", **{SUPPORT: 5}), ready("sue", **{SALES: 5}), paused("tom", **{SALES: 5}))
    floor.waits("x", at=10)
    floor.waits("y", at=11)
    floor.tick(at=70)
    assert floor.rung("x") == "sue"
    floor.wants("tom", Intent.READY, at=80)
    assert floor.rung("y") == "tom"
    floor.wants("ana", Intent.READY, at=90)
    floor.refuses("x", sip=603, at=91)
    assert floor.rung("x") == "ana", "longer idle or not"


def test_an_agent_who_becomes_free_while_it_is_open_gets_who_waits_there():
    floor = a_centre(paused("ana", **{SUPPORT: 5}), paused("sue", **{SALES: 5}))
    floor.waits("x", at=10)
    floor.tick(at=70)
    floor.wants("sue", Intent.READY, at=80)
    assert floor.rung("x") == "sue"


def test_who_is_rung_or_talks_when_it_closes_is_not_disturbed():
    floor = a_centre()
    floor.waits("x", at=10)
    floor.tick(at=70)
    floor.picks_up("x", at=75)
    floor.joins("x", at=75)
    floor.tick(at=195)
    assert not is_open(floor)
    assert floor.contact("x").talk.agent == "sue"


def test_a_group_may_be_certain_agents():
    group = Group(
        name="back-office", step=Step(agents=(AgentId("tom"),)), opens={Measure.LONGEST_WAIT: 60_000},
        closes={Measure.LONGEST_WAIT: 20_000},
    )  # fmt: skip
    floor = a_centre(paused("ana", **{SUPPORT: 5}), ready("sue", **{SALES: 5}), ready("tom", **{SALES: 5}), group=group)
    floor.waits("x", at=10)
    floor.tick(at=70)
    assert floor.rung("x") == "tom"


def test_it_opens_by_a_service_level_that_is_missed():
    group = Group(
        name="back-office", step=Step({SALES: 1}), opens={Measure.SERVICE_LEVEL: 0.6},
        closes={Measure.SERVICE_LEVEL: 0.8}, after_ms=60_000,
    )  # fmt: skip
    floor = a_centre(group=group)
    floor.waits("x", at=10)
    opened = the(floor.wake(), GroupOpened)
    assert floor.now == 30_001, "who waits longer than 20 s was not answered within them"
    assert (opened.measure, opened.value) == ("service-level", 0.0)
    assert floor.rung("x") == "sue"


def test_while_the_switch_is_not_watched_nothing_opens_and_then_it_does():
    floor = a_centre()
    floor.waits("x", at=10)
    floor.drops(at=20)
    floor.tick(at=100)
    assert not is_open(floor)
    floor.survey(after_gap=True, at=110, gap=90)
    assert is_open(floor)
    assert floor.rung("x") == "sue"


def test_a_reload_keeps_it_open_if_it_is_still_there_and_takes_it_away_if_not():
    floor = a_centre(paused("ana", **{SUPPORT: 5}), paused("sue", **{SALES: 5}))
    floor.waits("x", at=10)
    floor.tick(at=70)
    floor.reads("site-2", a_queue(SUPPORT, groups=(BACK_OFFICE,), ring=9), a_queue(SALES), at=80)
    assert is_open(floor)
    floor.reads("site-3", a_queue(SUPPORT), a_queue(SALES), at=90)
    assert not floor.state.groups
    floor.wants("sue", Intent.READY, at=91)
    assert floor.rung("x") is None


def test_after_a_restart_it_is_as_it_was():
    floor = a_centre(paused("ana", **{SUPPORT: 5}), paused("sue", **{SALES: 5}))
    floor.waits("x", at=10)
    floor.tick(at=70)
    again = checkpoint.decode(checkpoint.encode(floor.state))
    assert again.groups == floor.state.groups
    assert [step.also for step in again.rules.queues[SUPPORT].steps] == [(BACK_OFFICE.step,)]


def test_what_is_open_cannot_open_again():
    floor = a_centre()
    floor.waits("x", at=10)
    fact = the(floor.tick(at=70), GroupOpened)
    with pytest.raises(IllegalMove):
        evolve(floor.state, fact)


def test_its_clock_is_not_reset_for_those_who_wait():
    floor = a_centre()
    floor.waits("x", at=10)
    floor.tick(at=70)
    assert floor.contact("x").waiting.queued_at == 10_000
    assert floor.contact("x").waiting.held_place == 10_000


BY_ESTIMATE = Group(
    name="back-office",
    step=Step({SALES: 1}),
    opens={Measure.ESTIMATED_WAIT: 240_000},
    closes={Measure.ESTIMATED_WAIT: 60_000},
    after_ms=30_000,
)


def test_it_opens_by_the_wait_that_is_estimated_for_who_comes_next_and_closes_when_that_is_short_again():
    floor = a_centre(ready("ana", **{SUPPORT: 5}), paused("sue", **{SALES: 5}), group=BY_ESTIMATE)
    floor.talks("first", at=10)
    floor.agent_hangs_up("first", at=110)
    assert not is_open(floor), "it took 100 s, and nobody waits"
    floor.talks("x", at=700)
    floor.waits("y", at=701)
    assert not is_open(floor), "who comes now waits for two talks"
    opened = the(floor.waits("z", at=702, in_room=False), GroupOpened)
    assert opened.measure == "estimated-wait"
    assert opened.value >= 240_000
    floor.wants("sue", Intent.READY, at=710)
    assert floor.rung("y") == "sue"
    floor.leaves("z", at=720)
    floor.picks_up("y", at=720)
    floor.joins("y", at=720)
    floor.agent_hangs_up("y", at=730)
    floor.agent_hangs_up("x", at=731)
    assert is_open(floor)
    floor.tick(at=790)
    assert not is_open(floor)


def test_it_opens_at_once_when_the_last_free_agent_is_taken_and_the_next_would_wait_too_long():
    """In the same decision: nothing is left to be done at this very moment."""
    group = replace(
        BACK_OFFICE, opens={Measure.ESTIMATED_WAIT: 60_000}, closes={Measure.ESTIMATED_WAIT: 20_000}, after_ms=30_000
    )
    floor = a_centre(ready("ana", **{SUPPORT: 5, SALES: 5}), ready("sue", since=1, **{SALES: 5}), group=group)
    floor.state = replace(floor.state, paces=floor.state.paces.set(SUPPORT, Pace().answered(1_000).talked(90_000)))
    decision = floor.waits("x", SALES, at=700, in_room=False)
    assert floor.rung("x") == "ana"
    assert the(decision, GroupOpened).measure == "estimated-wait"
    assert decision.wake_at > floor.now


def test_who_waits_for_nobody_else_is_told_so_when_it_closes():
    group = Group(
        name="back-office", step=Step({SALES: 1}), opens={Measure.ESTIMATED_WAIT: 30_000},
        closes={Measure.ESTIMATED_WAIT: 10_000}, after_ms=60_000,
    )  # fmt: skip
    floor = a_centre(ready("ana", **{SUPPORT: 5}), ready("sue", **{SALES: 5}), group=group)
    floor.state = replace(floor.state, paces=floor.state.paces.set(SUPPORT, Pace().answered(4_000).talked(56_000)))
    floor.talks("a", at=700)
    floor.waits("b", at=701)
    floor.tick(at=702)
    assert is_open(floor)
    floor.picks_up("b")
    floor.joins("b")
    floor.wants("ana", Intent.OFFLINE, at=703)
    floor.waits("x", at=704)
    floor.wants("sue", Intent.PAUSED, at=705)
    for _ in range(5):
        if floor.state.wake_at is not None:
            floor.wake()
    assert not is_open(floor)
    assert floor.contact("x").results == (NoAgents(),)


def test_given_two_groups_due_at_once_when_the_first_lets_go_who_waited_then_the_second_has_nothing_to_open_for():
    queue = a_queue(
        within_ms=ms(600),
        groups=(
            Group(
                name="one",
                step=Step(agents=(AgentId("cem"),)),
                opens={Measure.LONGEST_WAIT: ms(10)},
                closes={Measure.SERVICE_LEVEL: 0.5},
                after_ms=ms(50),
            ),
            Group(
                name="two",
                step=Step(agents=(AgentId("dia"),)),
                opens={Measure.LONGEST_WAIT: ms(60)},
                closes={Measure.LONGEST_WAIT: ms(1)},
            ),
        ),
    )
    floor = a_floor(agents=[paused("ana"), paused("cem", sales=1), paused("dia", sales=1)], queues=[queue])
    floor.waits("x", at=0)
    assert "GroupOpened" in kinds(floor.tick(at=10))
    floor.wants("ana", Intent.OFFLINE, at=11)
    assert floor.contact("x").waiting is not None, "cem could serve them"
    decision = floor.tick(at=60)
    assert kinds(decision) == ["GroupClosed", "ContactUnqueued", "StepEnded"]
    assert not floor.state.groups["support", "two"].open
