"""A browser that vanishes in mid-talk: ten seconds to come back, before anything else happens."""

from __future__ import annotations

import pytest

from ccplane.agents.agent import Shown
from ccplane.agents.facts import Intent, Phone
from ccplane.contacts.contact import Phase
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.rejoin import REJOIN_MS
from ccplane.ids import AgentId, SeatId
from tests.core.floor import a_floor, kinds, offline, ready


def a_talk(*others):
    """Ana talks with x at her browser."""
    floor = a_floor(agents=[offline("ana"), *others])
    floor.phone("ana-web", Phone.REACHABLE)
    floor.take(i.IntentAsked(agent=AgentId("ana"), intent=Intent.READY, by="ana", seat=SeatId("ana"), web=True))
    floor.talks("x")
    return floor


def talk(floor):
    return floor.contact("x").talk


def commands(decision):
    return [type(each).__name__ for each in decision.commands]


def leg_up(floor):
    return floor.take(i.LegUp(talk(floor).offer, talk(floor).back_leg, AgentId("ana")))


def leg_ends(floor, leg, **how):
    return floor.take(i.LegEnded(talk(floor).offer, leg, **how))


def test_given_a_talk_when_the_browser_goes_then_nothing_is_hung_up_and_the_agent_is_rejoining():
    floor = a_talk()
    decision = floor.phone("ana-web", Phone.GONE)
    assert kinds(decision) == ["PhoneChanged", "PhoneLost"]
    assert decision.commands == ()
    assert floor.agent("ana").shown is Shown.REJOINING


def test_given_a_desk_phone_that_loses_its_registration_then_its_talk_goes_on():
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x")
    assert kinds(floor.phone("ana", Phone.GONE)) == ["PhoneChanged"]
    assert floor.agent("ana").shown is Shown.TALKING


def test_given_a_browser_that_comes_back_then_it_is_called_joined_and_its_old_leg_hung_up():
    floor = a_talk()
    old = talk(floor).leg
    floor.phone("ana-web", Phone.GONE)
    called = floor.phone("ana-web", Phone.REACHABLE, at=4)
    assert kinds(called) == ["PhoneChanged", "RejoinRung"]
    (ring,) = called.commands
    assert (ring.endpoint, ring.caller) == ("PJSIP/ana-web", "5551234")
    assert ring.timeout_ms == REJOIN_MS - 4_000
    new = talk(floor).back_leg
    assert commands(leg_up(floor)) == ["JoinAgent"]
    joined = floor.enters("x", new)
    assert kinds(joined) == ["PhoneRejoined", "LegDropped"]
    assert [each.leg for each in joined.commands] == [old]
    assert (talk(floor).leg, floor.agent("ana").shown) == (new, Shown.TALKING)


def test_given_a_page_that_still_has_its_call_then_it_says_busy_and_the_talk_goes_on_as_it_was():
    floor = a_talk()
    leg = talk(floor).leg
    floor.phone("ana-web", Phone.GONE)
    floor.phone("ana-web", Phone.REACHABLE)
    assert kinds(leg_ends(floor, talk(floor).back_leg, sip=486)) == ["PhoneRejoined"]
    assert (talk(floor).leg, floor.agent("ana").shown) == (leg, Shown.TALKING)


def test_given_a_leg_that_is_gone_too_when_the_call_back_finds_it_busy_then_they_are_not_back():
    floor = a_talk()
    floor.phone("ana-web", Phone.GONE)
    floor.phone("ana-web", Phone.REACHABLE)
    assert kinds(leg_ends(floor, talk(floor).leg, gone=False)) == ["PhoneLost"]
    assert kinds(leg_ends(floor, talk(floor).back_leg, sip=486)) == ["RejoinMissed"]


def test_given_a_call_back_that_fails_when_the_browser_comes_again_then_it_is_called_again_by_another_leg():
    floor = a_talk()
    floor.phone("ana-web", Phone.GONE)
    floor.phone("ana-web", Phone.REACHABLE)
    first = talk(floor).back_leg
    leg_ends(floor, first, sip=480)
    floor.phone("ana-web", Phone.GONE)
    floor.phone("ana-web", Phone.REACHABLE)
    assert talk(floor).back_leg not in (None, first)


def test_given_the_switch_that_refuses_to_call_back_then_that_is_a_miss():
    floor = a_talk()
    floor.phone("ana-web", Phone.GONE)
    (ring,) = floor.phone("ana-web", Phone.REACHABLE).commands
    assert kinds(floor.take(i.CommandFailed(ring, gone=False, message="Allocation failed"))) == ["RejoinMissed"]


