"""Where agents sit, and which phone an offer rings."""

from __future__ import annotations

import pytest

from ccplane.agents.agent import Shown
from ccplane.agents.facts import Intent, Phone, Seat
from ccplane.contacts import facts as f
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.seats import YOUNG_MS, why_not
from ccplane.ids import AgentId, SeatId
from tests.core.floor import a_floor, kinds, offline, ready, the

SHARED = Seat(id=SeatId("desk-7"), shared=True, auto_answer=True)


def a_house(*agents):
    """A floor with a shared seat, whose phones are there."""
    floor = a_floor(agents=agents)
    floor.take(i.PeopleRead(tuple(each.profile for each in agents), (SHARED,)))
    for device in ("desk-7", "desk-7-web", "ana-web"):
        floor.take(i.PhoneSeen(device, Phone.REACHABLE))
    return floor


def sits(floor, agent, seat, *, web=False, intent=Intent.READY):
    return floor.take(i.IntentAsked(agent=AgentId(agent), intent=intent, by=agent, seat=SeatId(seat), web=web))


def rung(floor):
    return next(each for each in reversed(floor.commands) if isinstance(each, do.RingAgent))


def test_given_nothing_chosen_then_an_agents_own_desk_phone_rings():
    floor = a_floor(agents=[ready("ana")])
    floor.waits("x")
    assert (rung(floor).endpoint, rung(floor).auto_answer) == ("PJSIP/ana", False)


def test_given_an_agent_at_their_browser_phone_then_that_rings():
    floor = a_house(offline("ana"))
    assert kinds(sits(floor, "ana", "ana", web=True)) == ["SeatTaken", "IntentChanged"]
    floor.waits("x")
    assert rung(floor).endpoint == "PJSIP/ana-web"


def test_given_a_shared_seat_that_answers_by_itself_then_its_phone_is_told_to():
    floor = a_house(offline("ana"))
    sits(floor, "ana", "desk-7")
    floor.waits("x")
    assert (rung(floor).endpoint, rung(floor).auto_answer) == ("PJSIP/desk-7", True)


def test_given_a_browser_that_is_not_there_when_its_agent_signs_in_then_they_are_unreachable_until_it_comes():
    floor = a_house(offline("ben"))
    assert kinds(sits(floor, "ben", "ben", web=True)) == ["SeatTaken", "PhoneChanged", "IntentChanged"]
    assert floor.agent("ben").shown is Shown.UNREACHABLE
    floor.phone("ben-web", Phone.REACHABLE)
    assert floor.agent("ben").shown is Shown.READY


def test_given_a_phone_at_which_nobody_sits_when_it_comes_and_goes_then_that_is_kept_and_touches_nobody():
    floor = a_house(ready("ana"))
    assert kinds(floor.phone("ana-web", Phone.GONE)) == ["DeviceChanged"]
    assert kinds(floor.phone("ana-web", Phone.GONE)) == []
    assert floor.agent("ana").phone is Phone.REACHABLE


@pytest.mark.parametrize(
    ("seat", "why"), [("nowhere", "no-such-seat"), ("ana", "seat-not-yours"), ("desk-7", "seat-taken"), ("ben", None)]
)
def test_given_a_seat_that_may_not_be_taken_then_nothing_changes(seat, why):
    floor = a_house(ready("ana"), offline("ben"))
    sits(floor, "ana", "desk-7")
    assert why_not(floor.state, floor.agent("ben"), SeatId(seat), web=False) == why
    assert bool(kinds(sits(floor, "ben", seat))) == (why is None)


def test_given_an_agent_with_a_call_when_they_move_then_they_stay_until_it_is_over():
    floor = a_house(ready("ana"))
    floor.talks("x")
    assert why_not(floor.state, floor.agent("ana"), SeatId("ana"), web=True) == "agent-busy"
    assert kinds(sits(floor, "ana", "ana", web=True)) == []
    floor.agent_hangs_up("x")
    assert kinds(sits(floor, "ana", "ana", web=True)) == ["SeatTaken"]


def test_given_an_agent_at_a_shared_seat_when_they_sign_out_then_it_is_free_for_the_next():
    floor = a_house(ready("ana"), offline("ben"))
    sits(floor, "ana", "desk-7")
    assert kinds(floor.wants("ana", Intent.OFFLINE)) == ["IntentChanged", "SeatLeft"]
    assert floor.agent("ana").device == "ana"
    assert kinds(sits(floor, "ben", "desk-7")) == ["SeatTaken", "IntentChanged"]
    assert floor.agent("ben").seat == "desk-7"


def test_given_an_agent_who_signs_out_while_talking_then_they_leave_their_seat_with_the_end_of_the_talk():
    floor = a_house(ready("ana"))
    sits(floor, "ana", "ana", web=True)
    floor.talks("x")
    assert kinds(floor.wants("ana", Intent.OFFLINE)) == ["IntentChanged"]
    assert kinds(floor.agent_hangs_up("x"))[-1] == "SeatLeft"


def test_given_an_agents_own_seat_that_is_said_to_be_shared_then_it_stays_their_own():
    floor = a_floor(agents=[ready("ana"), offline("ben")])
    profiles = tuple(agent.profile for agent in floor.state.agents.values())
    floor.take(i.PeopleRead(profiles, (Seat(id=SeatId("ana"), shared=True), SHARED)))
    sits(floor, "ana", "desk-7")
    assert why_not(floor.state, floor.agent("ben"), SeatId("ana"), web=False) == "seat-not-yours"


def test_given_a_phone_that_is_gone_while_it_rings_then_the_next_agent_rings_at_once_and_it_is_a_miss():
    floor = a_floor(agents=[ready("ana"), ready("ben", since=5)])
    floor.waits("x")
    floor.alerts("x")
    decision = floor.phone("ana", Phone.GONE, at=12)
    assert kinds(decision) == ["PhoneChanged", "LegDropped", "OfferMissed", "OfferMade"]
    assert the(decision, f.OfferMissed).cause is f.MissCause.UNREACHABLE
    assert floor.offer("x").agent == "ben"
    assert floor.agent("ana").shown is Shown.UNREACHABLE


def test_given_a_phone_that_registers_anew_as_it_is_called_then_its_call_goes_on():
    """What is said of the address that it had before comes after the call to the new one."""
    floor = a_floor(agents=[ready("ana"), ready("ben", since=5)])
    floor.waits("x")
    assert kinds(floor.phone("ana", Phone.GONE, at=3)) == ["PhoneChanged"]
    assert kinds(floor.phone("ana", Phone.REACHABLE)) == ["PhoneChanged"]
    floor.alerts("x")
    assert floor.offer("x").agent == "ana"


def test_given_a_phone_that_was_called_a_while_ago_and_is_gone_then_the_next_agent_rings_though_it_never_rang():
    floor = a_floor(agents=[ready("ana"), ready("ben", since=5)])
    floor.waits("x")
    assert "OfferMissed" in kinds(floor.phone("ana", Phone.GONE, at=floor.now + YOUNG_MS))
    assert floor.offer("x").agent == "ben"


def test_given_a_phone_that_is_gone_as_it_has_just_answered_then_it_is_joined_all_the_same():
    floor = a_floor(agents=[ready("ana"), ready("ben", since=5)])
    floor.waits("x")
    floor.picks_up("x")
    assert kinds(floor.phone("ana", Phone.GONE)) == ["PhoneChanged"]
    floor.joins("x")
    assert floor.contact("x").talk.agent == "ana"
