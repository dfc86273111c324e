"""An offer from ring to talk: all that phones do, and what becomes of the caller meanwhile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.agents import facts as a
from ccplane.agents.agent import Shown, Work, once_more
from ccplane.agents.facts import Intent, Seat
from ccplane.asterisk.wire import Limits
from ccplane.contacts import facts as f
from ccplane.contacts.contact import Phase
from ccplane.contacts.offer import OfferState
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.talks import CLEAR_MS, LATE_MS
from ccplane.ids import SeatId, offer_of_leg
from ccplane.routing.misses import MissRule, too_many
from tests.core.floor import SUPPORT, a_floor, a_queue, c, doing, kinds, paused, ready, the, unknown


def two_agents(**queue):
    return a_floor(agents=[ready("ana"), ready("ben", since=1)], queues=[a_queue(**queue)])


# ------------------------------------------------------------------------------------------------------- it goes well


def test_given_an_offer_when_the_phone_rings_answers_and_both_are_in_the_room_then_they_talk():
    floor = two_agents()
    floor.waits(at=10)
    assert kinds(floor.alerts("x", at=11)) == ["OfferRinging"]
    answered = floor.picks_up("x", at=15)
    assert the(answered, f.OfferAnswered).ring_ms == 4_000
    assert doing(answered) == ["StopMusic", "JoinAgent"]
    assert floor.contact("x").phase is Phase.CONNECTING
    started = the(floor.joins("x", at=15.003), f.TalkStarted)
    assert (started.waited_ms, started.queue_segment, started.segment) == (5_003, 1, 2)
    assert floor.agent("ana").shown is Shown.TALKING


def test_given_a_phone_that_never_said_180_when_it_answers_then_ring_time_runs_from_the_offer():
    floor = two_agents()
    floor.waits(at=10)
    assert the(floor.picks_up("x", at=12), f.OfferAnswered).ring_ms == 2_000


def test_given_a_caller_not_yet_in_the_room_when_the_agent_is_then_the_talk_begins_with_the_caller():
    floor = two_agents()
    floor.waits(in_room=False)
    floor.picks_up("x")
    assert kinds(floor.joins("x")) == ["AgentEnteredRoom"]
    assert not floor.joins("x").facts
    assert kinds(floor.enters("x")) == ["CallerEnteredRoom", "TalkStarted"]


def test_given_an_offer_then_the_leg_carries_the_epoch_and_the_switch_stops_ringing_after_us():
    floor = two_agents(ring=7)
    rung = the(floor.waits(in_room=False), do.RingAgent)
    assert rung.leg.endswith("-1"), "the epoch"
    assert floor.offer("x").deadline == floor.now + 7_000, "as long as its queue says"
    assert rung.timeout_ms == 9_000
    assert (rung.endpoint, rung.caller, rung.caller_name) == ("PJSIP/ana", "5551234", "Ann")


def test_given_a_talk_with_no_wrap_up_when_the_agent_hangs_up_then_the_next_caller_rings_in_the_same_breath():
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x")
    floor.waits("next")
    decision = floor.agent_hangs_up("x")
    assert kinds(decision) == ["TalkEnded", "WrapUpDone", "StepEnded", "OfferMade"]
    assert the(decision, f.OfferMade).contact == c("next")


def test_given_a_talk_with_wrap_up_when_it_ends_then_the_next_caller_rings_when_the_time_is_over():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(wrap_up=30)])
    floor.talks("x", at=0)
    floor.waits("next", at=50)
    assert kinds(floor.agent_hangs_up("x", at=60)) == ["TalkEnded", "StepEnded"]
    assert floor.agent("ana").shown is Shown.WRAP_UP
    assert kinds(floor.wake()) == ["WrapUpDone", "OfferMade"]
    assert floor.now == 90_000


def test_given_wrap_up_when_the_agent_is_done_before_the_time_then_the_next_caller_rings():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(wrap_up=30)])
    floor.talks("x")
    floor.leaves("x")
    floor.let_go()
    floor.waits("next")
    assert kinds(floor.take(i.WrapUpEnded("ana"))) == ["WrapUpDone", "OfferMade"]
    assert not floor.take(i.WrapUpEnded("ana")).facts


# -------------------------------------------------------------------------------------------------------- it is missed


@pytest.mark.parametrize(
    ("sip", "cause", "why", "rests"),
    [
        (486, 17, f.MissCause.BUSY, True),
        (603, 21, f.MissCause.REJECTED, True),
        (600, 17, f.MissCause.REJECTED, True),
        (404, 1, f.MissCause.UNREACHABLE, True),
        (503, 34, f.MissCause.UNREACHABLE, True),
        (500, 38, f.MissCause.UNREACHABLE, True),
        (480, 19, f.MissCause.NO_ANSWER, False),
        (408, 18, f.MissCause.NO_ANSWER, False),
        (0, 17, f.MissCause.BUSY, True),
        (0, 21, f.MissCause.REJECTED, True),
        (0, 19, f.MissCause.NO_ANSWER, False),
        (0, 0, f.MissCause.UNREACHABLE, True),
    ],
)
def test_given_a_phone_that_does_not_take_it_then_the_next_agent_rings_and_the_caller_keeps_place_and_clock(
    sip, cause, why, rests
):
    floor = two_agents()
    floor.waits(at=10)
    floor.waits("behind", at=11)
    floor.refuses("behind", 486)
    decision = floor.refuses("x", sip, cause, at=14)
    missed = the(decision, f.OfferMissed)
    assert (missed.cause, missed.sip, missed.ring_ms, missed.rang) == (why, sip, 4_000, False)
    assert missed.rest_until == (19_000 if rests else None)
    assert floor.contact("x").waiting.queued_at == 10_000
    if rests:
        assert [each.contact for each in floor.state.lines[SUPPORT]] == [c("x"), c("behind")]
        assert "StopMusic" not in doing(decision)


def test_given_a_phone_that_rings_out_when_the_deadline_passes_then_it_is_hung_up_and_the_next_agent_rings():
    floor = two_agents(ring=20)
    floor.waits(at=10)
    floor.alerts("x", at=11)
    decision = floor.wake()
    assert floor.now == 30_000
    assert kinds(decision) == ["LegDropped", "OfferMissed", "OfferMade"]
    assert doing(decision) == ["HangUpLeg", "RingAgent"]
    missed = the(decision, f.OfferMissed)
    assert (missed.cause, missed.rang, missed.ring_ms) == (f.MissCause.NO_ANSWER, True, 19_000)
    assert floor.rung("x") == "ben"


def test_given_the_only_agent_who_did_not_answer_then_they_are_asked_again_by_a_new_offer_once_that_call_is_gone():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    first = floor.offer("x").id
    floor.wake()
    assert floor.rung("x") is None
    assert kinds(floor.let_go()) == ["LegCleared", "OfferMade"]
    assert floor.rung("x") == "ana"
    assert floor.offer("x").id != first


def test_given_an_originate_that_is_refused_then_the_next_agent_rings_and_the_first_rests():
    floor = two_agents()
    command = the(floor.waits(in_room=False), do.RingAgent)
    decision = floor.take(i.CommandFailed(command, gone=False, message="Allocation failed"))
    assert the(decision, f.OfferMissed).cause is f.MissCause.UNREACHABLE
    assert the(decision, f.OfferMade).agent == "ben"
    assert not floor.take(i.CommandFailed(command, gone=False, message="again")).facts


def test_given_an_agent_who_rests_when_the_time_is_over_then_they_are_offered_who_waits():
    floor = a_floor(agents=[ready("ana")])
    floor.waits(at=10)
    floor.refuses("x", 486, at=12)
    assert floor.rung("x") is None
    assert kinds(floor.wake()) == ["AgentRested", "OfferMade"]
    assert floor.now == 17_000


def test_given_an_agent_who_rests_when_they_say_ready_again_then_the_rest_is_over():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    floor.refuses("x", 486)
    assert kinds(floor.wants("ana", Intent.READY)) == ["IntentChanged", "AgentRested", "OfferMade"]
    assert floor.agent("ana").misses == 0


def test_given_an_agent_who_missed_thrice_in_a_row_then_they_are_paused_with_the_cause_shown():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    for _ in range(2):
        floor.wake()
        floor.let_go()
    decision = floor.wake()
    changed = floor.agent("ana")
    assert kinds(decision) == ["LegDropped", "OfferMissed", "IntentChanged"]
    assert the(decision, do.MirrorIntent).ready is False
    assert (changed.intent, changed.shown) == (Intent.PAUSED, Shown.PAUSED)
    assert changed.reason == "missed 3 offers in a row, the last: no-answer"
    assert floor.contact("x").phase is Phase.WAITING


def test_given_an_agent_who_missed_twice_when_they_answer_then_the_count_begins_anew():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    for _ in range(2):
        floor.wake()
        floor.let_go()
    floor.picks_up("x")
    assert floor.agent("ana").misses == 2, "an answer is not yet a talk"
    floor.joins("x")
    assert floor.agent("ana").misses == 0


def test_given_a_phone_that_answers_and_dies_again_and_again_then_its_agent_is_paused_with_the_cause_shown():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    for _ in range(2):
        floor.picks_up("x")
        floor.refuses("x", cause=16)
        floor.wake()
    floor.picks_up("x")
    decision = floor.refuses("x", cause=16)
    assert kinds(decision) == ["ConnectFailed", "IntentChanged"]
    assert doing(decision) == ["MirrorIntent", "StartMusic"], "the leg went by itself"
    assert floor.agent("ana").intent is Intent.PAUSED
    assert floor.agent("ana").reason == "missed 3 offers in a row, the last: agent-gone"


def test_given_a_join_that_is_never_shown_then_it_counts_as_a_miss():
    floor = a_floor(agents=[ready("ana")], misses_until_pause=1)
    floor.waits()
    floor.picks_up("x")
    floor.wake()
    assert floor.agent("ana").reason.endswith("the last: not-joined")


def test_given_a_caller_who_leaves_before_the_talk_then_the_agents_misses_stay_as_they_were():
    floor = a_floor(agents=[ready("ana")])
    floor.waits("w")
    floor.refuses("w", 486)
    floor.leaves("w")
    floor.wake()
    floor.waits()
    floor.picks_up("x")
    floor.leaves("x")
    assert floor.agent("ana").misses == 1


def test_given_an_agent_who_was_paused_for_misses_when_they_are_ready_again_then_one_more_miss_does_not_pause_them():
    floor = a_floor(agents=[ready("ana")], misses_until_pause=1)
    floor.waits()
    floor.wake()
    floor.let_go()
    floor.wants("ana", Intent.READY)
    assert floor.agent("ana").misses == 0
    assert floor.rung("x") == "ana"


def test_given_an_agent_who_pauses_while_it_rings_when_they_miss_it_then_their_own_reason_stays():
    floor = a_floor(agents=[ready("ana")], misses_until_pause=1)
    floor.waits()
    floor.wants("ana", Intent.PAUSED, "lunch")
    floor.wake()
    assert floor.agent("ana").reason == "lunch"


CAUSES = {"rejected": 603, "busy": 486, "unreachable": 503, "no-answer": 480}


@pytest.mark.parametrize("cause", CAUSES)
def test_given_a_rule_for_a_cause_then_it_rests_by_that_and_all_others_as_ever(cause):
    for missed in CAUSES:
        floor = a_floor(
            agents=[ready("ana"), ready("ben", since=5)], missed={f.MissCause(cause): MissRule(rest_ms=30_000)}
        )
        floor.waits()
        told = the(floor.refuses("x", CAUSES[missed], at=10), f.OfferMissed)
        rest = 30_000 if missed == cause else None if missed == "no-answer" else 5_000
        assert told.rest_until == (None if rest is None else 10_000 + rest)


def test_given_a_cause_with_a_limit_of_its_own_then_it_pauses_by_that_and_counts_among_no_others():
    """Two that were busy, between three that nobody answered: only the third of those pauses."""
    floor = a_floor(agents=[ready("ana")], missed={f.MissCause.BUSY: MissRule(rest_ms=0, limit=3)})
    floor.waits()
    for sip in (486, 480, 486, 480):
        floor.refuses("x", sip)
        assert floor.agent("ana").intent is Intent.READY
    assert floor.agent("ana").misses == 4
    floor.refuses("x", 480)
    assert floor.agent("ana").reason == "missed 3 offers in a row, the last: no-answer"


def test_given_a_limit_of_one_for_a_cause_then_the_first_pauses():
    floor = a_floor(agents=[ready("ana"), ready("ben", since=5)], missed={f.MissCause.REJECTED: MissRule(limit=1)})
    floor.waits()
    floor.refuses("x", 603)
    assert (floor.rung("x"), floor.agent("ana").reason) == ("ben", "missed 1 offer in a row, the last: rejected")


@given(
    st.dictionaries(st.sampled_from(f.MissCause), st.builds(MissRule, st.none(), st.none() | st.integers(1, 4))),
    st.integers(1, 4),
    st.lists(st.sampled_from(f.MissCause), max_size=12),
)
def test_whatever_is_missed_in_whatever_order_the_first_that_is_one_too_many_pauses(rules, limit, causes):
    """By its own limit where the cause has one, else together with all that have none."""
    missed = {}
    for cause in causes:
        missed = once_more(missed, cause)
        own = rules[cause].limit if cause in rules else None
        alike = [each for each in causes if (rules[each].limit if each in rules else None) is None]
        count, pauses = too_many(rules, missed, cause.value, limit)
        if own is not None:
            assert (count, pauses) == (missed[cause.value], missed[cause.value] >= own)
        else:
            assert count == sum(missed.get(each.value, 0) for each in set(alike))
            assert pauses == (count >= limit)


AT_A_SEAT = (Seat(id=SeatId("ana"), auto_answer=True),)


def picks_up_by_itself(**rules):
    """Ana's phone is told to; Ben's is not."""
    floor = a_floor(agents=[ready("ana"), ready("ben", since=5)], **rules)
    floor.take(i.PeopleRead(tuple(agent.profile for agent in floor.state.agents.values()), AT_A_SEAT))
    return floor


def test_given_a_phone_that_is_to_pick_up_by_itself_and_does_not_then_it_failed_at_that_and_the_next_one_rings():
    floor = picks_up_by_itself(auto_answer_ms=4_000)
    rung = the(floor.waits(at=10), do.RingAgent)
    assert (rung.auto_answer, rung.timeout_ms) == (True, 6_000)
    decision = floor.wake()
    assert floor.now == 14_000
    missed = the(decision, f.OfferMissed)
    assert (missed.cause, missed.rest_until) == (f.MissCause.AUTO_ANSWER_FAILED, 19_000)
    assert floor.rung("x") == "ben"
    assert floor.contact("x").waiting.queued_at == 10_000, "place and clock are kept"


def test_given_a_phone_that_is_to_pick_up_by_itself_when_it_refuses_then_the_cause_is_its_own():
    floor = picks_up_by_itself()
    floor.waits()
    assert the(floor.refuses("x", 486), f.OfferMissed).cause is f.MissCause.BUSY


def test_given_a_phone_that_is_to_pick_up_by_itself_when_the_queue_rings_for_less_then_it_has_only_that():
    floor = picks_up_by_itself(queues=[a_queue(ring=2)], auto_answer_ms=4_000)
    floor.waits(at=10)
    floor.wake()
    assert floor.now == 12_000


@pytest.mark.parametrize("cause", CAUSES)
def test_given_a_miss_by_whatever_cause_then_the_caller_is_before_all_who_came_later(cause):
    floor = a_floor(agents=[ready("ana")])
    floor.waits("x", at=10)
    floor.waits("later", at=11)
    floor.refuses("x", CAUSES[cause], at=15)
    floor.wants("ana", Intent.READY)
    assert (floor.rung("x"), floor.rung("later")) == ("ana", None)
    assert floor.contact("x").waiting.queued_at == 10_000


# ------------------------------------------------------------------------------------------- the two are not joined


def test_given_an_agent_gone_between_up_and_room_then_the_caller_hears_music_again_and_the_next_agent_rings():
    floor = two_agents()
    floor.waits(at=10)
    floor.picks_up("x", at=12)
    decision = floor.refuses("x", cause=16, at=12)
    assert the(decision, f.ConnectFailed).cause is f.ConnectFailure.AGENT_GONE
    assert doing(decision) == ["StartMusic", "RingAgent"]
    assert floor.rung("x") == "ben"
    assert floor.contact("x").waiting.queued_at == 10_000
    assert floor.agent("ana").rest_until == 17_000


def test_given_a_join_that_the_switch_refuses_then_it_is_as_if_the_agent_were_gone():
    floor = two_agents()
    floor.waits()
    command = the(floor.picks_up("x"), do.JoinAgent)
    decision = floor.take(i.CommandFailed(command, gone=True, message="Channel not found"))
    assert kinds(decision) == ["LegDropped", "ConnectFailed", "OfferMade"]
    assert doing(decision) == ["HangUpLeg", "StartMusic", "RingAgent"]


def test_given_a_join_that_the_switch_never_shows_when_the_deadline_passes_then_it_failed():
    floor = two_agents()
    floor.waits(at=10)
    floor.picks_up("x", at=12)
    decision = floor.wake()
    assert floor.now == 20_000
    assert the(decision, f.ConnectFailed).cause is f.ConnectFailure.NOT_JOINED
    assert "StartMusic" in doing(decision)
    assert "AddCaller" not in doing(decision)


def test_given_a_network_that_carries_nothing_for_a_while_when_it_does_again_then_the_two_are_joined():
    """For as long as its connection may live through that: until the next probe, and while that may be answered."""
    floor = two_agents()
    floor.waits()
    floor.picks_up("x", at=15)
    limits = Limits()
    floor.tick(at=15 + limits.probe_every + limits.probe_echo)
    assert kinds(floor.joins("x", at=22.5)) == ["TalkStarted"]


def test_given_a_caller_never_seen_in_the_room_when_the_join_fails_then_they_are_put_there_again():
    floor = two_agents()
    floor.waits(in_room=False)
    floor.picks_up("x")
    assert doing(floor.wake())[:3] == ["HangUpLeg", "AddCaller", "StartMusic"]


def test_given_an_offer_that_is_over_when_its_phone_answers_then_it_is_hung_up_without_a_missed_call():
    floor = two_agents()
    floor.waits()
    late = floor.offer("x")
    floor.wake()
    decision = floor.take(i.LegUp(late.id, late.leg))
    assert kinds(decision) == ["LegDropped"], "it was not known to be there"
    assert decision.commands == (do.HangUpLeg(c("x"), late.leg, "answered_elsewhere"),)
    assert floor.contact("x").offer.state is OfferState.MADE


def test_given_a_contact_that_is_over_when_its_phone_answers_then_it_is_hung_up():
    floor = a_floor()
    (command,) = floor.take(i.LegUp("o-c-ast1-nobody-1-1", "l-c-ast1-nobody-1-1-1")).commands
    assert command == do.HangUpLeg(unknown(), "l-c-ast1-nobody-1-1-1", "answered_elsewhere")


def test_given_a_leg_of_an_earlier_epoch_when_it_answers_for_the_same_offer_then_it_is_not_taken_for_ours():
    floor = two_agents()
    floor.waits()
    offer = floor.offer("x")
    decision = floor.take(i.LegUp(offer.id, f"{offer.leg[:-1]}0"))
    assert doing(decision) == ["HangUpLeg"]
    assert floor.contact("x").phase is Phase.WAITING


def test_given_a_talk_when_its_leg_is_told_up_once_more_then_it_is_not_hung_up():
    floor = two_agents()
    floor.talks()
    talk = floor.contact("x").talk
    assert not floor.take(i.LegUp(talk.offer, talk.leg)).commands


# ----------------------------------------------------------------------------------------------- the caller is gone


def test_given_a_caller_in_a_program_when_they_leave_then_the_contact_ends():
    floor = a_floor()
    floor.arrives()
    decision = floor.leaves("x", cause=16)
    assert kinds(decision) == ["ContactEnded"]
    assert doing(decision) == ["CloseRoom"]
    assert (the(decision, f.ContactEnded).by, the(decision, f.ContactEnded).cause) == (f.EndedBy.CALLER, 16)


def test_given_a_waiting_caller_when_they_leave_then_they_abandoned():
    floor = a_floor(agents=[paused("ana")])
    floor.waits(at=10)
    decision = floor.leaves("x", at=13)
    assert kinds(decision) == ["ContactUnqueued", "ContactEnded"]
    assert the(decision, f.ContactUnqueued).outcome is f.QueueOutcome.ABANDONED
    assert the(decision, f.ContactUnqueued).waited_ms == 3_000


@pytest.mark.parametrize("rang", [True, False])
def test_given_a_phone_that_is_called_when_the_caller_leaves_then_no_miss_is_counted_and_the_next_has_the_agent(rang):
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    if rang:
        floor.alerts("x")
    floor.waits("next")
    leg = floor.offer("x").leg
    decision = floor.leaves("x")
    assert kinds(decision) == ["LegDropped", "OfferWithdrawn", "ContactUnqueued", "ContactEnded"]
    assert the(decision, do.HangUpLeg) == do.HangUpLeg(c("x"), leg, "answered_elsewhere")
    assert the(decision, f.OfferWithdrawn).rang is rang
    assert floor.agent("ana").misses == 0
    assert the(floor.let_go(), f.OfferMade).contact == c("next")


def test_given_an_agent_who_answered_when_the_caller_leaves_before_the_talk_then_the_agent_does_not_rest():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    floor.picks_up("x")
    decision = floor.leaves("x")
    assert kinds(decision) == ["LegDropped", "ConnectFailed", "ContactUnqueued", "ContactEnded"]
    assert the(decision, f.ConnectFailed).cause is f.ConnectFailure.CALLER_GONE
    assert "StartMusic" not in doing(decision)
    floor.let_go()
    assert floor.agent("ana").free


def test_given_a_talk_when_the_caller_leaves_then_the_agents_leg_is_hung_up_and_wrap_up_begins():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(wrap_up=30)])
    floor.talks("x", at=10)
    decision = floor.leaves("x", at=70)
    assert kinds(decision) == ["LegDropped", "TalkEnded", "ContactEnded"]
    assert doing(decision) == ["HangUpLeg", "CloseRoom"]
    assert (the(decision, f.TalkEnded).talk_ms, the(decision, f.TalkEnded).by) == (60_000, f.EndedBy.CALLER)
    assert floor.agent("ana").work is Work.WRAP_UP


def test_given_wrap_up_when_the_caller_is_said_to_leave_once_more_then_nothing_happens():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(wrap_up=30)])
    floor.talks()
    floor.leaves("x")
    assert not floor.leaves("x").facts


# ------------------------------------------------------------------------- the leg that we hung up is on its way out


def caller_left_in_talk(floor):
    floor.picks_up("x")
    floor.joins("x")
    return floor.leaves("x", at=15)


def caller_left_before_the_talk(floor):
    floor.picks_up("x")
    return floor.leaves("x", at=15)


def offer_withdrawn(floor):
    return floor.leaves("x", at=15)


def ring_out(floor):
    return floor.wake()


def join_refused(floor):
    join = the(floor.picks_up("x"), do.JoinAgent)
    return floor.take(i.CommandFailed(join, gone=False, message="Channel not in Stasis application"), at=15)


def join_never_shown(floor):
    floor.picks_up("x")
    return floor.wake()


DROPS = [caller_left_in_talk, caller_left_before_the_talk, offer_withdrawn, ring_out, join_refused, join_never_shown]
RESTS = 1
"""ms, and so over long before the leg is gone"""


def with_ana_dropped(by, **site):
    """Ana's leg was hung up in this way: she is idle, "next" waits, and her phone is still in the call."""
    floor = a_floor(agents=[ready("ana")], rest_ms=RESTS, **site)
    floor.waits("x", at=10)
    floor.waits("next", at=11)
    leg = floor.offer("x").leg
    decision = by(floor)
    assert the(decision, do.HangUpLeg).leg == leg
    floor.tick(at=floor.now / 1000 + 1)
    return floor, leg


