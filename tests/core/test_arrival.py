"""A caller comes, and their program begins; keys; the way into a queue."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.agents.facts import Intent
from ccplane.contacts import facts as f
from ccplane.contacts.contact import Phase
from ccplane.contacts.facts import Direction
from ccplane.contacts.verbs import Answer, EnterQueue, Gather, NoAgents, Play, Pressed
from ccplane.core import commands as do
from ccplane.core import inputs as i
from tests.core.floor import (
    SALES,
    SUPPORT,
    a_floor,
    a_queue,
    an_arrival,
    c,
    doing,
    kinds,
    offline,
    paused,
    ready,
    the,
    unknown,
)


def test_given_a_listed_number_when_a_caller_arrives_then_a_contact_begins_with_its_room_and_its_program():
    floor = a_floor()
    decision = floor.arrives("x", at=3)
    assert kinds(decision) == ["ContactArrived", "ProgramStarted"]
    assert doing(decision) == ["OpenRoom"]
    arrived = the(decision, f.ContactArrived)
    assert (arrived.at, arrived.language, arrived.attribution, arrived.site) == (3_000, "zh-CN", "radio", "site-1")
    assert the(decision, f.ProgramStarted).program == "straight"


def test_given_a_number_nobody_listed_when_a_caller_arrives_then_the_default_program_takes_it():
    decision = a_floor(language="zh-CN").arrives(number="999")
    assert the(decision, f.ProgramStarted).program == "front_door"
    assert the(decision, f.ContactArrived).language == "zh-CN", "in the site's language"


def test_given_a_call_that_is_up_already_when_it_arrives_then_it_is_answered():
    assert kinds(a_floor().arrives(answered=True)) == ["ContactArrived", "CallerAnswered", "ProgramStarted"]


@pytest.mark.parametrize(
    ("number", "device", "direction"),
    [
        ("*45", "1001", Direction.INTERNAL),
        ("4002", "1001", Direction.INBOUND),
        ("4002", None, Direction.INBOUND),
        ("*45", None, Direction.INBOUND),
    ],
)
def test_given_a_phone_of_ours_when_it_dials_a_feature_code_then_that_is_no_call_from_outside(
    number, device, direction
):
    floor = a_floor()
    floor.take(replace(an_arrival("x", number), device=device))
    assert (floor.contact("x").device, floor.contact("x").direction) == (device, direction)
    assert floor.replayed() == floor.state


def test_given_a_live_contact_when_it_is_said_to_arrive_again_then_nothing_happens():
    floor = a_floor()
    floor.arrives("x")
    assert not floor.arrives("x").facts


def test_given_a_contact_that_ended_when_a_late_event_tells_of_its_arrival_then_it_does_not_come_back():
    floor = a_floor()
    floor.arrives("x")
    floor.leaves("x")
    assert not floor.arrives("x").facts


def test_given_a_program_that_plays_when_the_call_was_not_taken_yet_then_it_is_taken_first():
    floor = a_floor()
    floor.arrives()
    assert doing(floor.asks("x", Play(("sound:a",)))) == ["WriteJournal", "AnswerCaller", "PlaySounds"]


def test_given_a_call_that_is_up_when_the_switch_says_so_twice_then_only_the_first_counts():
    floor = a_floor()
    floor.arrives()
    floor.asks("x", Answer())
    assert kinds(floor.take(i.CallerUp(c("x")))) == ["CallerAnswered", "StepEnded"]
    assert not floor.take(i.CallerUp(c("x"))).facts


def test_given_a_call_that_is_not_taken_by_the_switch_when_the_deadline_passes_then_the_program_is_told():
    floor = a_floor()
    floor.arrives()
    floor.asks("x", Answer())
    assert kinds(floor.wake()) == ["StepEnded"]
    assert floor.now == 5_000


def test_given_a_menu_when_a_key_is_pressed_then_the_sounds_stop_and_the_key_is_the_result():
    floor = a_floor()
    floor.arrives()
    playback = the(floor.asks("x", Gather(("sound:a",), 5_000)), do.PlaySounds).playback
    decision = floor.take(i.KeyPressed(c("x"), "2"))
    assert the(decision, do.StopSounds).playback == playback
    assert the(decision, f.StepEnded).result == Pressed("2")


def test_given_a_menu_when_the_end_of_an_earlier_playback_comes_late_then_it_is_not_taken_for_this_ones():
    floor = a_floor()
    floor.arrives()
    floor.asks("x", Play(("sound:a",)))
    floor.take(i.SoundsFinished(c("x"), 1, 1))
    floor.asks("x", Gather(("sound:b",), 5_000))
    assert not floor.take(i.SoundsFinished(c("x"), 1, 1)).facts
    assert kinds(floor.take(i.SoundsFinished(c("x"), 2, 1))) == ["SoundsEnded"]


def test_given_a_sound_of_an_earlier_try_when_it_begins_late_then_it_is_stopped_past_what_waits_behind_it():
    floor = a_floor()
    floor.arrives()
    late = the(floor.asks("x", Gather(("sound:a",), 5_000)), do.PlaySounds).playback
    floor.take(i.KeyPressed(c("x"), "2"))
    floor.asks("x", EnterQueue("support"))
    assert the(floor.take(i.SoundsStarted(c("x"), 1, 1)), do.StopSounds) == do.StopSounds(c("x"), late, late=True)


def test_given_the_sounds_that_are_asked_for_when_they_begin_then_they_go_on():
    floor = a_floor()
    floor.arrives()
    floor.asks("x", Gather(("sound:a",), 5_000))
    assert not floor.take(i.SoundsStarted(c("x"), 1, 1)).commands


def test_given_a_free_agent_when_a_contact_enters_the_queue_then_it_hears_music_and_they_ring():
    floor = a_floor(agents=[ready("ana")])
    decision = floor.waits(in_room=False)
    assert kinds(decision) == ["StepStarted", "ContactQueued", "OfferMade"]
    assert doing(decision) == ["WriteJournal", "AnswerCaller", "AddCaller", "StartMusic", "RingAgent", "TellQueue"]
    assert the(decision, do.StartMusic).music == "support-music"


def test_given_nobody_signed_in_when_a_contact_enters_the_queue_then_the_program_decides():
    floor = a_floor(agents=[offline("ana")])
    decision = floor.waits(in_room=False)
    assert the(decision, f.StepEnded).result == NoAgents()
    assert "ContactQueued" not in kinds(decision)
    assert "StartMusic" not in doing(decision)


def test_given_only_agents_without_the_skill_when_a_contact_enters_the_queue_then_the_program_decides():
    floor = a_floor(
        agents=[ready("ana", **{SALES: 9}), ready("ben", **{SUPPORT: 2})], queues=[a_queue(steps=((None, 3),))]
    )
    assert the(floor.waits(in_room=False), f.StepEnded).result == NoAgents()


def test_given_an_agent_who_meets_only_a_later_step_when_a_contact_enters_the_queue_then_it_waits_for_them():
    floor = a_floor(agents=[ready("ana", **{SUPPORT: 2})], queues=[a_queue(steps=((10, 7), (None, 1)))])
    assert kinds(floor.waits(in_room=False)) == ["StepStarted", "ContactQueued"]


def test_given_only_a_paused_agent_when_a_contact_enters_the_queue_then_it_waits():
    floor = a_floor(agents=[paused("ana")])
    floor.waits()
    assert floor.contact("x").phase is Phase.WAITING


def test_given_a_queue_that_is_no_more_when_a_program_asks_for_it_then_the_program_decides():
    floor = a_floor(agents=[ready("ana")])
    floor.arrives()
    assert the(floor.asks("x", EnterQueue("nowhere")), f.StepEnded).result == NoAgents()


def test_given_two_callers_when_they_enter_the_queue_then_they_stand_in_the_order_they_came():
    floor = a_floor(agents=[paused("ana")])
    floor.waits("late", at=9)
    floor.waits("later", at=10)
    assert [each.contact for each in floor.state.lines[SUPPORT]] == [c("late"), c("later")]


def test_given_nothing_we_know_when_events_tell_of_it_then_nothing_happens():
    floor = a_floor(agents=[ready("ana")])
    for what in (
        i.CallerUp(unknown()),
        i.CallerGone(unknown(), 16),
        i.KeyPressed(unknown(), "1"),
        i.SoundsFinished(unknown(), 1, 1),
        i.EnteredRoom(unknown(), "channel"),
        i.LegRinging("o-c-ast1-nobody-1-1"),
        i.LegEnded("o-c-ast1-nobody-1-1", "l-c-ast1-nobody-1-1-1"),
        i.VerbAsked(unknown(), 1, Answer()),
        i.ProgramReturned(unknown()),
        i.ProgramRaised(unknown(), "", ""),
        i.IntentAsked(agent="nobody", intent=Intent.READY, by="x"),
        i.WrapUpEnded("nobody"),
        i.PhoneSeen("nobody", "gone"),
        i.Tick(),
    ):
        decision = floor.take(what)
        assert (decision.facts, decision.commands) == ((), ())
