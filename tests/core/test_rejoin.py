"""A browser that vanishes in mid-talk: ten seconds to come back, before anything else happens."""

from __future__ import annotations

import pytest

from ccplane.agents.agent import Shown
from ccplane.agents.facts import Intent, Phone
from ccplane.contacts.contact import Phase
from ccplane.contacts.facts import ContactEnded, EndedBy, TalkEnded
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.rejoin import REJOIN_MS
from ccplane.ids import AgentId, DeviceName, SeatId
from tests.core.floor import SUPPORT, a_floor, c, kinds, offline, ready, the

HOLD = {"zh-CN": "sound:hold-zh"}


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
    assert commands(decision) == ["ListenTo"], "the sound may well go on"
    assert floor.agent("ana").shown is Shown.REJOINING


def at_a_desk(*others):
    """Ana talks with x at her desk phone."""
    floor = a_floor(agents=[ready("ana"), *others], hold=HOLD)
    floor.talks("x")
    return floor


def listened(floor, heard):
    return floor.take(i.LegListened(c("x"), talk(floor).offer, heard))


def test_given_one_who_is_back_by_another_leg_and_lost_again_then_an_answer_about_the_old_leg_says_nothing():
    floor = a_talk()
    (asked,) = floor.phone("ana-web", Phone.GONE).commands
    floor.phone("ana-web", Phone.REACHABLE)
    leg_up(floor)
    floor.enters("x", talk(floor).back_leg)
    (again,) = floor.phone("ana-web", Phone.GONE).commands
    assert asked.leg != again.leg
    decision = floor.take(i.LegListened(c("x"), talk(floor).offer, heard=False, leg=asked.leg))
    assert (decision.facts, decision.commands) == ((), ())
    assert kinds(floor.take(i.LegListened(c("x"), talk(floor).offer, heard=False, leg=again.leg))) == ["PhoneLost"]


def loses_its_sound(floor):
    return floor.take(i.LegEnded(talk(floor).offer, talk(floor).leg, 44, gone=False, no_media=True))


def test_given_a_desk_phone_that_loses_its_registration_then_its_talk_goes_on_as_long_as_it_is_heard():
    floor = at_a_desk()
    decision = floor.phone("ana", Phone.GONE)
    assert kinds(decision) == ["PhoneChanged"]
    assert [each.leg for each in decision.commands] == [talk(floor).leg]
    assert floor.agent("ana").shown is Shown.TALKING
    assert commands(listened(floor, heard=True)) == ["ListenTo"]
    floor.phone("ana", Phone.REACHABLE)
    assert commands(listened(floor, heard=True)) == []
    assert kinds(listened(floor, heard=False)) == [], "it is there, and only silent"


def test_given_a_desk_phone_that_is_gone_and_not_heard_then_its_caller_is_asked_to_hold_and_offered_to_another():
    floor = at_a_desk(ready("ben"))
    floor.waits("z", at=1)
    floor.refuses("z", cause=19)
    floor.waits("y", at=2)
    floor.phone("ana", Phone.GONE, at=3)
    decision = listened(floor, heard=False)
    assert kinds(decision)[:4] == ["PhoneLost", "LegDropped", "TalkEnded", "WrapUpDone"]
    assert [each.by for each in decision.facts if isinstance(each, TalkEnded)] == [EndedBy.PHONE_LOST]
    assert floor.contact("x").phase is Phase.WAITING
    assert [each.sounds for each in decision.commands if isinstance(each, do.SayToWaiting)] == [("sound:hold-zh",)]
    assert floor.agent("ana").shown is Shown.UNREACHABLE
    assert floor.state.lines[SUPPORT][0].contact == c("x"), "before those who came later"


def test_given_one_who_waits_again_when_the_prompt_is_over_then_there_is_music_and_when_somebody_answers_neither():
    floor = at_a_desk()
    floor.phone("ana", Phone.GONE)
    listened(floor, heard=False)
    assert commands(floor.take(i.HoldSaid(c("x")))) == ["StartMusic"]
    floor.phone("ana", Phone.REACHABLE)
    floor.let_go()
    floor.wake()
    assert floor.rung("x") == "ana"
    assert {"StopSounds", "StopMusic"} <= set(commands(floor.picks_up("x")))
    floor.joins("x")
    assert commands(floor.take(i.HoldSaid(c("x")))) == []


def test_given_a_phone_that_is_there_but_sends_no_sound_then_it_is_called_back_while_the_caller_holds():
    floor = at_a_desk()
    decision = loses_its_sound(floor)
    assert kinds(decision) == ["PhoneLost", "RejoinRung"]
    assert commands(decision) == ["StartMusic", "SayToWaiting", "RingBack"]
    leg_ends(floor, talk(floor).leg, cause=44)
    leg_up(floor)
    joined = floor.enters("x", talk(floor).back_leg)
    assert kinds(joined) == ["PhoneRejoined"]
    assert {"StopSounds", "StopMusic"} <= set(commands(joined))