@pytest.mark.parametrize("by", DROPS)
def test_given_a_leg_that_we_hung_up_then_its_agent_is_offered_the_next_caller_only_when_it_is_gone(by):
    floor, leg = with_ana_dropped(by)
    assert (floor.agent("ana").shown, floor.agent("ana").free) == (Shown.READY, False)
    assert floor.rung("next") is None
    cleared, *_, made = floor.let_go().facts
    assert cleared == a.LegCleared(at=floor.now, agent="ana", leg=leg, told=True)
    assert (type(made), made.agent) == (f.OfferMade, "ana")


@pytest.mark.parametrize("by", DROPS)
def test_given_a_leg_that_we_hung_up_when_the_switch_never_says_that_it_is_gone_then_a_survey_does(by):
    floor, leg = with_ana_dropped(by)
    asked = next(each.at for each in floor.facts if isinstance(each, a.LegDropped))
    unseen = floor.agent("ana").unseen
    assert not floor.tick(at=(asked + CLEAR_MS - 1) / 1000).facts
    decision = floor.wake()
    assert floor.now == asked + (LATE_MS if leg in unseen else CLEAR_MS)
    assert (kinds(decision), doing(decision)) == (["LegsSought"], ["LookAround"])
    assert "LegCleared" not in kinds(floor.survey(began=floor.now / 1000 - 0.01)), "it began before"
    decision = floor.survey(at=floor.now / 1000 + 1)
    assert the(decision, a.LegCleared) == a.LegCleared(at=floor.now, agent="ana", leg=leg, told=False)
    assert the(decision, f.OfferMade).agent == "ana"
    assert not floor.take(i.LegEnded(offer_of_leg(leg), leg, 16)).facts, "late, and nobody waits for it any more"


