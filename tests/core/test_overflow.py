"""Limits of a queue: whom it does not take, or keeps no longer, another takes over, or the program decides."""

from __future__ import annotations

from functools import reduce

import pytest

from ccplane.agents.facts import Intent, Phone
from ccplane.contacts import facts as f
from ccplane.contacts.facts import QueueOutcome
from ccplane.contacts.verbs import Closed, NoAgents, Overflowed, TimedOut
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.ids import QueueName
from ccplane.kpi.board import Board, evolve
from ccplane.kpi.counters import NOTHING
from ccplane.routing.hours import Hours, Span
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, c, doing, kinds, offline, paused, ready, the

ANYONE = QueueName("anyone")
ALL = {SUPPORT: 9, SALES: 9, ANYONE: 9}
NINE_TO_FIVE = Hours("main", tuple(Span(day * 1440 + 540, day * 1440 + 1020) for day in range(5)))
THURSDAY = 0
"""1970 began on one, at midnight UTC; so does the clock of a floor."""


def at(hour, minute=0, day=0):
    return day * 86_400 + hour * 3_600 + minute * 60


def a_centre(*queues, agents=None, **rules):
    return a_floor(agents=agents or [paused("ana", **ALL)], queues=list(queues), **rules)


def waits_in(floor, name="x"):
    contact = floor.contact(name)
    return contact.waiting.queue if contact.waiting else None


# ------------------------------------------------------------------------------------------------------- at the entry


def test_who_comes_when_so_many_wait_goes_to_the_queue_that_the_file_names():
    floor = a_centre(a_queue(SUPPORT, most_waiting=2, overflow=SALES), a_queue(SALES))
    for number, name in enumerate(["a", "b", "c"]):
        floor.waits(name, at=number)
    assert [waits_in(floor, name) for name in "abc"] == [SUPPORT, SUPPORT, SALES]
    assert floor.contact("c").waiting.queued_at == 2_000


def test_without_such_a_queue_the_program_is_told_at_once_and_the_call_is_not_taken():
    floor = a_centre(a_queue(SUPPORT, most_waiting=1))
    floor.waits("a", at=1)
    decision = floor.waits("b", at=2, in_room=False)
    assert the(decision, f.StepEnded).result == Overflowed()
    assert [the(decision, kind).queue for kind in (f.ContactQueued, f.ContactUnqueued)] == [SUPPORT, SUPPORT]
    assert the(decision, f.ContactUnqueued).outcome is QueueOutcome.OVERFLOWED, "and it is counted"
    assert not {"AnswerCaller", "StartMusic", "AddCaller"} & set(doing(decision))


def test_those_for_whom_a_phone_rings_wait_too():
    floor = a_centre(a_queue(SUPPORT, most_waiting=1), agents=[ready("ana"), paused("ben")])
    floor.waits("a", at=1)
    assert floor.rung("a")
    assert the(floor.waits("b", at=2, in_room=False), f.StepEnded).result == Overflowed()


@pytest.mark.parametrize(("agents", "taken"), [(1, 1), (2, 3)])
def test_so_many_may_wait_for_each_agent_who_could_come(agents, taken):
    people = [paused(name, **ALL) for name in ("ana", "ben")[:agents]] + [
        offline("cem", **ALL),
        paused("dia", **{SALES: 5}),
    ]
    floor = a_centre(a_queue(SUPPORT, waiting_per_agent=1.5), a_queue(SALES), agents=people)
    for name in "abcd":
        floor.waits(name, in_room=False)
    assert [waits_in(floor, name) for name in "abcd"] == [SUPPORT] * taken + [None] * (4 - taken)


def test_an_overflow_leads_on_to_the_first_queue_that_takes_them():
    floor = a_centre(
        a_queue(SUPPORT, most_waiting=1, overflow=SALES),
        a_queue(SALES, most_waiting=1, overflow=ANYONE),
        a_queue(ANYONE),
    )
    for name in "abc":
        floor.waits(name)
    assert [waits_in(floor, name) for name in "abc"] == [SUPPORT, SALES, ANYONE]
    entered = [fact.queue for fact in floor.facts if isinstance(fact, f.ContactQueued)]
    assert entered == [SUPPORT, SUPPORT, SALES, SUPPORT, ANYONE], "who is only passed was not entered"


def test_where_nobody_who_could_serve_them_is_signed_in_another_queue_takes_over():
    floor = a_centre(a_queue(SUPPORT, no_agents=SALES), a_queue(SALES), agents=[paused("ana", **{SALES: 5})])
    floor.waits("x", at=1)
    assert waits_in(floor) == SALES


def test_where_nobody_is_signed_in_there_either_the_program_decides_as_ever():
    floor = a_centre(a_queue(SUPPORT, no_agents=SALES), a_queue(SALES), agents=[offline("ana", **ALL)])
    decision = floor.waits("x", at=1, in_room=False)
    assert the(decision, f.StepEnded).result == NoAgents()