def test_given_a_browser_that_stays_away_then_the_caller_waits_again_before_all_others_and_another_agent_is_rung():
    floor = a_talk(ready("ben"))
    floor.talks("y", at=1)
    floor.waits("z", at=2)
    floor.phone("ana-web", Phone.GONE, at=3)
    decision = floor.wake()
    assert kinds(decision) == ["LegDropped", "TalkEnded", "WrapUpDone", "ContactQueued"]
    assert "StartMusic" in commands(decision)
    assert floor.contact("x").phase is Phase.WAITING
    assert floor.agent("ana").shown is Shown.UNREACHABLE
    assert kinds(floor.agent_hangs_up("y"))[-1] == "OfferMade"
    assert floor.rung("x") == "ben", "who lost their agent is before z, who came later"
    assert floor.offer("x").id != "o-c-ast1-x-1-1", "an offer's id is never used twice"


def test_given_a_caller_whose_agent_stays_away_and_nobody_else_then_their_program_decides():
    floor = a_talk()
    floor.wants("ana", Intent.OFFLINE)
    floor.phone("ana-web", Phone.GONE)
    assert {"ContactUnqueued", "StepEnded"} <= set(kinds(floor.wake()))


def test_given_a_caller_who_leaves_meanwhile_then_both_legs_are_hung_up_and_the_agent_is_done():
    floor = a_talk()
    floor.phone("ana-web", Phone.GONE)
    floor.phone("ana-web", Phone.REACHABLE)
    legs = {talk(floor).leg, talk(floor).back_leg}
    decision = floor.leaves("x")
    assert {each.leg for each in decision.commands if isinstance(each, do.HangUpLeg)} == legs
    assert floor.agent("ana").shown is Shown.READY


def test_given_an_agent_who_hangs_up_at_the_page_meanwhile_then_the_talk_ends_as_always():
    floor = a_talk()
    floor.phone("ana-web", Phone.GONE)
    floor.phone("ana-web", Phone.REACHABLE)
    decision = leg_ends(floor, talk(floor).leg, gone=True)
    assert kinds(decision) == ["LegDropped", "TalkEnded", "WrapUpDone", "StepEnded"]


@pytest.mark.parametrize("phone", [Phone.GONE, Phone.REACHABLE])
def test_given_a_leg_that_the_switch_ends_for_want_of_sound_then_only_a_phone_that_is_gone_may_rejoin(phone):
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x")
    floor.phone("ana", phone)
    decision = floor.agent_hangs_up("x", gone=False)
    assert ("PhoneLost" in kinds(decision)) == (phone is Phone.GONE)


def test_given_a_page_that_says_it_is_new_then_it_is_called_back_though_nobody_saw_it_go():
    floor = a_talk()
    assert kinds(floor.take(i.RejoinAsked(AgentId("ana")))) == ["PhoneLost", "RejoinRung"]
    assert kinds(floor.take(i.RejoinAsked(AgentId("ana")))) == []
    assert kinds(floor.take(i.RejoinAsked(AgentId("nobody")))) == []


def test_given_an_agent_with_nothing_to_rejoin_when_their_page_asks_then_nothing_happens():
    floor = a_floor(agents=[ready("ana")])
    assert kinds(floor.take(i.RejoinAsked(AgentId("ana")))) == []


def test_given_a_gap_in_which_the_call_back_was_answered_then_it_is_joined_and_if_it_ended_it_is_a_miss():
    floor = a_talk()
    floor.phone("ana-web", Phone.GONE)
    floor.phone("ana-web", Phone.REACHABLE)
    back = talk(floor).back_leg
    floor.drops(at=2)
    seen = i.ChannelSeen(back, up=True, agent=AgentId("ana"))
    assert "JoinAgent" in commands(floor.survey(after_gap=True, at=3, extra=[seen]))
    floor.drops()
    assert "RejoinMissed" in kinds(floor.survey(after_gap=True, at=4))


def test_given_a_gap_in_which_the_old_leg_went_then_it_is_known_to_be_gone():
    floor = a_talk()
    floor.phone("ana-web", Phone.GONE)
    assert kinds(floor.survey(at=9, gone=[talk(floor).leg])) == ["PhoneLost"]
    assert talk(floor).leg_gone
