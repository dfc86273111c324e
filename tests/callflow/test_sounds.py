"""What callers hear when a sound is missing, and texts that become sounds while the call goes on."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.contacts import facts as f
from ccplane.contacts.conference import Confer
from ccplane.contacts.verbs import Failed, Gather, HangUp, Play
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.follows import put_contact
from ccplane.site import parse, sound_of
from ccplane.site.site import sound_of_said
from tests.callflow.line import FILES, Line, a_program
from tests.core.floor import doing

BOTH = {
    "ivr/prompts.toml": '[welcome]\nen = "Hello."\nzh-CN = "您好。"\n[apology]\nen = "Sorry."\n[what]\nen = "What?"\n'
}
HELLO, NIHAO = sound_of("en", "Hello."), sound_of("zh-CN", "您好。")


class Spoken(Line):
    """A site with a prompt in both languages."""

    def put(self, source, **programs):
        site = parse(FILES | BOTH | {"ari_apps/main.py": source})
        self.sites[site.hash] = site
        return site


def a_call(body):
    return Spoken(source=a_program(body)).call()


def failed(line):
    return [fact.sounds for fact in line.facts if isinstance(fact, f.SoundsFailed)]


def test_given_a_sound_that_is_missing_then_it_is_heard_in_the_other_language_and_somebody_is_told():
    line = a_call('await call.play("welcome")\nawait call.hang_up(3)')
    line.sounds_end(ok=False)
    assert line.played() == [(HELLO,), (NIHAO,)]
    assert failed(line) == [(HELLO,)]
    line.sounds_end()
    assert line.verb == HangUp(3)


def test_given_a_sound_that_is_missing_in_both_then_there_is_a_short_silence_and_the_program_goes_on():
    line = a_call('await call.play("welcome")\nawait call.hang_up(3)')
    line.sounds_end(ok=False)
    line.sounds_end(ok=False)
    assert failed(line) == [(HELLO,), (NIHAO,)]
    assert isinstance(line.verb, Play)
    assert line.state.wake_at == line.now + 500
    line.wake()
    assert isinstance(line.contact("x").results[-1], Failed)
    assert line.verb == HangUp(3)


def test_given_a_question_whose_sound_is_missing_then_it_is_asked_in_the_other_language_and_answered():
    line = a_call('keyed = await call.gather("welcome")\nawait call.hang_up(int(keyed.keys))')
    line.sounds_end(ok=False)
    assert line.played()[-1] == (NIHAO,)
    line.presses("7")
    assert line.verb == HangUp(7)


def test_given_a_conference_whose_question_for_the_pin_is_missing_then_it_is_asked_in_the_other_language():
    line = a_call('await call.conference("board", pin="47", ask="welcome")')
    line.sounds_end(ok=False)
    assert line.played() == [(HELLO,), (NIHAO,)]
    line.presses("4")
    line.presses("7")
    assert isinstance(line.verb, Confer)


def test_given_a_question_that_cannot_be_put_at_all_then_a_key_is_waited_for_all_the_same():
    line = a_call('keyed = await call.gather("welcome")\nawait call.hang_up(int(keyed.keys))')
    line.sounds_end(ok=False)
    line.sounds_end(ok=False)
    assert isinstance(line.verb, Gather)
    line.presses("7")
    assert line.verb == HangUp(7)


def test_given_a_value_with_a_word_that_is_missing_then_all_of_it_is_said_in_the_other_language():
    line = a_call('await call.play("welcome", Number(12))')
    line.sounds_end(ok=False)
    assert line.played()[-1] == (NIHAO, sound_of("zh-CN", "十"), sound_of("zh-CN", "二"))


def test_given_a_sound_that_was_lost_on_the_way_then_nothing_is_said_of_the_sound():
    line = a_call('await call.play("welcome")\nawait call.hang_up(3)')
    line.take(i.SoundsFinished(line.contact("x").id, 1, 1, ok=False, lost=True))
    assert line.verb == HangUp(3)
    assert failed(line) == []


@pytest.mark.parametrize("from_checkpoint", [True, False])
def test_given_the_other_language_when_the_plane_dies_in_it_then_it_goes_on_in_that(from_checkpoint):
    line = a_call('await call.play("welcome")\nawait call.hang_up(3)')
    line.sounds_end(ok=False)
    line.dies_and_comes_back(from_checkpoint)
    assert not line.raised
    assert line.played()[-1] == (NIHAO,)
    line.sounds_end()
    assert line.verb == HangUp(3)


SAY = 'await call.say("Your flight is late.")\nawait call.hang_up(3)'
LATE = sound_of_said("en", "Your flight is late.")


def made(line, *missing):
    contact = line.contact("x")
    return line.take(i.SoundsMade(contact.id, contact.step, contact.attempt, missing))


def test_given_a_text_then_its_sound_is_made_and_then_heard():
    line = a_call(SAY)
    (asked,) = [each for each in line.commands if isinstance(each, do.MakeSounds)]
    assert [(each.uri, each.language, each.text) for each in asked.texts] == [(LATE, "en", "Your flight is late.")]
    assert line.played() == []
    made(line)
    assert line.played() == [(LATE,)]
    line.sounds_end()
    assert line.verb == HangUp(3)


def test_given_a_text_that_cannot_be_made_then_the_rest_is_heard_and_somebody_is_told():
    line = a_call('await call.play("welcome", Text("Your flight is late."))')
    made(line, LATE)
    assert line.played() == [(HELLO,)]
    assert failed(line) == [(LATE,)]


def test_given_a_text_alone_that_cannot_be_made_then_there_is_a_short_silence_and_the_program_goes_on():
    line = a_call(SAY)
    made(line, LATE)
    assert line.played() == []
    line.wake()
    assert line.verb == HangUp(3)


def test_given_a_question_with_a_text_when_a_key_comes_before_it_is_made_then_the_question_is_not_heard():
    line = a_call('keyed = await call.gather(Text("Which?"), longest=2)\nawait call.hang_up(int(keyed.keys))')
    line.presses("4")
    assert "PlaySounds" not in doing(made(line))
    line.presses("2")
    assert line.verb == HangUp(42)


def test_given_a_text_when_the_plane_dies_before_it_is_made_then_it_is_made_by_the_next():
    line = a_call(SAY)
    line.dies_and_comes_back()
    assert not made(line).facts
    assert line.contact("x").attempt == 2
    assert line.played() == [(LATE,)]


def test_given_a_text_that_was_made_when_the_step_is_over_then_nothing_happens():
    line = a_call('await call.play("welcome", Text("A text."))\nawait call.play("apology")')
    made(line)
    line.sounds_end()
    before = len(line.played())
    line.take(i.SoundsMade(line.contact("x").id, 1, 1))
    assert len(line.played()) == before


@pytest.mark.parametrize("text", ['""', '"  "', '"x" * 1001', '"Hi", language="tlh"'])
def test_given_a_text_that_cannot_be_said_then_the_program_fails_and_is_told_why(text):
    assert Line(f"await call.play(Text({text}))").call().raised


def test_given_a_prompt_that_a_version_before_began_when_this_one_takes_it_up_then_it_goes_on():
    """Its fact knows nothing of another language."""
    line = a_call('await call.play("welcome")\nawait call.hang_up(3)')
    contact = line.contact("x")
    before = replace(contact, verb=Play(contact.verb.sounds))
    line.state = put_contact(line.state, contact, before)
    line.dies_and_comes_back()
    assert not line.raised
    line.sounds_end()
    assert line.verb == HangUp(3)
