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


def test_given_another_key_then_the_words_are_said_again_in_full():
    line = Told(TWICE).call_and_answer()
    line.presses("5")
    assert isinstance(line.verb, Play)
    line.sounds_end()
    assert line.verb == EnterQueue("support", consent=True)


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