def test_given_a_phone_that_is_called_back_in_vain_then_the_caller_waits_for_others_first():
    floor = at_a_desk()
    loses_its_sound(floor)
    leg_ends(floor, talk(floor).back_leg, sip=480)
    floor.wake()
    assert floor.contact("x").phase is Phase.WAITING
    assert floor.agent("ana").rest_until is not None


def test_given_a_desk_phone_that_is_gone_when_the_switch_ends_its_leg_for_want_of_sound_then_nothing_is_hoped_of_it():
    floor = at_a_desk()
    floor.phone("ana", Phone.GONE)
    assert {"PhoneLost", "TalkEnded"} <= set(kinds(floor.agent_hangs_up("x", gone=False)))
    assert floor.agent("ana").shown is Shown.UNREACHABLE


def test_given_a_browser_that_is_gone_and_not_heard_then_its_caller_holds_while_it_may_come_back():
    floor = a_talk()
    floor.phone("ana-web", Phone.GONE)
    assert commands(listened(floor, heard=True)) == ["ListenTo"]
    decision = listened(floor, heard=False)
    assert kinds(decision) == ["PhoneLost"]
    assert commands(decision) == ["StartMusic"], "this site has no such prompt"
    assert floor.agent("ana").shown is Shown.REJOINING
    assert commands(listened(floor, heard=False)) == []
    floor.phone("ana-web", Phone.REACHABLE)
    leg_up(floor)
    assert "StopMusic" in commands(floor.enters("x", talk(floor).back_leg))


def test_given_an_agent_who_hangs_up_while_the_caller_holds_then_there_is_no_music_any_more():
    floor = a_talk()
    floor.phone("ana-web", Phone.GONE)
    listened(floor, heard=False)
    assert "StopMusic" in commands(leg_ends(floor, talk(floor).leg, gone=True))


def test_given_a_caller_whose_phone_vanishes_then_that_is_said_and_the_agent_is_done():
    floor = at_a_desk()
    decision = floor.take(i.CallerGone(c("x"), 44, no_media=True))
    ended = [each for each in decision.facts if isinstance(each, TalkEnded | ContactEnded)]
    assert [each.by for each in ended] == [EndedBy.NO_MEDIA, EndedBy.NO_MEDIA]
    assert ended[-1].cause == 44
    assert floor.agent("ana").shown is Shown.READY


def test_given_a_gap_in_which_a_phone_was_listened_to_then_it_is_again():
    floor = at_a_desk()
    floor.phone("ana", Phone.GONE)
    floor.drops(at=1)
    assert "ListenTo" in commands(floor.survey(after_gap=True, at=2))


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


def test_given_a_survey_that_began_before_they_rejoined_then_it_does_not_miss_the_leg():
    floor = a_talk()
    floor.waits("y")
    old = talk(floor).leg
    floor.phone("ana-web", Phone.GONE, at=100)
    floor.phone("ana-web", Phone.REACHABLE, at=101.1)
    back = talk(floor).back_leg
    leg_up(floor)
    floor.enters("x", back, at=101.5)
    floor.take(i.LegEnded(talk(floor).offer, old, 16))
    assert "TalkEnded" not in kinds(floor.survey(began=101, at=102, gone=[back], up=["y"]))
    assert floor.rung("y") is None


def test_given_a_switch_that_nobody_watches_then_a_phone_has_its_whole_time_to_come_back_afterwards():
    floor = a_talk()
    floor.phone("ana-web", Phone.GONE, at=100)
    floor.drops(at=101)
    assert not floor.tick(at=111).facts
    floor.survey(after_gap=True, at=112, up=[talk(floor).leg])
    assert not floor.tick(at=121).facts
    assert "TalkEnded" in kinds(floor.tick(at=122))


def test_given_a_join_of_one_called_back_that_is_refused_then_that_leg_is_hung_up():
    floor = a_talk()
    floor.phone("ana-web", Phone.GONE, at=100)
    floor.phone("ana-web", Phone.REACHABLE, at=101)
    back = talk(floor).back_leg
    (join,) = [each for each in leg_up(floor).commands if isinstance(each, do.JoinAgent)]
    decision = floor.take(i.CommandFailed(join, gone=False, message="no"))
    assert the(decision, do.HangUpLeg).leg == back
    assert "RejoinMissed" in kinds(decision)


def test_given_a_desk_phone_that_died_while_nobody_watched_then_its_caller_waits_again_at_the_old_place():
    floor = at_a_desk(ready("ben"))
    leg = talk(floor).leg
    floor.drops(at=50)
    floor.survey(after_gap=True, at=70, gone=[leg], phones={DeviceName("ana"): Phone.GONE})
    assert floor.rung("x") == "ben"
