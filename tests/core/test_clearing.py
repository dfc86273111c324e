"""Legs that are to be gone: nobody is rung while one of theirs may still be, or yet come to be, on their phone."""

from __future__ import annotations

from ccplane.agents import facts as a
from ccplane.agents.facts import Phone
from ccplane.contacts import facts as f
from ccplane.contacts.facts import Withdrawal
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.talks import CLEAR_MS, LATE_MS
from ccplane.ids import offer_of_leg
from tests.core.floor import a_floor, c, doing, kinds, ready, the


def a_call_on_its_way_when_the_switch_is_lost(heard_of=False):
    """Ana was to be rung for x; the survey of the next connection does not show her leg, and she is given up."""
    floor = a_floor(agents=[ready("ana")])
    floor.waits("x", at=10)
    if heard_of:
        floor.alerts("x")
    leg = floor.offer("x").leg
    floor.drops(at=11)
    decision = floor.survey(after_gap=True, at=12, gone=[leg])
    assert the(decision, f.OfferWithdrawn).reason is Withdrawal.SWITCH_LOST
    return floor, leg


def not_found(floor, leg, answered=False):
    return floor.take(i.LegNotFound(offer_of_leg(leg), leg, answered))


def test_given_a_call_that_may_be_yet_to_come_when_the_switch_does_not_have_it_then_its_agent_is_not_free():
    floor, leg = a_call_on_its_way_when_the_switch_is_lost()
    assert not not_found(floor, leg).facts
    assert not floor.survey(at=13).facts
    assert floor.rung("x") is None


def test_given_a_call_that_may_be_yet_to_come_when_it_comes_then_it_is_hung_up_at_once_and_its_end_frees_the_agent():
    floor, leg = a_call_on_its_way_when_the_switch_is_lost()
    not_found(floor, leg)
    decision = floor.take(i.LegRinging(offer_of_leg(leg), leg, "ana"), at=14)
    assert decision.commands == (do.HangUpLeg(c("x"), leg, "answered_elsewhere"),)
    assert "OfferMade" in kinds(not_found(floor, leg)), "it was seen: now it is gone"


def test_given_a_call_that_may_be_yet_to_come_when_a_survey_shows_it_then_it_is_hung_up_though_its_contact_lives_on():
    floor, leg = a_call_on_its_way_when_the_switch_is_lost()
    not_found(floor, leg)
    decision = floor.survey(at=14, extra=[i.ChannelSeen(leg, up=False, sure=False)])
    assert [each.leg for each in decision.commands if isinstance(each, do.HangUpLeg)] == [leg]
    assert "OfferMade" in kinds(floor.let_go())


def test_given_a_call_that_may_be_yet_to_come_when_it_does_not_then_a_survey_long_after_says_so():
    floor, leg = a_call_on_its_way_when_the_switch_is_lost()
    decision = floor.wake()
    assert (floor.now, kinds(decision), doing(decision)) == (12_000 + LATE_MS, ["LegsSought"], ["LookAround"])
    decision = floor.survey()
    assert the(decision, a.LegCleared).leg == leg
    assert the(decision, f.OfferMade).agent == "ana"


def test_given_a_call_that_was_answered_when_the_switch_does_not_have_it_then_it_is_gone():
    floor, leg = a_call_on_its_way_when_the_switch_is_lost()
    assert kinds(not_found(floor, leg, answered=True)) == ["LegCleared", "OfferMade"]


def test_given_a_call_that_was_heard_of_when_the_survey_after_the_gap_does_not_show_it_then_it_is_gone():
    floor, _ = a_call_on_its_way_when_the_switch_is_lost(heard_of=True)
    assert floor.rung("x") == "ana"


def test_given_a_hang_up_that_was_lost_with_the_connection_then_the_next_survey_shows_the_leg_and_it_is_hung_up_again():
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x", at=10)
    leg = floor.contact("x").talk.leg
    floor.leaves("x", at=20)
    floor.waits("next", at=21)
    floor.drops(at=22)
    assert kinds(floor.wake()) == ["LegsSought"]
    decision = floor.survey(after_gap=True, at=30, extra=[i.ChannelSeen(leg, up=True, agent="ana")])
    assert [each.leg for each in decision.commands if isinstance(each, do.HangUpLeg)] == [leg]
    assert floor.rung("next") is None
    assert "OfferMade" in kinds(floor.let_go())


def test_given_a_leg_that_was_seen_when_the_survey_after_a_gap_does_not_show_it_then_it_is_gone_at_once():
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x", at=10)
    floor.leaves("x", at=20)
    assert not the(floor.survey(after_gap=True, at=21), a.LegCleared).told
    assert floor.agent("ana").free


def test_given_two_legs_of_which_one_may_be_yet_to_come_then_its_term_is_not_cut_short_by_the_other():
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x", at=10)
    floor.take(i.RejoinAsked("ana"), at=11)
    floor.leaves("x", at=12)
    assert floor.agent("ana").clear_by == 12_000 + LATE_MS


def test_given_two_nodes_when_one_is_surveyed_then_that_says_nothing_of_legs_at_the_other():
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x", at=10)
    floor.leaves("x", at=20)
    floor.take(i.SwitchSurveyed(node="ast2", version="22", began_at=21_000, gap_ms=0, after_gap=True,
                                channels={}, rooms={}, phones={}), at=21)  # fmt: skip
    assert not floor.agent("ana").free


