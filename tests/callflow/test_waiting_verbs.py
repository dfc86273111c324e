"""Ringing, music, messages that are kept or not, and callers who are served: what a program has beside questions."""

from __future__ import annotations

import pytest

from ccplane.contacts import facts as f
from ccplane.contacts.verbs import Gather, HangUp, Hold, Ring, TakeMessage
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.ids import review_of
from tests.callflow.line import Line
from tests.core.floor import c, doing, the


def commands(line, kind):
    return [each for each in line.commands if isinstance(each, kind)]


def test_given_a_call_that_rings_then_it_is_taken_only_once_its_time_is_over():
    line = Line("await call.ring_back(3)\nawait call.answer()").call()
    assert line.verb == Ring(3_000)
    assert len(commands(line, do.LetRing)) == 1
    assert not commands(line, do.AnswerCaller)
    assert line.state.wake_at == line.now + 3_000
    assert doing(line.wake())[0] == "StopRinging"
    assert commands(line, do.AnswerCaller)


def test_given_music_when_its_time_is_over_then_it_stops_and_the_program_goes_on():
    line = Line('assert await call.hold(20, music="jazz") == Done()\nawait call.hang_up(3)').call()
    assert [each.music for each in commands(line, do.StartMusic)] == ["jazz"]
    assert commands(line, do.AnswerCaller)
    line.presses("1")
    assert line.verb == Hold(20_000, "jazz")
    assert "StopMusic" in doing(line.wake())
    assert line.verb == HangUp(3)


def test_given_music_when_one_of_its_keys_is_pressed_then_that_ends_it_and_others_do_not():
    line = Line('if await call.hold(20, ends_with="#*") == Pressed("*"):\n    await call.hang_up(7)').call()
    line.presses("1")
    assert isinstance(line.verb, Hold)
    assert "StopMusic" in doing(line.presses("*"))
    assert line.verb == HangUp(7)


def test_given_music_when_the_caller_leaves_then_the_contact_is_over():
    line = Line("await call.hold(20)").call()
    assert the(line.leaves("x"), f.ContactEnded).by is f.EndedBy.CALLER


@pytest.mark.parametrize(
    ("body", "verb", "command"),
    [("await call.ring_back(9)", Ring(9_000), do.LetRing), ("await call.hold(9)", Hold(9_000), do.StartMusic)],
)
@pytest.mark.parametrize("from_checkpoint", [True, False])
def test_given_ringing_or_music_when_the_plane_dies_then_it_goes_on_and_lasts_no_longer(
    body, verb, command, from_checkpoint
):
    line = Line(f"{body}\nawait call.hang_up(4)").call()
    due = line.state.wake_at
    line.dies_and_comes_back(from_checkpoint)
    assert line.verb == verb
    assert line.contact("x").attempt == 1
    assert line.contact("x").step_deadline == due
    assert len(commands(line, command)) == 2
    line.wake()
    assert line.verb == HangUp(4)


@pytest.mark.parametrize("body", ["call.hold(0)", "call.hold(3601)", "call.ring_back(61)", "call.ring_back(-1)"])
def test_given_a_time_that_cannot_be_then_the_program_fails_and_says_so(body):
    assert "at most" in Line(f"await {body}").call().raised[0].error


def test_given_who_was_served_and_never_queued_when_the_call_ends_then_they_served_themselves():
    line = Line("await call.served()\nawait call.served()\nawait call.hang_up()").call()
    assert [type(fact) for fact in line.facts].count(f.ServedByProgram) == 1
    assert the(line.leaves("x"), f.ContactEnded).self_served


def test_given_who_was_served_and_queued_all_the_same_then_they_did_not_serve_themselves():
    line = Line('await call.served()\nawait call.queue("support")').call()
    line.enters("x")
    assert not the(line.leaves("x"), f.ContactEnded).self_served


def test_given_who_was_served_when_the_plane_dies_then_they_still_are():
    line = Line('await call.served()\nawait call.play("welcome")').call()
    line.dies_and_comes_back()
    assert the(line.leaves("x"), f.ContactEnded).self_served


RECORDS = """
result = await call.record_message("welcome", box="sales", longest_s=20, silence_s=0, ends_with="any", review="what")
await call.hang_up({MessageTaken: 1, NoMessage: 2}[type(result)])
"""


