"""Callers who came while nobody watched: found together, and served in the order in which they came."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.contacts import facts as f
from ccplane.contacts.verbs import EnterQueue, Play
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.ids import ChannelId
from tests.core.floor import SUPPORT, a_floor, an_arrival, c, ms, paused, the


def found(floor, came, at, gap=60):
    """One survey shows them all; `came`: when (s) each channel was made, by name."""
    floor.drops()
    seen = [i.ChannelSeen(ChannelId(name), True, an_arrival(name), created_at=ms(when)) for name, when in came.items()]
    return floor.survey(after_gap=True, at=at, gap=gap, extra=seen)


def queues(floor, name, at=None):
    return the(floor.asks(name, EnterQueue(SUPPORT), at=at), f.ContactQueued)


def line(floor):
    return [each.contact for each in floor.state.lines[SUPPORT]]


def test_given_callers_found_together_then_their_programs_begin_in_the_order_in_which_they_came():
    decision = found(a_floor(), {"a": 30, "b": 10, "d": 20}, at=40)
    begun = [fact.contact for fact in decision.facts if isinstance(fact, f.ProgramStarted)]
    assert begun == [c("b"), c("d"), c("a")]


def test_given_one_found_late_then_what_they_waited_unseen_counts_and_their_program_takes_its_time():
    floor = a_floor(agents=[paused("ana")])
    found(floor, {"x": 10}, at=40)
    queued = queues(floor, "x", at=45)
    assert (queued.since, queued.place) == (15_000, None)


@pytest.mark.parametrize(("gap", "since"), [(0, 41_000), (3, 58_000)])
def test_given_one_whose_program_ran_before_memory_was_lost_then_its_time_is_no_wait(gap, since):
    """What counts is only since when it asked for nothing more, or, where that is known, since nobody watched."""
    before = a_floor()
    before.arrives(at=1)
    before.asks("x", Play(("sound:a",)))
    before.take(i.SoundsFinished(c("x"), 1, 1), at=40)
    noted = the(before.asks("x", Play(("sound:b",)), at=40), do.WriteJournal).text
    floor = a_floor(agents=[paused("ana")])
    floor.drops()
    seen = i.ChannelSeen(ChannelId("x"), True, an_arrival("x"), created_at=1_000)
    floor.survey(after_gap=True, at=60, gap=gap, extra=[seen], journals={c("x"): noted})
    assert floor.contact("x").arrived_at == (1_000 if not gap else 52_000)
    floor.asks("x", Play(("sound:b",)))
    floor.take(i.SoundsFinished(c("x"), 2, 1), at=61)
    assert queues(floor, "x").since == since


def test_given_two_found_together_when_the_later_ones_program_is_faster_then_the_earlier_one_is_still_ahead():
    floor = a_floor(agents=[paused("ana")])
    found(floor, {"first": 10, "second": 10.8}, at=40)
    queues(floor, "second", at=40.1)
    queued = queues(floor, "first", at=42)
    assert queued.since == 12_000, "the clock tells how long they have waited, not where they stand"
    assert line(floor) == [c("first"), c("second")]


def test_given_two_found_together_when_the_earlier_one_is_already_queued_then_the_later_one_is_behind():
    floor = a_floor(agents=[paused("ana")])
    found(floor, {"first": 10, "second": 10.8}, at=40)
    queues(floor, "first", at=42)
    queues(floor, "second", at=42.1)
    assert line(floor) == [c("first"), c("second")]
    floor = a_floor(agents=[paused("ana")])
    found(floor, {"first": 10, "second": 10.001}, at=40)
    queues(floor, "second", at=40.1)
    queues(floor, "first", at=40.1)
    assert line(floor) == [c("first"), c("second")]


def test_given_a_clock_of_the_switch_that_reaches_back_too_far_then_its_own_count_says_who_came_first():
    floor = a_floor(agents=[paused("ana")])
    found(floor, {"ch.10": 0.2, "ch.9": 0.1}, at=400, gap=1)
    queues(floor, "ch.10", at=401)
    queues(floor, "ch.9", at=402)
    assert line(floor) == [c("ch.9"), c("ch.10")]


def test_given_one_who_came_by_another_number_then_each_ones_own_clock_counts():
    floor = a_floor(agents=[paused("ana")])
    seen = [
        i.ChannelSeen(ChannelId("slow"), True, an_arrival("slow"), created_at=10_000),
        i.ChannelSeen(ChannelId("fast"), True, an_arrival("fast", "4009"), created_at=10_800),
    ]
    floor.drops()
    floor.survey(after_gap=True, at=40, gap=60, extra=seen)
    queues(floor, "fast", at=40.1)
    queues(floor, "slow", at=45)
    assert line(floor) == [c("fast"), c("slow")], "through a menu it takes longer, as on any day"


@pytest.mark.parametrize("name", ["before", "after"])
def test_given_one_whom_we_saw_come_then_their_place_is_their_own(name):
    floor = a_floor(agents=[paused("ana")])
    if name == "before":
        floor.waits("seen", at=5)
    found(floor, {"first": 10, "second": 10.8}, at=40)
    queues(floor, "second", at=40.1)
    queues(floor, "first", at=42)
    if name == "after":
        floor.waits("seen", at=43)
    expected = [c("first"), c("second")]
    assert line(floor) == ([c("seen"), *expected] if name == "before" else [*expected, c("seen")])


moments = st.lists(st.integers(0, 30_000), min_size=2, max_size=7)


@given(came=moments, data=st.data())
def test_whoever_came_earlier_by_the_same_number_is_ahead_whatever_their_programs_do(came, data):
    names = [f"ch.{number}" for number in range(len(came))]
    when = dict(zip(names, sorted(came), strict=True))
    floor = a_floor(agents=[paused("ana")])
    shown = data.draw(st.permutations(names))
    found(floor, {name: when[name] / 1000 for name in shown}, at=31, gap=40)
    for name in data.draw(st.permutations(names)):
        queued = queues(floor, name, at=floor.now / 1000 + data.draw(st.integers(0, 5_000)) / 1000)
        assert when[name] <= queued.since <= queued.at
        place = floor.contact(name).waiting.held_place
        assert when[name] <= place <= queued.at
    assert line(floor) == [c(name) for name in names]