def test_given_a_leg_that_we_hung_up_when_it_hangs_up_but_is_not_gone_yet_then_its_agent_is_not_free():
    floor, leg = with_ana_dropped(caller_left_in_talk)
    assert not floor.take(i.LegEnded(offer_of_leg(leg), leg, gone=False)).facts
    assert not floor.agent("ana").free


def test_given_a_leg_that_we_hung_up_when_its_phone_answers_too_late_then_it_is_hung_up_again_and_not_gone():
    floor, leg = with_ana_dropped(ring_out)
    assert doing(floor.take(i.LegUp(offer_of_leg(leg), leg))) == ["HangUpLeg"]
    assert not floor.agent("ana").free
    assert "OfferMade" in kinds(floor.let_go())


def test_given_a_leg_that_we_hung_up_then_another_agent_rings_meanwhile():
    floor = two_agents()
    floor.waits("x", at=10)
    floor.leaves("x", at=11)
    floor.waits("next", at=12)
    assert floor.rung("next") == "ben"
    assert the(floor.waits("third", in_room=False), f.ContactQueued)
    assert floor.rung("third") is None, "ben rings, and ana's phone may be in a call"


def test_given_a_leg_that_we_hung_up_then_the_trace_of_an_offer_says_why_its_agent_was_not_asked():
    floor = two_agents()
    floor.waits("x", at=10)
    floor.leaves("x", at=11)
    assert the(floor.waits("next", in_room=False), f.OfferMade).trace.excluded == {"clearing": 1}


