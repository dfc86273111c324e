"""Keys of a PIN are gathered at the edge; behind it only the outcome is known."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from ccplane.asterisk.pins import HAND_S, PinPad
from ccplane.contacts.verbs import AskPin, EnterQueue, Gather
from ccplane.core import inputs as i
from ccplane.errors import RequestError
from tests.core.floor import SUPPORT, a_floor, an_arrival, c, offline, ready

PIN = AskPin("ana", ("sound:pin",), 30_000)


class Plane:
    """The real core; what is posted is decided and kept."""

    def __init__(self):
        self.floor = a_floor(agents=[offline("ana"), ready("ben")])
        self.posted, self.came = [], asyncio.Event()

    @property
    def state(self):
        return self.floor.state

    def post(self, what):
        self.posted.append(what)
        self.floor.take(what)
        self.came.set()


class Pins:
    """Ana's is 135790. `hold` keeps a check waiting."""

    def __init__(self):
        self.tried, self.hold, self.fails = [], asyncio.Event(), None
        self.hold.set()

    async def check(self, agent, pin, *, way, whence):
        self.tried.append((agent, pin, way, whence))
        await self.hold.wait()
        if self.fails:
            raise self.fails
        if (agent, pin) != ("ana", "135790"):
            raise RequestError("wrong-pin", "no")


@pytest.fixture
def plane():
    return Plane()


@pytest.fixture
def pins():
    return Pins()


@pytest.fixture
def clock():
    return Clock()


class Clock:
    """Seconds, as a test says."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def pad(plane, pins, clock):
    plane.floor.take(replace(an_arrival("x", "*45", answered=True), device="2001"))
    pad = PinPad(plane, pins, clock)
    yield pad
    pad.close()


def keys(pad, digits, name="x"):
    for digit in digits:
        pad.post(i.KeyPressed(c(name), digit))


async def checked(plane):
    """The outcome that is posted."""
    async with asyncio.timeout(20):
        while not (found := [each for each in plane.posted if isinstance(each, i.PinChecked)]):
            plane.came.clear()
            await plane.came.wait()
    return found[-1]


@pytest.mark.parametrize(
    ("keyed", "refused"),
    [
        ("135790", ""),
        ("99*135790", ""),
        ("135*135790", ""),
        ("##135790", ""),
        ("A1B35790", ""),
        ("13579#135790", "wrong-pin"),
        ("135791", "wrong-pin"),
    ],
)
async def test_given_six_digits_then_they_are_compared_and_only_the_outcome_goes_on(plane, pins, pad, keyed, refused):
    plane.floor.asks("x", PIN)
    keys(pad, keyed)
    outcome = await checked(plane)
    assert plane.posted[0] == i.PinKeyed(c("x")), "which stops the sounds"
    assert {type(each) for each in plane.posted} == {i.PinKeyed, i.PinChecked}
    assert (outcome.contact, outcome.refused) == (c("x"), refused)
    assert [(agent, whence) for agent, _, _, whence in pins.tried] == [("ana", "2001")]


async def test_given_keys_after_the_last_digit_then_they_are_not_another_try(plane, pins, pad):
    plane.floor.asks("x", PIN)
    keys(pad, "135790" + "135790#")
    await checked(plane)
    keys(pad, "135790#")
    await asyncio.sleep(0)
    assert len(pins.tried) == 1
    assert not any(isinstance(each, i.KeyPressed) for each in plane.posted)


async def test_given_a_feature_code_then_a_key_that_nobody_asked_for_goes_nowhere(plane, pad):
    keys(pad, "1")
    assert not plane.posted
    plane.floor.asks("x", Gather(("sound:id",), 5_000))
    keys(pad, "1")
    assert plane.posted == [i.KeyPressed(c("x"), "1")]


async def test_given_a_pin_that_was_keyed_in_any_call_then_what_follows_it_goes_nowhere(plane, pins, pad):
    plane.floor.arrives("y")
    plane.floor.asks("y", PIN)
    keys(pad, "135790", "y")
    await checked(plane)
    keys(pad, "135790", "y")
    assert not any(isinstance(each, i.KeyPressed) for each in plane.posted)
    plane.floor.asks("y", Gather(("sound:a",), 5_000))
    keys(pad, "7", "y")
    assert plane.posted[-1] == i.KeyPressed(c("y"), "7")


ID = Gather(("sound:id",), 5_000)


def passed(plane):
    """The keys that became anything."""
    return "".join(each.key for each in plane.posted if isinstance(each, i.KeyPressed))


def times_out(plane):
    """The PIN's time is up, and the program asks for something else."""
    plane.floor.take(i.Tick(), at=plane.floor.state.wake_at / 1000)
    plane.floor.asks("x", ID)


