"""What a caller hears before their program while something is wrong, and what becomes of them then."""

from __future__ import annotations

import pytest

from ccplane.contacts.emergency import Emergency
from ccplane.contacts.facts import EmergencyHeard
from ccplane.contacts.verbs import Gather, HangUp, NoteEmergency, Play, Spoken, TakeMessage
from ccplane.core import inputs as i
from tests.callflow.line import FILES, Line
from tests.core.floor import c

SAID = Spoken("sound:gas", "zh-CN", "今日停气。")
PROMPTS = '[leave-a-message]\nen = "Leave a message."\n[thank-you]\nen = "Thank you."\n'


def a_call(body='await call.play("welcome")', **more):
    """Somebody who calls in an emergency."""
    line = Line(body)
    line.take(i.EmergencyWanted(Emergency(name="gas", since=0, says={"zh-CN": SAID}, **more)))
    return line.call_and_answer()


def heard(line):
    return [each.emergency for each in line.facts if isinstance(each, EmergencyHeard)]


def test_it_is_heard_first_and_then_the_program_begins():
    line = a_call()
    assert line.verb == Play(("sound:gas",), texts=(SAID,))
    assert heard(line) == []
    line.sounds_end()
    assert heard(line) == [line.contact("x").emergency.id]
    assert line.verb.sounds == (line.site.sound("welcome", "en"),)


def test_a_prompt_whose_sound_is_missing_is_heard_in_the_other_language():
    says = {"en": Spoken("sound:gas-en", "en", ""), "zh-CN": Spoken("sound:gas-zh", "zh-CN", "")}
    line = Line('await call.play("welcome")')
    line.take(i.EmergencyWanted(Emergency(name="gas", since=0, says=says)))
    line.call_and_answer()
    line.sounds_end(ok=False)
    assert line.played() == [("sound:gas-en",), ("sound:gas-zh",)]


def test_after_skip_to_message_it_is_hung_up():
    line = a_call(then="hang-up")
    line.sounds_end()
    assert line.verb is None or line.verb == HangUp(16)
    assert (line.site.sound("welcome", "en"),) not in line.played()
    assert len(heard(line)) == 1


def test_its_key_goes_on_to_the_program_and_another_does_not():
    line = a_call(then="hang-up", key="1")
    assert isinstance(line.verb, Gather)
    line.presses("7")
    assert isinstance(line.verb, Gather)
    line.presses("1")
    assert line.verb.sounds == (line.site.sound("welcome", "en"),)
    assert len(heard(line)) == 1


def test_without_its_key_it_is_hung_up():
    line = a_call(then="hang-up", key="1")
    line.sounds_end()
    line.wake()
    assert len(heard(line)) == 1
    assert (line.site.sound("welcome", "en"),) not in line.played()


def test_a_message_may_be_left_instead(monkeypatch):
    monkeypatch.setitem(FILES, "ivr/prompts.toml", FILES["ivr/prompts.toml"] + PROMPTS)
    line = a_call(then="voicemail", to="gas")
    line.sounds_end()
    line.sounds_end()
    assert isinstance(line.verb, TakeMessage)
    assert line.verb.box == "gas"


@pytest.mark.parametrize("from_checkpoint", [True, False])
def test_a_plane_that_comes_back_lets_them_hear_it_again_only_if_they_had_not(from_checkpoint):
    line = a_call()
    line.dies_and_comes_back(from_checkpoint)
    assert line.verb == Play(("sound:gas",), texts=(SAID,))
    line.sounds_end()
    line.dies_and_comes_back(from_checkpoint)
    assert line.raised == []
    assert line.verb.sounds == (line.site.sound("welcome", "en"),)
    assert len(heard(line)) == 1


def test_a_program_that_fails_after_it_leads_to_the_sites_default_without_it():
    line = a_call("raise ValueError")
    line.sounds_end()
    assert line.contact("x").program == "sorry"
    assert line.verb.sounds == (line.site.sound("apology", "en"),)
    assert len(heard(line)) == 1


def test_who_is_in_a_call_keeps_what_they_began_with_when_it_is_switched_off():
    line = a_call()
    line.take(i.EmergencyLifted("gas", "lea"))
    line.dies_and_comes_back()
    assert line.verb == Play(("sound:gas",), texts=(SAID,))


def test_a_caller_who_hangs_up_meanwhile_has_not_heard_it():
    line = a_call()
    line.leaves("x")
    assert heard(line) == []
    assert c("x") not in line.state.contacts


def test_the_note_of_it_is_a_verb_of_the_journal():
    line = a_call()
    line.sounds_end()
    assert NoteEmergency(line.contact("x").emergency.id) in [each.verb for each in line.contact("x").past]