def test_given_a_talk_when_the_phone_itself_hangs_up_then_its_agent_is_free_at_once():
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x")
    floor.waits("next")
    decision = floor.agent_hangs_up("x")
    assert kinds(decision) == ["TalkEnded", "WrapUpDone", "StepEnded", "OfferMade"]
    assert doing(decision) == ["RingAgent"]


def test_given_a_talk_that_the_switch_ends_by_itself_then_the_agent_is_free_once_their_leg_is_gone():
    """No RTP, or another client: the phone may not know yet."""
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x")
    floor.waits("next")
    decision = floor.agent_hangs_up("x", gone=False)
    (leg,) = floor.agent("ana").clearing
    assert kinds(decision) == ["LegDropped", "TalkEnded", "WrapUpDone", "StepEnded"]
    assert doing(decision) == []
    assert kinds(floor.take(i.LegEnded(offer_of_leg(leg), leg, 16))) == ["LegCleared", "OfferMade"]


def test_given_an_answer_when_the_phone_itself_hangs_up_before_the_talk_then_only_its_rest_keeps_it():
    floor = a_floor(agents=[ready("ana")], rest_ms=RESTS)
    floor.waits("x")
    floor.picks_up("x")
    assert kinds(floor.agent_hangs_up("x")) == ["ConnectFailed"]
    assert kinds(floor.wake()) == ["AgentRested", "OfferMade"]


