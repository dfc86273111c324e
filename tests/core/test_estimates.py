"""Estimated wait and position on a floor: who comes before whom, and whose agents they share."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.agents.facts import Intent
from ccplane.contacts import facts as f
from ccplane.core import checkpoint
from ccplane.core.estimates import by_rates_ms, expected, for_newcomers
from ccplane.routing.estimate import SETTLING_MS, Pace
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, c, ms, ready

LATER = 2 * SETTLING_MS / 1000 + 1
"""When everybody who came is settled."""
MEASURED = Pace().answered(4_000).talked(56_000).waited(10_000, gave_up=False)
"""A minute for each contact, ring included."""


def settled(*, measured=(SUPPORT,), **given):
    floor = a_floor(**given)
    floor.tick(LATER)
    for queue in measured:
        floor.state = _with_pace(floor.state, queue)
    return floor


def _with_pace(state, queue):
    kept = checkpoint.decode(checkpoint.encode(state))  # the one way in from outside, which shows that it is kept
    assert kept.paces == state.paces
    return replace(state, paces=state.paces.set(queue, MEASURED))


def waits(floor, name, queue=SUPPORT, credit=0):
    floor.waits(name, queue, credit=credit)


def estimate(floor, queue=SUPPORT):
    return for_newcomers(floor.state, floor.now)[queue]


def queued(floor, name):
    return next(each for each in floor.facts if isinstance(each, f.ContactQueued) and each.contact == c(name))


def test_while_somebody_is_free_it_is_the_ring():
    assert estimate(settled(agents=[ready("ana")])) == 4_000


def test_where_nothing_was_measured_nobody_can_tell():
    assert estimate(settled(agents=[ready("ana")], measured=())) is None


def test_where_nobody_works_nobody_can_tell():
    floor = settled(agents=[ready("ana")])
    floor.wants("ana", Intent.PAUSED)
    assert estimate(floor) is None


def test_each_who_comes_before_costs_a_contact_of_one_of_the_agents():
    floor = settled(agents=[ready("ana"), ready("ben")])
    for name in ("a", "b"):
        waits(floor, name)
    assert estimate(floor) == 30_000 + 4_000
    waits(floor, "x")
    assert estimate(floor) == 2 * 30_000 + 4_000


def test_what_was_thought_at_entry_is_told_with_the_entry():
    floor = settled(agents=[ready("ana")])
    for name in ("a", "b", "x"):
        waits(floor, name)
    assert [queued(floor, name).estimate_ms for name in ("a", "b", "x")] == [4_000, 64_000, 124_000]


def test_who_waits_is_told_their_position_and_the_rest_of_their_wait():
    floor = settled(agents=[ready("ana")])
    for name in ("a", "b", "x"):
        waits(floor, name)
    told = [expected(floor.state, floor.contact(name)) for name in ("b", "x")]
    assert [(each.position, each.wait_ms) for each in told] == [(1, 64_000), (2, 124_000)]
    assert expected(floor.state, floor.contact("a")).position == 1  # it rings for them


def test_priority_comes_before_those_who_came_before():
    floor = settled(agents=[ready("ana")])
    for name in ("a", "b"):
        waits(floor, name)
    waits(floor, "vip", credit=600)
    assert queued(floor, "vip").estimate_ms == 64_000
    assert expected(floor.state, floor.contact("b")).position == 2


BOTH = {SUPPORT: 5, SALES: 5}
TWO = [a_queue(SUPPORT), a_queue(SALES)]


def test_two_queues_of_the_same_agents_are_one_line():
    floor = settled(agents=[ready("ana", **BOTH)], queues=TWO, measured=(SUPPORT, SALES))
    waits(floor, "a", SUPPORT)
    waits(floor, "b", SUPPORT)
    assert estimate(floor, SALES) == 2 * 60_000 + 4_000


def test_two_queues_of_different_agents_are_nothing_to_each_other():
    agents = [ready("ana"), ready("ben", **{SALES: 5})]
    floor = settled(agents=agents, queues=TWO, measured=(SUPPORT, SALES))
    for name in ("a", "b", "x"):
        waits(floor, name, SUPPORT)
    assert for_newcomers(floor.state, floor.now) == {SUPPORT: 3 * 60_000 + 4_000, SALES: 4_000}


def test_right_after_agents_came_or_went_the_first_in_the_line_tells():
    floor = settled(agents=[ready("ana"), ready("ben")])
    for name in ("a", "b", "x"):
        waits(floor, name)
    for name in ("a", "b"):
        floor.picks_up(name)
        floor.joins(name)
    floor.state = _with_pace(floor.state, SUPPORT)
    floor.tick(LATER + 10)
    assert estimate(floor) == 2 * 30_000 + 4_000
    floor.wants("ben", Intent.PAUSED)
    assert estimate(floor) == 10_000
    assert by_rates_ms(floor.state, SUPPORT, floor.now) == 2 * 60_000 + 4_000
    floor.tick(LATER + 10 + LATER)
    assert estimate(floor) == pytest.approx(2 * 60_000 + 4_000)


def test_talks_wrap_ups_rings_and_waits_are_measured():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(wrap_up=30)])
    waits(floor, "x")
    floor.picks_up("x", at=3)
    floor.joins("x", at=4)
    floor.agent_hangs_up("x", at=64)
    floor.wake()
    pace = floor.state.paces[SUPPORT]
    assert (pace.ring, pace.talks, pace.busy_ms) == (4_000, 1, ms(60 + 30))
    assert (pace.waits, pace.waited_ms, pace.abandoned) == (1, ms(4), 0)


def test_who_gives_up_is_measured():
    floor = a_floor(agents=[ready("ana")])
    waits(floor, "a")
    waits(floor, "x")
    floor.leaves("x", at=50)
    assert floor.state.paces[SUPPORT].giving_up == pytest.approx(1 / 50_000)