# -------------------------------------------------------------------------------------------------- while they wait


def test_who_has_waited_too_long_overflows_with_their_clock_and_is_served_there():
    floor = a_centre(
        a_queue(SUPPORT, longest_wait=60, overflow=SALES),
        a_queue(SALES),
        agents=[paused("ana", **{SUPPORT: 5}), ready("sue", **{SALES: 5})],
    )
    floor.waits("x", at=10)
    floor.tick(at=69.9)
    assert waits_in(floor) == SUPPORT
    floor.wake()
    assert floor.now == 70_000
    assert (waits_in(floor), floor.rung("x")) == (SALES, "sue")
    assert floor.contact("x").waiting.queued_at == 10_000


def test_who_has_waited_too_long_and_has_no_queue_to_go_to_is_given_back_to_the_program():
    floor = a_centre(a_queue(SUPPORT, longest_wait=60))
    floor.waits("x", at=10)
    assert the(floor.tick(at=70), f.StepEnded).result == Overflowed()


def test_an_overflow_never_takes_them_back_to_where_they_were():
    """A cycle is a fault of the site's; with one that was overlooked nobody goes round."""
    floor = a_centre(
        a_queue(SUPPORT, longest_wait=60, overflow=SALES), a_queue(SALES, longest_wait=60, overflow=SUPPORT)
    )
    floor.waits("x", at=10)
    floor.tick(at=70)
    assert waits_in(floor) == SALES
    assert the(floor.tick(at=130), f.StepEnded).result == Overflowed()


def test_while_a_phone_rings_for_them_they_stay_and_then_they_go():
    floor = a_centre(
        a_queue(SUPPORT, longest_wait=15, overflow=SALES, ring=20), a_queue(SALES),
        agents=[ready("ana", **{SUPPORT: 5}), paused("sue", **ALL)],
    )  # fmt: skip
    floor.waits("x", at=10)
    floor.tick(at=26)
    assert waits_in(floor) == SUPPORT
    floor.refuses("x", sip=486, at=27)
    assert waits_in(floor) == SALES


def test_max_wait_comes_first_where_both_are_over():
    floor = a_centre(a_queue(SUPPORT, longest_wait=60, max_wait=60, overflow=SALES), a_queue(SALES))
    floor.waits("x", at=0)
    assert the(floor.tick(at=60), f.StepEnded).result == TimedOut()


def test_where_the_last_agent_signs_out_the_room_elsewhere_goes_to_those_who_came_first_whatever_step_holds_for_them():
    steps = (*[(10, 1)] * 11, (None, 1))
    floor = a_centre(
        a_queue(SUPPORT, steps=steps, no_agents=SALES),
        a_queue(SALES, most_waiting=4),
        agents=[paused("ana", **{SUPPORT: 5}), paused("ben", **{SALES: 5})],
    )
    came = [f"x{number}" for number in range(12)]
    for number, name in enumerate(came):
        floor.tick(at=number * 10)
        floor.waits(name, at=number * 10 + 9)
    steps_now = {floor.contact(name).waiting.step for name in came}
    assert len(steps_now) > 6, "they stand in many lines"
    floor.wants("ana", Intent.OFFLINE, at=121)
    assert [waits_in(floor, name) for name in came] == [SALES] * 4 + [None] * 8


def test_who_finds_nobody_at_the_entry_has_no_stay_and_is_counted_in_no_queue():
    """Conservation (entered = outcomes + still waiting) counts stays: such a caller neither entered nor left one. Their
    program is told, and the contact itself is counted."""
    floor = a_centre(agents=[offline("ana", **ALL)])
    decision = floor.waits("a", at=1, in_room=False)
    assert the(decision, f.StepEnded).result == NoAgents()
    assert not {"ContactQueued", "ContactUnqueued"} & set(kinds(decision))
    board = reduce(evolve, floor.facts, Board.begun())
    assert board.ever.get(SUPPORT, NOTHING) == NOTHING
    assert not board.stays


def test_when_the_last_agent_signs_out_those_who_wait_go_where_the_file_says():
    floor = a_centre(
        a_queue(SUPPORT, no_agents=SALES),
        a_queue(SALES),
        agents=[paused("ana", **{SUPPORT: 5}), paused("sue", **{SALES: 5})],
    )
    floor.waits("x", at=10)
    floor.wants("ana", Intent.OFFLINE, at=20)
    waiting = floor.contact("x").waiting
    assert (waiting.queue, waiting.queued_at) == (SALES, 10_000)


# ------------------------------------------------------------------------------------------------------ closing time


def closing(at_closing, *others, **more):
    queue = a_queue(SUPPORT, hours="main", at_closing=at_closing, **more)
    return a_centre(queue, *others, hours={"main": NINE_TO_FIVE})