def a_recording(body=RECORDS):
    line = Line(body).call()
    line.sounds_end()
    return line


def said(line, ms=4_000):
    """The caller has spoken, and the message is in safety."""
    message = line.contact("x").recording
    line.take(i.RecordingEnded(message, ms))
    line.take(i.MessageKept(message, "f", ms, 9))
    return message


def deleted(line):
    return [fact.message for fact in line.facts if isinstance(fact, f.MessageMarked)]


def test_given_a_message_then_it_is_recorded_as_the_program_says():
    line = a_recording()
    assert line.verb == TakeMessage("sales", 20_000, 0, "any", review=True)
    assert [each.ends_with for each in commands(line, do.RecordMessage)] == ["any"]


def test_given_a_message_when_it_is_kept_then_the_program_has_it():
    line = a_recording()
    said(line)
    line.presses("1")
    assert (line.verb, deleted(line)) == (HangUp(1), [])


def test_given_a_message_when_it_is_discarded_then_it_is_deleted_and_there_is_none():
    line = a_recording()
    message = said(line)
    line.presses("3")
    assert (line.verb, deleted(line)) == (HangUp(2), [message])


def test_given_a_message_when_it_is_to_be_recorded_anew_then_the_first_is_deleted_and_the_last_take_is_kept_or_not():
    line = a_recording()
    first = said(line)
    line.presses("2")
    line.sounds_end()
    second = said(line)
    line.presses("2")
    line.sounds_end()
    said(line)
    line.presses("2")
    assert isinstance(line.verb, Gather), "there is no fourth take"
    line.presses("1")
    assert (line.verb, deleted(line)) == (HangUp(1), [first, second])


def test_given_a_message_when_its_caller_wants_to_hear_it_then_it_is_played_as_often_as_they_like():
    line = a_recording()
    message = said(line)
    for _ in range(3):
        line.presses("4")
        own, review = line.played()[-1]
        assert own == f"recording:{review_of(message)}"
        assert review == line.site.sound("what", "en")
        assert line.verb.otherwise == (review,), "where it cannot be played they are asked all the same"
    line.sounds_end()
    line.presses("1")
    assert (line.verb, deleted(line)) == (HangUp(1), [])


def test_given_a_message_of_which_nothing_is_heard_again_then_no_copy_is_kept_for_it():
    line = a_recording(RECORDS.replace('review="what"', 'review="what", listen=""'))
    assert not line.verb.review
    said(line)
    assert line.verb.longest == 1
    assert not a_recording(RECORDS.replace(', review="what"', "")).verb.review


def test_given_a_message_when_its_caller_says_nothing_of_it_or_hangs_up_then_it_is_kept():
    line = a_recording()
    said(line)
    for _ in range(2):
        line.sounds_end()
        line.wake()
    assert (line.verb, deleted(line)) == (HangUp(1), [])
    line = a_recording()
    said(line)
    line.leaves("x")
    assert deleted(line) == []


def test_given_a_message_when_the_plane_dies_while_the_caller_decides_then_it_is_asked_again_and_deleted_once():
    line = a_recording()
    message = said(line)
    line.dies_and_comes_back()
    assert isinstance(line.verb, Gather)
    line.presses("3")
    line.dies_and_comes_back()
    assert (line.verb, deleted(line)) == (HangUp(2), [message])


@pytest.mark.parametrize(
    "wrong",
    [
        'ends_with="1"',
        "longest_s=0",
        "longest_s=3601",
        "silence_s=-1",
        "takes=0",
        'box="/"',
        'review="what", keep=""',
        'review="what", keep="1", again="1"',
        'review="what", discard="x"',
    ],
)
def test_given_a_recording_that_cannot_be_then_the_program_fails_and_says_so(wrong):
    assert Line(f"await call.record_message({wrong})").call().raised


def test_given_keys_pressed_under_music_then_the_next_question_takes_them():
    line = Line('await call.hold(5)\nkeyed = await call.gather("what")\nawait call.hang_up(int(keyed.keys))').call()
    line.take(i.KeyPressed(c("x"), "6"))
    line.wake()
    assert line.verb == HangUp(6)