def test_given_a_leg_that_stays_whatever_we_do_then_its_agent_is_never_rung_beside_it():
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x", at=10)
    leg = floor.contact("x").talk.leg
    floor.leaves("x", at=20)
    floor.waits("next", at=21)
    for _ in range(3):
        assert kinds(floor.wake()) == ["LegsSought"]
        decision = floor.survey(extra=[i.ChannelSeen(leg, up=True, agent="ana")])
        assert the(decision, a.LegDropped).deadline == floor.now + CLEAR_MS
        assert floor.rung("next") is None


def test_given_a_switch_that_began_anew_then_nothing_is_yet_to_come():
    floor = a_floor(agents=[ready("ana")])
    floor.survey(after_gap=True, started_at=1)
    floor.waits("x", at=10)
    floor.drops(at=11)
    decision = floor.survey(after_gap=True, at=12, gone=["x", floor.offer("x").leg], started_at=2)
    assert the(decision, a.LegCleared).told
    assert floor.agent("ana").free


def test_given_a_leg_that_rings_and_that_nothing_names_then_it_is_hung_up_and_whose_phone_it_is_rings_for_nobody():
    floor = a_floor(agents=[ready("ana"), ready("ben", since=1)])
    floor.talks("x", at=10)
    stray = "l-c-ast1-x-1-7-1"
    decision = floor.take(i.LegRinging(offer_of_leg(stray), stray, "ben"))
    assert decision.commands == (do.HangUpLeg(c("x"), stray, "answered_elsewhere"),)
    floor.waits("y")
    assert floor.rung("y") is None
    assert "OfferMade" in kinds(floor.take(i.LegEnded(offer_of_leg(stray), stray, 16)))


def test_given_a_call_back_that_should_be_there_and_is_not_then_they_are_called_back_once_more():
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x", at=10)
    floor.take(i.LegEnded(floor.offer("x").offer, floor.offer("x").leg, 44, gone=False, no_media=True), at=20)
    first = floor.contact("x").talk.back_leg
    decision = floor.take(i.LegNotFound(offer_of_leg(first), first, answered=False), at=22)
    assert kinds(decision) == ["LegDropped", "RejoinMissed", "RejoinRung"]
    assert the(decision, a.LegDropped).unseen, "it may be yet to come"
    assert floor.contact("x").talk.back_leg not in (None, first)


def test_given_a_call_that_should_be_there_and_is_not_then_the_offer_is_taken_back_and_made_to_another():
    floor = a_floor(agents=[ready("ana"), ready("ben", since=1)])
    floor.waits("x", at=10)
    decision = not_found(floor, floor.offer("x").leg)
    assert kinds(decision) == ["LegDropped", "OfferWithdrawn", "OfferMade"]
    assert floor.rung("x") == "ben"
    assert floor.agent("ana").misses == 0
    assert not floor.agent("ana").free


def test_given_a_call_that_rings_when_it_is_said_not_to_be_there_then_the_ring_is_believed():
    floor = a_floor(agents=[ready("ana")])
    floor.waits("x", at=10)
    floor.alerts("x")
    assert not not_found(floor, floor.offer("x").leg).facts


def test_given_a_phone_to_which_another_call_comes_while_ours_rings_then_another_is_rung_and_nothing_is_missed():
    floor = a_floor(agents=[ready("ana"), ready("ben", since=1)])
    floor.waits("x", at=10)
    leg = floor.offer("x").leg
    floor.alerts("x")
    queued = floor.contact("x").waiting
    decision = floor.phone("ana", Phone.IN_USE, at=11)
    assert the(decision, f.OfferWithdrawn).reason is Withdrawal.OTHER_CALL
    assert the(decision, do.HangUpLeg) == do.HangUpLeg(c("x"), leg, "answered_elsewhere")
    assert (floor.rung("x"), floor.agent("ana").misses) == ("ben", 0)
    assert floor.contact("x").waiting.queued_at == queued.queued_at


def test_given_an_agent_who_has_answered_when_another_call_comes_to_their_phone_then_nothing_changes():
    floor = a_floor(agents=[ready("ana")])
    floor.waits("x", at=10)
    floor.picks_up("x")
    assert kinds(floor.phone("ana", Phone.IN_USE)) == ["PhoneChanged"]
    assert "TalkStarted" in kinds(floor.joins("x"))


def test_given_a_switch_that_answers_two_seconds_late_each_way_then_a_join_is_waited_for():
    floor = a_floor(agents=[ready("ana")])
    floor.waits("x", at=10)
    floor.picks_up("x", at=12)
    assert not floor.tick(at=16.5).facts
    assert "TalkStarted" in kinds(floor.joins("x"))


def test_given_a_call_that_may_be_yet_to_come_when_its_agent_rejects_it_by_screen_then_they_are_not_free_either():
    floor = a_floor(agents=[ready("ana")])
    floor.waits("x", at=10)
    leg = floor.offer("x").leg
    floor.take(i.RejectAsked("ana", floor.offer("x").id))
    assert floor.agent("ana").unseen == (leg,)
