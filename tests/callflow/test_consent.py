"""A caller is told that talks are recorded: once, before the queue, and in full."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec.structs import replace as changed

from ccplane.contacts.verbs import EnterQueue, Gather, Play
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.routing.recording import RecordingPolicy, RecordingRule
from tests.callflow.line import Line
from tests.core.floor import c

TWICE = 'await call.queue("support")\nawait call.queue("support")'


class Told(Line):
    """A line on a site that asks."""

    rule = RecordingRule(record=True, consent="what", refuse="9")

    def put(self, source, **programs):
        site = super().put(source, **programs)
        policy = RecordingPolicy(default=self.rule)
        site = replace(site, rules=changed(site.rules, recording=policy))
        self.sites[site.hash] = site
        return site


class Unasked(Told):
    rule = RecordingRule(record=True, consent="what")


def test_given_a_prompt_and_a_key_then_it_is_said_before_the_queue_and_the_key_refuses():
    line = Told(TWICE).call_and_answer()
    assert isinstance(line.verb, Gather)
    assert line.verb.sounds == (line.site.sound("what", "en"),)
    line.presses("9")
    assert line.verb == EnterQueue("support", consent=False)
    assert line.contact("x").consent is False


def test_given_silence_then_the_caller_consents_and_is_not_asked_again():
    line = Told(TWICE).call_and_answer()
    line.sounds_end()
    line.wake()
    assert line.verb == EnterQueue("support", consent=True)
    line.enters("x")
    line.picks_up("x")
    line.joins("x")
    assert any(isinstance(each, do.StartTalkRecording) for each in line.commands)
    line.agent_hangs_up("x")
    assert line.verb == EnterQueue("support", consent=True)
    assert len(line.played()) == 1


@pytest.mark.parametrize(("then", "consent"), [("", True), ("5", True), ("9", False)])
def test_given_another_key_then_the_words_are_said_again_in_full_and_may_still_be_refused(then, consent):
    line = Told(TWICE).call_and_answer()
    line.presses("5")
    assert line.verb == Gather(line.verb.sounds, line.verb.timeout_ms, barge_in=False, fresh=True)
    for key in then:
        line.presses(key)
    assert isinstance(line.verb, Gather), "heard out"
    line.sounds_end()
    if not then:
        line.wake()
    assert line.verb == EnterQueue("support", consent=consent)
    assert line.contact("x").consent is consent


def talks_unrecorded(line):
    """The caller came to an agent, was not told, and is not recorded."""
    assert line.verb == EnterQueue("support", consent=None)
    line.enters("x")
    line.picks_up("x")
    line.joins("x")
    assert line.contact("x").talk
    assert line.contact("x").consent is None
    assert not any(isinstance(each, do.StartTalkRecording) for each in line.commands)
    return True


def nobody_hears(line):
    """The words cannot be played, and nothing is pressed."""
    line.sounds_end(ok=False)
    line.wake()


@pytest.mark.parametrize("form", [Told, Unasked])
def test_given_words_that_cannot_be_played_then_nobody_was_told_and_nobody_is_recorded(form):
    line = form(TWICE).call_and_answer()
    nobody_hears(line)
    assert talks_unrecorded(line)
    line.agent_hangs_up("x")
    assert isinstance(line.verb, Play | Gather), "the next time it is tried again"


def test_given_words_whose_end_nobody_tells_then_nobody_was_told():
    line = Told(TWICE).call_and_answer()
    line.wake()
    assert talks_unrecorded(line)


@pytest.mark.parametrize("key", ["", "5", "9"])
def test_given_another_key_and_words_that_cannot_be_said_again_then_nobody_was_told(key):
    line = Told(TWICE).call_and_answer()
    line.presses("5")
    for each in key:
        line.presses(each)
    line.sounds_end(ok=False)
    assert talks_unrecorded(line)


@pytest.mark.parametrize("from_checkpoint", [True, False])
@pytest.mark.parametrize("form", [Told, Unasked])
def test_given_words_that_nobody_heard_and_a_plane_that_comes_back_then_it_is_the_same_course(form, from_checkpoint):
    line = form(TWICE).call_and_answer()
    nobody_hears(line)
    line.enters("x")
    line.dies_and_comes_back(from_checkpoint)
    assert line.raised == []
    assert line.verb == EnterQueue("support", consent=None)


@pytest.mark.parametrize("from_checkpoint", [True, False])
def test_given_a_refusal_after_another_key_and_a_plane_that_comes_back_then_it_holds(from_checkpoint):
    line = Told(TWICE).call_and_answer()
    line.presses("5")
    line.presses("9")
    line.sounds_end()
    line.enters("x")
    line.dies_and_comes_back(from_checkpoint)
    assert line.raised == []
    assert line.verb == EnterQueue("support", consent=False)


def test_given_no_key_then_the_prompt_is_only_said():
    line = Unasked(TWICE).call_and_answer()
    assert isinstance(line.verb, Play)
    line.sounds_end()
    assert line.verb == EnterQueue("support", consent=True)


def test_given_no_recording_then_nobody_is_told():
    line = Line(TWICE).call_and_answer()
    assert line.verb == EnterQueue("support")


@pytest.mark.parametrize("from_checkpoint", [True, False])
@pytest.mark.parametrize("refuses", [True, False])
def test_given_a_plane_that_comes_back_then_the_program_takes_the_same_course(from_checkpoint, refuses):
    line = Told(TWICE).call_and_answer()
    if refuses:
        line.presses("9")
    else:
        line.sounds_end()
        line.wake()
    line.enters("x")
    line.dies_and_comes_back(from_checkpoint)
    assert line.raised == []
    assert line.verb == EnterQueue("support", consent=not refuses)
    assert line.contact("x").consent is not refuses


def test_given_a_program_that_failed_after_a_refusal_then_the_default_does_not_ask_again():
    line = Told(
        "await call.queue('support')\nraise ValueError('no')",
        sorry="async def main(call):\n    await call.queue('support')\n",
    )
    line.call_and_answer()
    line.presses("9")
    line.enters("x")
    line.picks_up("x")
    line.joins("x")
    line.agent_hangs_up("x")
    assert line.contact("x").program == "sorry"
    assert line.verb == EnterQueue("support", consent=False)
    line.take(i.CallerGone(c("x"), 16))
