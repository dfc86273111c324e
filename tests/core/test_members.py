"""Who answers in the fallback: those who take calls, where they sit, in the queues that their skills are enough for."""

from __future__ import annotations

import pytest

from ccplane.agents.facts import Intent, Phone, Seat
from ccplane.contacts.verbs import Gather, Play, TakeMessage
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.members import EVERYBODY, Member, members, numbers
from ccplane.ids import ProgramName
from ccplane.routing.rules import Number, Rules
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, doing, offline, paused, ready


def who(floor, queue):
    return {(each.agent, each.interface) for each in members(floor.state) if each.queue == queue}


def test_given_agents_then_those_who_take_calls_are_members_and_no_others():
    floor = a_floor(agents=[ready("ana"), paused("ben"), offline("cem")])
    assert who(floor, SUPPORT) == who(floor, EVERYBODY) == {("ana", "PJSIP/ana")}


def test_given_a_queue_that_relaxes_then_its_last_step_says_who_is_a_member():
    queues = [a_queue(steps=((10, 7), (None, 3))), a_queue(SALES)]
    floor = a_floor(agents=[ready("ana", support=3), ready("ben", support=2, sales=1)], queues=queues)
    assert who(floor, SUPPORT) == {("ana", "PJSIP/ana")}
    assert who(floor, SALES) == {("ben", "PJSIP/ben")}
    assert {agent for agent, _ in who(floor, EVERYBODY)} == {"ana", "ben"}


def test_given_an_agent_who_talks_or_whose_phone_is_gone_then_they_are_a_member_all_the_same():
    """app_queue sees by itself which phones are in use or away."""
    floor = a_floor(agents=[ready("ana")])
    before = members(floor.state)
    floor.talks()
    assert members(floor.state) == before
    floor.take(i.PhoneSeen("ana", Phone.GONE))
    assert members(floor.state) == before


@pytest.mark.parametrize(("seat", "web"), [("2001", False), ("ana", True)])
def test_given_an_agent_at_another_phone_then_that_one_is_rung(seat, web):
    people = [offline("ana")]
    floor = a_floor(agents=people)
    floor.take(i.PeopleRead(tuple(each.profile for each in people), (Seat(id="2001", shared=True),)))
    floor.take(i.IntentAsked(agent="ana", intent=Intent.READY, by="api", seat=seat, web=web))
    assert who(floor, SUPPORT) == {("ana", f"PJSIP/{seat}{'-web' if web else ''}")}


def test_given_an_always_on_seat_then_its_desk_phone_is_a_member_which_rings_once_the_guard_has_hung_up_its_line():
    people = [offline("ana")]
    floor = a_floor(agents=people)
    floor.take(i.PeopleRead(tuple(each.profile for each in people), (Seat(id="ana", always_on=True),)))
    floor.take(i.IntentAsked(agent="ana", intent=Intent.READY, by="api"))
    assert floor.state.agents["ana"].always_on
    assert who(floor, SUPPORT) == {("ana", "PJSIP/ana")}


def test_given_members_then_they_have_an_order_of_their_own():
    one, other = Member(SALES, "PJSIP/ana", "ana"), Member(SUPPORT, "PJSIP/ana", "ana")
    assert sorted([other, one]) == [one, other]


def test_given_numbers_then_each_has_the_queue_that_its_file_names_or_everybody():
    def number(dialled, **more):
        return Number(number=dialled, program=ProgramName("p"), **more)

    listed = [number("4001"), number("4002", queue=SUPPORT), number("*45")]
    listed += [number("4003", fallback=SALES), number("4004", queue=SUPPORT, fallback=SALES)]
    rules = Rules(queues={}, numbers={each.number: each for each in listed}, default_program=ProgramName("p"))
    assert numbers(rules) == {"4001": EVERYBODY, "4002": SUPPORT, "4003": SALES, "4004": SALES}


# ----------------------------------------------------------------------------- what the switch is told of callers


def told(floor):
    return [(each.queue, each.since_s) for each in floor.commands if isinstance(each, do.TellQueue)]


def test_given_a_caller_who_waits_then_the_switch_is_told_where_and_since_when_after_what_rings_a_phone():
    floor = a_floor(agents=[ready("ana")])
    decision = floor.waits(at=40)
    assert told(floor) == [(SUPPORT, 40)]
    ring = next(at for at, each in enumerate(decision.commands) if isinstance(each, do.RingAgent))
    assert ring < next(at for at, each in enumerate(decision.commands) if isinstance(each, do.TellQueue))


def test_given_a_caller_whose_agent_answers_then_it_is_taken_back():
    floor = a_floor(agents=[ready("ana")])
    floor.talks()
    assert [queue for queue, _ in told(floor)] == [SUPPORT, ""]


def test_given_a_caller_who_leaves_then_nothing_is_said_of_them_any_more():
    floor = a_floor(agents=[paused("ana")])
    floor.waits()
    floor.leaves("x")
    assert [queue for queue, _ in told(floor)] == [SUPPORT]


def test_given_a_gap_then_it_is_told_again():
    floor = a_floor(agents=[paused("ana")])
    floor.waits(at=7)
    floor.is_up("x")
    floor.survey(after_gap=True, at=60)
    assert told(floor) == [(SUPPORT, 7), (SUPPORT, 7)]


def test_given_a_caller_who_left_the_queue_as_the_connection_ended_then_it_is_taken_back_after_the_gap():
    floor = a_floor(agents=[paused("ana")], queues=[a_queue(max_wait=30)])
    floor.waits()
    floor.tick(at=30)
    assert floor.contact("x").waiting is None
    said = len(told(floor))
    floor.drops(at=30)
    floor.survey(after_gap=True, at=31, gap=1)
    assert [queue for queue, _ in told(floor)[said:]] == [""], "for it may have been lost"


def test_given_such_a_caller_who_hears_a_prompt_then_it_is_said_before_the_prompt_plays_again():
    """While one plays, the switch sets no variable of its channel, and holds up what comes behind."""
    floor = a_floor(agents=[paused("ana")], queues=[a_queue(max_wait=30)])
    floor.waits()
    floor.tick(at=30)
    floor.is_up("x")
    floor.asks("x", Play(("sound:a",)))
    floor.drops(at=31)
    decision = floor.survey(after_gap=True, at=32, gap=1)
    assert doing(decision)[:3] == ["StopSounds", "TellQueue", "WriteJournal"]
    assert doing(decision).count("TellQueue") == 1
    assert doing(decision).index("TellQueue") < doing(decision).index("PlaySounds")


@pytest.mark.parametrize("verb", [Gather(("sound:a",), 5_000), TakeMessage("sales", 60_000, 5_000)])
def test_given_a_caller_who_hears_a_prompt_or_leaves_a_message_and_was_in_no_queue_then_nothing_is_said(verb):
    floor = a_floor()
    floor.arrives(answered=True)
    floor.asks("x", verb)
    floor.drops(at=31)
    assert "TellQueue" not in doing(floor.survey(after_gap=True, at=32, gap=1))
