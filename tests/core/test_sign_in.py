"""What programs may ask for a phone of ours: who is here, be somebody, prove it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.agents import facts as a
from ccplane.agents.agent import Work
from ccplane.agents.facts import Phone, Seat
from ccplane.contacts import facts as f
from ccplane.contacts.verbs import AskPin, Done, Failed, Here, LookHere, NoInput, Proven, Refused, SetIntent
from ccplane.core import commands as do
from ccplane.core import inputs as i
from tests.core.floor import a_floor, an_arrival, c, doing, kinds, offline, the

SEATS = (Seat(id="2001", shared=True), Seat(id="cem", shared=True))
PIN = AskPin("ana", ("sound:pin",), 30_000)


@pytest.fixture
def floor():
    people = [offline("ana"), offline("ben"), offline("cem")]
    floor = a_floor(agents=people)
    floor.take(i.PeopleRead(tuple(each.profile for each in people), SEATS))
    floor.take(i.PhoneSeen("2001", Phone.REACHABLE))
    return floor


def dials(floor, device, name="x"):
    floor.take(replace(an_arrival(name, "*45", answered=True), device=device))


def given(floor, verb, name="x"):
    """The result of a verb that ends at once."""
    return the(floor.asks(name, verb), f.StepEnded).result


def here(floor, device, name="x"):
    dials(floor, device, name)
    return given(floor, LookHere(), name)


def test_given_a_call_from_outside_then_there_is_no_here(floor):
    assert isinstance(here(floor, None), Failed)
    assert given(floor, SetIntent("ana", "ready", sit=True)) == Refused("no-such-seat")


@pytest.mark.parametrize("device", ["ana", "ana-web"])
def test_given_an_agents_own_phone_then_it_is_said_whose_it_is_and_what_they_want(floor, device):
    assert here(floor, device) == Here(seat="ana", shared=False, owner="ana", agent="ana", state="offline")
    floor.wants("ana", a.Intent.PAUSED)
    assert given(floor, LookHere()).state == "paused"


def test_given_a_shared_seat_then_it_is_said_who_sits_there(floor):
    assert here(floor, "2001") == Here(seat="2001", shared=True, owner=None, agent=None, state="offline")
    assert given(floor, SetIntent("ana", "ready", sit=True)) == Done()
    assert given(floor, LookHere()) == Here(seat="2001", shared=True, owner=None, agent="ana", state="ready")
    assert here(floor, "ana", "y") == Here(seat="ana", shared=False, owner="ana", agent=None, state="offline")


def test_given_a_sign_in_by_phone_then_the_agent_sits_there_and_is_ready_and_the_record_says_how(floor):
    dials(floor, "2001")
    decision = floor.asks("x", SetIntent("ana", "ready", sit=True))
    assert kinds(decision) == ["StepStarted", "SeatTaken", "OwnCallStarted", "IntentChanged", "StepEnded"]
    assert the(decision, a.IntentChanged).by == "phone"
    assert (floor.agent("ana").device, floor.agent("ana").intent) == ("2001", "ready")
    assert not floor.agent("ana").free, "they are still in this very call"
    floor.leaves("x")
    assert floor.agent("ana").free
    assert floor.replayed() == floor.state


def test_given_a_browser_phone_that_dials_then_offers_ring_it(floor):
    dials(floor, "ana-web")
    given(floor, SetIntent("ana", "ready", sit=True))
    assert floor.agent("ana").device == "ana-web"
    assert floor.agent("ana").work is Work.OWN_CALL, "with this very call: nothing is offered before it is over"
    dials(floor, "ana", "y")
    given(floor, SetIntent("ana", "paused"), "y")
    assert floor.agent("ana").device == "ana-web", "who only pauses stays where they sit"


@pytest.mark.parametrize(
    ("device", "agent", "why"),
    [("ana", "ben", "seat-not-yours"), ("2001", "ben", "seat-taken"), ("3001", "ben", "no-such-seat"),
     ("2001", "nobody", "no-such-agent")],
)  # fmt: skip
def test_given_a_seat_that_cannot_be_had_then_the_program_is_told_why_and_nothing_is_changed(floor, device, agent, why):
    dials(floor, "2001", "first")
    given(floor, SetIntent("cem", "ready", sit=True), "first")
    dials(floor, device)
    decision = floor.asks("x", SetIntent(agent, "ready", sit=True))
    assert kinds(decision) == ["StepStarted", "StepEnded"]
    assert the(decision, f.StepEnded).result == Refused(why)


def test_given_who_signs_out_by_phone_then_they_get_up(floor):
    dials(floor, "2001")
    given(floor, SetIntent("ana", "ready", sit=True))
    floor.asks("x", SetIntent("ana", "offline"))
    assert "SeatLeft" in kinds(floor.leaves("x"))
    assert floor.agent("ana").device == "ana"


def test_given_an_agent_with_a_call_elsewhere_then_they_cannot_sit_down(floor):
    floor.phone("ana", Phone.REACHABLE)
    floor.wants("ana", a.Intent.READY)
    floor.talks("t")
    dials(floor, "2001")
    assert given(floor, SetIntent("ana", "ready", sit=True)) == Refused("agent-busy")


# ------------------------------------------------------------------------------------------------------------ the PIN


def asks_pin(floor):
    dials(floor, "2001")
    return floor.asks("x", PIN)


def test_given_a_pin_to_ask_for_then_its_sounds_play_and_a_key_stops_them(floor):
    assert doing(asks_pin(floor)) == ["WriteJournal", "PlaySounds"]
    decision = floor.take(i.PinKeyed(c("x")))
    assert doing(decision) == ["StopSounds"]
    assert not decision.facts, "not even that there was a key"


@pytest.mark.parametrize(("refused", "result"), [("", Proven("ana")), ("wrong-pin", Refused("wrong-pin"))])
def test_given_a_pin_that_was_compared_then_the_program_hears_only_whether_it_is_theirs(floor, refused, result):
    asks_pin(floor)
    step = floor.contact("x").step
    assert not floor.take(i.PinChecked(c("x"), step - 1, refused)).facts, "of an earlier step"
    assert the(floor.take(i.PinChecked(c("x"), step, refused)), f.StepEnded).result == result
    assert not floor.take(i.PinChecked(c("x"), step, refused)).facts, "told again"


def test_given_a_pin_that_nobody_gives_then_the_program_goes_on(floor):
    asks_pin(floor)
    decision = floor.wake()
    assert floor.now == 30_000
    assert the(decision, f.StepEnded).result == NoInput()
    assert doing(decision) == ["StopSounds"]


def test_given_sounds_that_end_then_the_time_for_the_pin_runs_on(floor):
    asks_pin(floor)
    contact = floor.contact("x")
    assert not floor.take(i.SoundsFinished(contact.id, contact.step, contact.attempt)).facts


def test_given_a_plane_that_comes_back_then_the_pin_is_asked_for_anew(floor):
    asks_pin(floor)
    floor.take(i.PlaneBegan(2, "test", 0))
    decision = floor.survey(after_gap=True, at=3)
    assert [type(each) for each in decision.commands if isinstance(each, do.StopSounds | do.PlaySounds)] == [
        do.StopSounds,
        do.PlaySounds,
    ]
    assert the(decision, f.StepStarted).attempt == 2


def test_given_inputs_about_nobody_then_nothing_happens(floor):
    for what in (i.PinKeyed(c("nobody")), i.PinChecked(c("nobody"), 1)):
        assert not floor.take(what).facts
    dials(floor, "ana")
    assert not floor.take(i.PinKeyed(c("x"))).commands