def test_given_a_phone_that_answers_long_after_its_ring_was_over_then_it_rings_for_nobody_before_that_leg_is_gone():
    """The hang-up crossed the answer, and the time to let go of the leg is over too."""
    floor = a_floor(agents=[ready("ana")])
    floor.waits("x")
    late = floor.offer("x")
    floor.leaves("x")
    assert kinds(floor.wake()) == ["LegsSought"]
    assert kinds(floor.survey()) == ["LegCleared"]
    assert kinds(floor.take(i.LegUp(late.id, late.leg, "ana"))) == ["LegDropped"]
    floor.waits("next")
    assert floor.offer("next") is None
    assert kinds(floor.take(i.LegEnded(late.id, late.leg, 16))) == ["LegCleared", "OfferMade"]


def test_given_wrap_up_longer_than_the_leg_lives_then_its_end_alone_frees_the_agent():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(wrap_up=30)])
    floor.talks("x", at=10)
    floor.waits("next", at=11)
    floor.leaves("x", at=60)
    assert kinds(floor.wake()) == ["LegsSought"], "the switch never said so"
    assert "LegCleared" in kinds(floor.survey())
    assert kinds(floor.wake()) == ["WrapUpDone", "OfferMade"]
    assert floor.now == 90_000


def test_given_an_agent_whose_leg_is_on_its_way_out_when_they_are_taken_from_the_site_then_its_end_is_nobodys():
    floor = a_floor(agents=[ready("ana"), ready("ben", since=1)])
    floor.talks("x")
    floor.leaves("x")
    (leg,) = floor.agent("ana").clearing
    floor.people([ready("ben")])
    assert (dict(floor.state.clearing), floor.state.wake_at) == ({}, None)
    assert not floor.take(i.LegEnded(offer_of_leg(leg), leg, 16)).facts


# ------------------------------------------------------------------------------------------------------- duplicates


def test_given_a_call_when_every_event_comes_twice_then_each_counts_once():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    offer = floor.offer("x")
    for what in (
        i.LegRinging(offer.id),
        i.LegUp(offer.id, offer.leg),
        i.EnteredRoom(c("x"), offer.leg),
        i.LegEnded(offer.id, offer.leg, 16),
        i.CallerGone(c("x"), 16),
    ):
        assert floor.take(what).facts
        again = floor.take(what)
        assert (again.facts, again.commands) == ((), ()), what


def test_given_a_ringing_that_comes_after_the_answer_then_it_is_late_and_nothing_happens():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    floor.picks_up("x")
    assert not floor.alerts("x").facts
