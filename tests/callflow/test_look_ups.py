"""A look-up as the core has it: what is heard meanwhile, what ends it, and that its answer outlives a crash."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from ccplane.contacts import facts as f
from ccplane.contacts.look_ups import Found, LookUp, LookUpFailed, LookUpResult, NotFound
from ccplane.contacts.verbs import Play
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.site import parse
from tests.callflow.line import FILES, Line

LOOK_UPS = '[orders]\nurl = "https://shop.example/{order}"\ntimeout = "4s"\nretries = 0\n'
ASKS = """
match await call.look_up("orders", order="4711"):
    case Found(order):
        await call.set_data("state", order["state"])
        await call.play("welcome")
    case NotFound():
        await call.play("what")
    case LookUpFailed(why):
        await call.set_data("why", why)
        await call.play("apology")
"""


class Asking(Line):
    """A call whose program looks an order up; `more`: lines of the look-up."""

    def __init__(self, body=ASKS, more=""):
        self.more = more
        super().__init__(body)
        self.call_and_answer()

    def put(self, source, **programs):
        site = super().put(source, **programs)
        rules = parse(FILES | {"ivr/lookups.toml": LOOK_UPS + self.more}).look_ups
        self.sites[site.hash] = with_rules = replace(site, look_ups=rules)
        return with_rules

    def answers(self, result, attempt=None):
        contact = self.contact("x")
        return self.take(i.LookUpAnswered(contact.id, contact.step, attempt or contact.attempt, result))

    def dies(self, from_checkpoint=True):
        self.dies_and_comes_back(from_checkpoint)

    @property
    def data(self):
        return self.contact("x").data


def test_what_was_found_resumes_the_program():
    line = Asking()
    assert line.verb == LookUp("orders", (("order", "4711"),), 4_000, 1_000)
    line.answers(Found({"state": "sent"}))
    assert line.data == {"state": "sent"}
    assert isinstance(line.verb, Play)


def test_without_a_word_meanwhile_nothing_is_heard_and_it_fails_at_its_deadline():
    line = Asking()
    line.tick(4.9)
    assert isinstance(line.verb, LookUp)
    line.tick(5.1)
    assert line.data == {"why": "timeout"}
    assert len(line.played()) == 1, "the apology alone"


def test_who_waits_for_long_hears_a_word_then_music_and_both_stop_with_the_answer():
    line = Asking(more='meanwhile = "what"\nmusic = "default"\n')
    line.tick(0.9)
    assert not line.played()
    line.tick(1.1)
    assert len(line.played()) == 1
    assert [each for each in line.facts if isinstance(each, f.LookUpDelayed)]
    line.commands.clear()
    line.sounds_end()
    assert [type(each) for each in line.commands] == [do.StartMusic]
    line.commands.clear()
    line.answers(Found({"state": "sent"}))
    assert {do.StopMusic, do.StopSounds} <= {type(each) for each in line.commands}
    assert line.data == {"state": "sent"}


def test_it_is_given_up_at_its_deadline_also_when_something_is_heard():
    line = Asking(more='music = "default"\n')
    line.tick(1.1)
    line.tick(5.2)
    assert line.data == {"why": "timeout"}
    assert any(isinstance(each, do.StopMusic) for each in line.commands)


def test_a_word_that_cannot_be_played_is_told_and_the_look_up_goes_on():
    line = Asking(more='meanwhile = "what"\n')
    line.tick(1.1)
    line.sounds_end(ok=False)
    assert [each for each in line.facts if isinstance(each, f.SoundsFailed)]
    assert isinstance(line.verb, LookUp)


def test_an_answer_to_another_try_or_step_is_nobodys():
    line = Asking()
    line.answers(NotFound(), attempt=7)
    assert isinstance(line.verb, LookUp)


def test_keys_pressed_meanwhile_are_kept_for_the_next_question():
    line = Asking()
    line.presses("5")
    assert line.contact("x").ahead == "5"


def test_who_hangs_up_meanwhile_is_gone_and_the_answer_comes_to_nobody():
    line = Asking(more='music = "default"\n')
    line.tick(1.1)
    contact = line.contact("x")
    line.leaves("x")
    line.take(i.LookUpAnswered(contact.id, contact.step, contact.attempt, NotFound()))
    assert line.contact("x") is None
    assert not line.raised


@pytest.mark.parametrize("from_checkpoint", [True, False])
def test_after_a_crash_the_answer_is_the_one_that_was_given(from_checkpoint):
    line = Asking()
    line.answers(Found({"state": "sent", "prices": [1.5, 2], "nothing": None}))
    line.dies(from_checkpoint)
    assert line.data == {"state": "sent"}
    assert isinstance(line.verb, Play)
    assert not line.raised


@pytest.mark.parametrize("delayed", [True, False])
def test_after_a_crash_an_open_one_is_begun_again_and_what_was_heard_stops(delayed):
    line = Asking(more='meanwhile = "what"\nmusic = "default"\n')
    line.tick(1.1 if delayed else 0.5)
    line.commands.clear()
    line.dies()
    contact = line.contact("x")
    assert (contact.attempt, contact.delayed) == (2, False)
    assert {do.StopMusic, do.StopSounds} <= {type(each) for each in line.commands}
    line.answers(NotFound())
    assert isinstance(line.verb, Play)


def test_an_answer_is_not_written_to_the_switch():
    line = Asking()
    line.answers(Found({"state": "sent", "secret": "s3cret"}))
    journals = [each for each in line.commands if isinstance(each, do.WriteJournal)]
    assert journals
    assert "s3cret" not in repr(journals)


def test_what_is_found_cannot_be_changed_and_fractions_are_exact():
    body = """
    found = await call.look_up("orders", order="4711")
    try:
        found.data["items"] = ()
    except TypeError:
        await call.set_data("changed", "no")
    await call.set_data("price", str(found.data["price"] + found.data["items"][0]["price"]))
    await call.play("welcome")
    """
    line = Asking(body)
    line.answers(Found({"price": 0.1, "items": [{"price": 0.2}]}))
    assert line.data == {"changed": "no", "price": "0.3"}


@pytest.mark.parametrize(
    "asks", ['call.look_up("orders")', 'call.look_up("orders", order="1", id="2")', 'call.look_up("oders", order="1")']
)
def test_a_wrong_name_or_value_is_a_fault_of_the_program(asks):
    line = Asking(f"await {asks}")
    assert "look-up" in line.raised[0].error


def test_a_value_may_be_called_as_the_verbs_own_argument():
    line = Asking('await call.look_up("people", name="Li")', more='[people]\nurl = "https://shop.example/{name}"\n')
    assert line.verb == LookUp("people", (("name", "Li"),), 6_100, 1_000)


def test_every_result_can_be_kept_and_read_again():
    for result in (Found({"a": [1, 2.5, None, True, "x"]}), NotFound(), LookUpFailed("status", 500)):
        assert msgspec.json.decode(msgspec.json.encode(result), type=LookUpResult) == result