@pytest.mark.parametrize("at_closing", ["finish", "program"])
def test_who_comes_while_it_is_closed_is_told_so_at_once(at_closing):
    floor = closing(at_closing)
    decision = floor.waits("x", at=at(8, 59), in_room=False)
    assert the(decision, f.StepEnded).result == Closed(opens_at=at(9) * 1000)
    assert "AnswerCaller" not in doing(decision)
    floor.waits("y", at=at(9))
    assert waits_in(floor, "y") == SUPPORT


def test_at_closing_time_those_who_wait_go_on_waiting_unless_the_file_says_otherwise():
    floor = closing("finish")
    floor.waits("x", at=at(16, 59))
    floor.tick(at=at(17))
    assert waits_in(floor) == SUPPORT
    floor.wants("ana", Intent.READY, at=at(17, 1))
    assert floor.rung("x") == "ana"


def test_at_closing_time_their_programs_are_told_where_the_file_says_so():
    floor = closing("program")
    floor.waits("x", at=at(16, 59))
    assert floor.state.wake_at == at(17) * 1000, "by a deadline"
    decision = floor.wake()
    assert the(decision, f.StepEnded).result == Closed(opens_at=at(24 + 9) * 1000)
    assert the(decision, f.ContactUnqueued).outcome is QueueOutcome.CLOSED


def test_at_closing_time_the_night_queue_takes_them_over_and_whoever_comes_later():
    floor = closing(SALES, a_queue(SALES))
    floor.waits("x", at=at(16, 59))
    floor.wake()
    floor.waits("y", at=at(22))
    assert [(waits_in(floor, name)) for name in "xy"] == [SALES, SALES]
    assert floor.contact("x").waiting.queued_at == at(16, 59) * 1000


def test_who_is_rung_for_at_closing_time_may_still_be_answered():
    floor = closing("program")
    floor.waits("x", at=at(16, 59))
    floor.wants("ana", Intent.READY, at=at(16, 59) + 50)
    floor.tick(at=at(17) + 5)
    assert floor.rung("x") == "ana"
    floor.picks_up("x")
    assert "TalkStarted" in kinds(floor.joins("x"))


def test_a_reload_that_closes_the_queue_reaches_those_who_wait_in_it():
    floor = closing("program")
    floor.waits("x", at=at(10))
    early = Hours("main", (Span(3 * 1440, 3 * 1440 + 60),))
    queue = a_queue(SUPPORT, hours="main", at_closing="program")
    decision = floor.reads("site-2", queue, at=at(11), hours={"main": early})
    assert the(decision, f.StepEnded).result == Closed(opens_at=at(0, day=7) * 1000)


def test_a_reload_with_other_hours_moves_the_closing_time_of_those_who_wait():
    floor = closing("program")
    floor.waits("x", at=at(10))
    later = Hours("main", (Span(3 * 1440 + 660, 3 * 1440 + 1200),))
    queue = a_queue(SUPPORT, hours="main", at_closing="program")
    floor.reads("site-2", queue, at=at(11), hours={"main": later})
    assert waits_in(floor) == SUPPORT, "they came before it opens by these hours; now it is open"
    assert floor.state.wake_at == at(20) * 1000


def test_a_closed_queue_is_passed_on_the_way():
    floor = a_centre(
        a_queue(SUPPORT, most_waiting=1, overflow=SALES),
        a_queue(SALES, hours="main", at_closing=ANYONE),
        a_queue(ANYONE),
        hours={"main": NINE_TO_FIVE},
    )
    floor.waits("a", at=1)
    floor.waits("b", at=2)
    assert waits_in(floor, "b") == ANYONE


def test_who_goes_straight_to_another_queue_hears_its_music_alone():
    floor = a_centre(a_queue(SUPPORT, most_waiting=1, overflow=SALES), a_queue(SALES))
    floor.waits("a")
    assert the(floor.waits("b", in_room=False), do.StartMusic).music == "sales-music"


def test_who_waits_again_as_their_agents_phone_has_vanished_keeps_that_place_where_they_overflow_to():
    floor = a_centre(a_queue(SUPPORT, longest_wait=30, overflow=SALES), a_queue(SALES))
    floor.phone("ana-web", Phone.REACHABLE)
    floor.waits("x", at=10)
    floor.waits("later", at=12)
    floor.take(i.IntentAsked(agent="ana", intent=Intent.READY, by="ana", seat="ana", web=True))
    floor.picks_up("x", at=13)
    floor.joins("x")
    floor.phone("ana-web", Phone.GONE, at=20)
    while waits_in(floor) != SALES or waits_in(floor, "later") != SALES:
        floor.wake()
    assert floor.contact("x").waiting.held_place == 10_000
    assert [each.contact for each in floor.state.lines[SALES]] == [c("x"), c("later")]