async def test_given_a_pin_whose_time_is_up_in_mid_typing_then_the_rest_of_it_is_no_answer_to_the_next_question(
    plane, pad, clock
):
    plane.floor.asks("x", PIN)
    keys(pad, "135")
    times_out(plane)
    for key in "790#":
        clock.now += HAND_S
        keys(pad, key)
    assert passed(plane) == ""
    assert not any(type(fact).__name__ in ("KeyTaken", "KeyKept") for fact in plane.floor.facts)
    clock.now += HAND_S + 0.1
    keys(pad, "1")
    assert passed(plane) == "1", "the hand rested: this is an answer"


async def test_given_sounds_that_were_heard_after_a_pin_then_a_key_answers_what_is_asked_now(plane, pad):
    plane.floor.asks("x", PIN)
    keys(pad, "135")
    pin = plane.floor.contact("x")
    pad.post(i.SoundsFinished(pin.id, pin.step, pin.attempt))
    times_out(plane)
    keys(pad, "7")
    assert passed(plane) == "", "those of the PIN itself are no others"
    asked = plane.floor.contact("x")
    pad.post(i.SoundsFinished(asked.id, asked.step, asked.attempt))
    keys(pad, "1")
    assert passed(plane) == "1"


@pytest.mark.parametrize("late", [False, True])
async def test_given_the_usual_hash_after_a_whole_pin_then_it_ends_no_later_answer(plane, pad, late):
    plane.floor.asks("x", PIN)
    keys(pad, "000000" + ("" if late else "#"))
    await checked(plane)
    plane.floor.asks("x", ID)
    keys(pad, "#")
    assert passed(plane) == ""
    keys(pad, "1")
    assert passed(plane) == "1"


async def test_given_any_other_call_then_its_keys_go_on_as_ever(plane, pad):
    plane.floor.arrives("y")
    plane.floor.asks("y", EnterQueue(SUPPORT))
    for contact in ("y", "nobody"):
        keys(pad, "7", contact)
    assert [each.key for each in plane.posted] == ["7", "7"]


async def test_given_a_verb_begun_again_then_the_pin_begins_again_too(plane, pins, pad):
    plane.floor.asks("x", PIN)
    keys(pad, "135")
    contact = plane.floor.contact("x")
    plane.floor.take(i.VerbAsked(contact.id, contact.step, PIN))
    keys(pad, "790135")
    await checked(plane)
    assert [each[1] for each in pins.tried] == ["790135"]


async def test_given_a_caller_who_goes_then_nothing_of_theirs_is_kept(plane, pad):
    plane.floor.asks("x", PIN)
    keys(pad, "135")
    pad.post(i.CallerGone(c("x")))
    assert not pad._keyed
    assert not pad._hands


async def test_given_a_call_that_ends_otherwise_then_nothing_of_its_caller_is_kept(plane, pad):
    """A reconciler that misses it, a program that hangs up: no CallerGone comes by here."""
    plane.floor.asks("x", PIN)
    keys(pad, "135")
    plane.floor.take(i.CallerGone(c("x")))
    assert c("x") not in plane.state.contacts
    pad.post(i.KeyPressed(c("nobody"), "7"))
    assert not pad._keyed
    assert not pad._secret


@pytest.mark.parametrize(
    ("fault", "refused"),
    [(RequestError("pin-locked", "x"), "pin-locked"), (ValueError("1357"), "not-checked")],
)
async def test_given_a_pin_that_cannot_be_compared_then_the_program_is_told_and_no_log_has_it(
    plane, pins, pad, fault, refused, capsys
):
    pins.fails = fault
    plane.floor.asks("x", PIN)
    keys(pad, "135790")
    assert (await checked(plane)).refused == refused
    assert "1357" not in "".join(capsys.readouterr())
