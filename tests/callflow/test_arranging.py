"""A callback is arranged with a caller: at which number, when, and what was promised before."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.callflow.arranging import WORDS
from ccplane.contacts.callback import CallbackState
from ccplane.contacts.facts.callbacks import CallbackAsked, CallbackEnded, CallbackOutcome
from ccplane.contacts.verbs import AskCallback, Gather, HangUp, Play
from ccplane.core import inputs as i
from ccplane.ids import callback_id
from tests.callflow.line import FILES, Line
from tests.core.floor import an_arrival, c, ms

CALLBACKS = 'allow = ["5"]\ndeny = ["59"]\nhours = "always"\n'
DIALLING = 'program = "main"\ntrunk = "out"\n[roles.agent]\n'
BODY = """
match await call.arrange_callback("support"{}):
    case Promised():
        await call.hang_up(1)
    case NotPromised(why):
        await call.set_data("why", why)
        await call.hang_up(2)
    case Kept():
        await call.hang_up(3)
    case Cancelled():
        await call.hang_up(4)
"""


@pytest.fixture(autouse=True)
def _callbacks(monkeypatch):
    monkeypatch.setitem(FILES, "acd/callbacks.toml", CALLBACKS)
    monkeypatch.setitem(FILES, "acd/dialling.toml", DIALLING)


def a_call(caller="5551234", more=", windows=0"):
    line = Line(BODY.format(more))
    line.now = ms(1_000_000)
    return calls(line, caller)


def calls(line, caller="5551234", name="x"):
    line.take(replace(an_arrival(name), caller=caller))
    line.take(i.CallerUp(c(name)))
    made(line, name)
    return line


def made(line, name="x"):
    """The words that are to be said have been made into sounds."""
    contact = line.contact(name)
    if contact and isinstance(contact.verb, Gather | Play) and contact.verb.texts:
        line.take(i.SoundsMade(contact.id, contact.step, contact.attempt))


def press(line, keys, name="x"):
    for key in keys:
        line.take(i.KeyPressed(c(name), key))
    made(line, name)
    return line


def asks(line, name="x"):
    """Which of our words it ends with."""
    verb = line.contact(name).verb
    said = {each.text for each in verb.texts}
    return [each for each, words in WORDS.items() if words["en"] in said]


def promised(line, name="x", why=""):
    contact = line.contact(name)
    line.take(i.CallbackKept(callback_id(contact.id, contact.step), why))
    made(line, name)
    heard = asks(line, name)
    contact = line.contact(name)
    line.take(i.SoundsFinished(contact.id, contact.step, contact.attempt, True))
    return heard


def ended(line, name="x"):
    return line.contact(name).verb


def test_the_number_that_they_show_is_said_and_agreed_to_by_a_key():
    line = a_call()
    assert asks(line) == ["callback-number", "callback-right"]
    press(line, "1")
    assert ended(line) == AskCallback("support", "5551234")
    assert promised(line) == ["callback-promised"]
    assert ended(line) == HangUp(1)


def test_or_by_silence():
    line = a_call()
    for _ in range(2):
        line.sounds_end()
        line.wake()
        made(line)
    assert ended(line) == AskCallback("support", "5551234")


def test_another_number_is_keyed_said_and_agreed_to():
    line = press(a_call(), "2")
    assert asks(line) == ["callback-key-number"]
    press(line, "5559999#")
    assert asks(line) == ["callback-number", "callback-right"]
    press(line, "1")
    assert ended(line) == AskCallback("support", "5559999")


def test_a_number_that_the_site_may_not_call_is_refused_at_once_and_asked_for_again():
    line = press(press(a_call(), "2"), "5900000#")
    assert asks(line) == ["callback-not-this-number"]
    line.sounds_end()
    made(line)
    assert asks(line) == ["callback-key-number"]
    press(line, "5550000#1")
    assert ended(line) == AskCallback("support", "5550000")


@pytest.mark.parametrize("caller", ["", "anonymous", "13800138000"])
def test_who_shows_no_number_or_none_that_may_be_called_is_asked_for_one(caller):
    assert asks(a_call(caller)) == ["callback-key-number"]


def test_who_keys_no_number_is_promised_nothing():
    line = a_call("")
    for _ in range(2):
        line.sounds_end()
        line.wake()
        made(line)
    assert (ended(line), line.contact("x").data) == (HangUp(2), {"why": "no-number"})


def test_digits_without_pause_and_other_keys_are_no_number():
    line = press(a_call(""), "ABCD#")
    assert asks(line) == ["callback-key-number"]
    press(line, "5" * 200)
    assert line.raised == []
    assert line.contact("x") is not None


def test_what_postgres_refuses_is_said_and_told_to_the_program():
    line = press(a_call(), "1")
    assert promised(line, why="do-not-call") == ["callback-not-promised"]
    assert (ended(line), line.contact("x").data) == (HangUp(2), {"why": "do-not-call"})


def test_a_time_is_one_of_the_next_within_the_hours():
    line = press(a_call(more=", windows=2, window_s=3600"), "1")
    assert asks(line)[:2] == ["callback-soon", "callback-between"]
    press(line, "3")
    verb = ended(line)
    assert isinstance(verb, AskCallback)
    assert verb.until - verb.not_before == 3_600_000
    assert verb.not_before >= line.now + 1_800_000
    assert verb.not_before % 3_600_000 == 0
    assert set(promised(line)) == {"callback-promised", "callback-between", "callback-and"}
    (callback,) = line.state.callbacks.values()
    assert (callback.state, callback.deadline) == (CallbackState.PENDING, verb.not_before)


def test_as_soon_as_it_is_their_turn_is_the_first_key_and_silence():
    line = press(press(a_call(more=""), "1"), "1")
    assert ended(line) == AskCallback("support", "5551234")


def test_a_chosen_time_that_goes_by_ends_the_promise():
    line = press(press(a_call(more=", windows=1"), "1"), "2")
    verb = ended(line)
    promised(line)
    line.leaves("x")
    line.take(i.Tick(), verb.until / 1000)
    outcomes = [each.outcome for each in line.facts if isinstance(each, CallbackEnded)]
    assert outcomes in ([CallbackOutcome.EXPIRED], [])
    line.take(i.Tick(), verb.until / 1000 + 60)
    assert [each.outcome for each in line.facts if isinstance(each, CallbackEnded)] == [CallbackOutcome.EXPIRED]


def one_before():
    line = press(a_call(more=""), "1")
    press(line, "1")
    promised(line)
    line.leaves("x")
    line.now += 60_000
    return calls(line, name="y")


def test_who_calls_again_may_leave_it():
    line = one_before()
    assert asks(line, "y") == ["callback-there"]
    press(line, "1", "y")
    assert ended(line, "y") == HangUp(3)
    assert len(line.state.callbacks) == 1


def test_may_cancel_it():
    line = press(one_before(), "3", "y")
    assert asks(line, "y") == ["callback-cancelled"]
    (over,) = [each for each in line.facts if isinstance(each, CallbackEnded)]
    assert (over.outcome, over.by) == (CallbackOutcome.CANCELLED, c("y"))
    assert not line.state.callbacks


def test_and_may_change_it_and_keeps_their_clock():
    line = press(one_before(), "2", "y")
    first, *_ = [each for each in line.facts if isinstance(each, CallbackAsked)]
    press(line, "1", "y")
    press(line, "1", "y")
    assert ended(line, "y").since == first.since


@pytest.mark.parametrize("keys", [(), ("2",), ("1",)])
def test_who_hangs_up_before_the_change_is_made_has_what_was_promised_before(keys):
    line = press(one_before(), "2", "y")
    for each in keys:
        press(line, each, "y")
    line.leaves("y")
    assert not [each for each in line.facts if isinstance(each, CallbackEnded)]
    assert len(line.state.callbacks) == 1


def test_and_so_has_who_keys_no_other_number():
    line = press(press(one_before(), "2", "y"), "2", "y")
    while isinstance(ended(line, "y"), Gather):
        asked = line.contact("y")
        line.take(i.SoundsFinished(asked.id, asked.step, asked.attempt, True))
        line.wake()
        made(line, "y")
    assert ended(line, "y") == HangUp(3)
    assert len(line.state.callbacks) == 1


@pytest.mark.parametrize("from_checkpoint", [True, False])
def test_wherever_the_plane_is_killed_the_dialogue_goes_on(from_checkpoint):
    line = a_call(more="")
    for keys in ("2", "5559999#", "1", "2"):
        line.dies_and_comes_back(from_checkpoint)
        assert line.raised == []
        made(line)
        press(line, keys)
    verb = ended(line)
    assert (verb.number, verb.not_before is not None) == ("5559999", True)


@pytest.mark.parametrize("more", [", windows=6", ", windows=-1", ", window_s=60", ", tries=0"])
def test_what_makes_no_sense_is_the_programs_fault(more):
    line = a_call(more=more)
    assert "bad-callback" in line.raised[0].error or "windows is 0 to 5" in line.raised[0].error


def test_the_sites_own_words_go_before_ours(monkeypatch):
    own = FILES["ivr/prompts.toml"] + '[callback-right]\nen = "OK?"\n'
    monkeypatch.setitem(FILES, "ivr/prompts.toml", own)
    line = a_call()
    assert asks(line) == ["callback-number"]
    assert line.site.sound("callback-right", "en") in line.verb.sounds
