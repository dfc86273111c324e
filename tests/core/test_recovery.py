"""The switch lost and found: what exists there against what we believe. Nothing here ends a call that is up."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.agents.agent import Shown, Work
from ccplane.agents.facts import Intent, Phone
from ccplane.contacts import facts as f
from ccplane.contacts.contact import Phase
from ccplane.contacts.verbs import Answer, EnterQueue, Gather, HangUp, Play, Served
from ccplane.core import checkpoint
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.facts import RepairMade, SwitchFound
from ccplane.ids import ChannelId, offer_of_leg
from tests.core.floor import NODE, SUPPORT, a_floor, a_queue, an_arrival, c, doing, kinds, paused, ready, the, unknown

X = ChannelId("x")


def what_was_repaired(decision):
    return [fact.what for fact in decision.facts if isinstance(fact, RepairMade)]


# ---------------------------------------------------------------------------------------------- while it is not there


def test_given_a_lost_switch_then_no_phone_is_called_and_no_ring_runs_out():
    floor = a_floor(agents=[ready("ana"), paused("ben")], queues=[a_queue(max_wait=30)])
    floor.waits("ringing")
    floor.waits("waiting")
    floor.drops(at=5)
    assert floor.state.wake_at is None
    floor.wants("ben", Intent.READY, at=100)
    assert floor.rung("waiting") is None
    assert not floor.tick(at=1_000).facts
    assert floor.contact("ringing").offer
    assert floor.contact("waiting").phase is Phase.WAITING


def test_given_a_lost_switch_then_wrap_up_ends_by_its_own_clock():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(wrap_up=30)])
    floor.talks()
    floor.leaves("x")
    floor.let_go()
    floor.drops()
    assert kinds(floor.wake()) == ["WrapUpDone"]
    assert floor.now == 30_000


def test_given_a_lost_switch_then_a_leg_that_we_hung_up_is_looked_for_when_it_is_found():
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x", at=10)
    floor.leaves("x", at=60)
    floor.drops(at=61)
    assert kinds(floor.wake()) == ["LegsSought"]
    assert (floor.now, floor.agent("ana").free) == (63_000, False)
    assert floor.state.wake_at is None
    assert kinds(floor.survey(after_gap=True, at=70)) == ["SwitchFound", "LegCleared"]
    assert floor.agent("ana").free


def test_given_a_lost_switch_when_it_is_found_then_whoever_waits_is_offered_and_lamps_are_set():
    floor = a_floor(agents=[paused("ana"), paused("ben")])
    floor.waits("x", at=1)
    floor.drops(at=2)
    floor.wants("ana", Intent.READY, at=3)
    decision = floor.survey(after_gap=True, at=60, gap=58)
    assert kinds(decision) == ["SwitchFound", "ContactRelinked", "OfferMade"]
    assert the(decision, SwitchFound).gap_ms == 58_000
    assert floor.contact("x").waiting.queued_at == 1_000
    mirrored = {each.agent: each.ready for each in decision.commands if isinstance(each, do.MirrorIntent)}
    assert mirrored == {"ana": True, "ben": False}
    assert the(decision, do.StartMusic).music == "support-music"


def test_given_a_wait_that_ran_out_while_the_switch_was_lost_when_it_is_found_then_the_next_tick_ends_it():
    floor = a_floor(agents=[paused("ana")], queues=[a_queue(max_wait=30)])
    floor.waits()
    floor.drops()
    decision = floor.survey(after_gap=True, at=60)
    assert the(decision, f.ContactUnqueued).outcome is f.QueueOutcome.TIMED_OUT


# ------------------------------------------------------------------------------------------------------- contradictions


@pytest.mark.parametrize(
    ("comes_to", "facts"),
    [
        (lambda floor: floor.arrives(), ["ContactEnded"]),
        (lambda floor: floor.waits(), ["LegDropped", "OfferWithdrawn", "ContactUnqueued", "ContactEnded"]),
        (
            lambda floor: (floor.waits(), floor.picks_up("x")),
            ["LegDropped", "ConnectFailed", "ContactUnqueued", "ContactEnded"],
        ),
        (lambda floor: floor.talks(), ["LegDropped", "TalkEnded", "WrapUpDone", "ContactEnded"]),
    ],
)
def test_given_a_caller_who_left_while_nobody_watched_then_they_are_who_ended_it(comes_to, facts):
    floor = a_floor(agents=[ready("ana")])
    comes_to(floor)
    decision = floor.survey(after_gap=True, at=30, gone=["x"])
    assert kinds(decision) == ["SwitchFound", "RepairMade", *facts]
    assert what_was_repaired(decision) == ["contact without a channel"]
    assert the(decision, f.ContactEnded).by is f.EndedBy.CALLER
    if "LegDropped" in facts:
        floor.let_go()
    assert floor.agent("ana").free


def test_given_a_queued_caller_who_left_while_nobody_watched_then_they_have_abandoned_and_their_phone_is_free():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    decision = floor.survey(after_gap=True, at=9, gone=["x"])
    assert the(decision, f.ContactUnqueued).outcome is f.QueueOutcome.ABANDONED
    assert the(decision, f.OfferWithdrawn).reason is f.Withdrawal.CALLER_GONE


def test_given_a_queued_caller_gone_with_a_switch_that_began_anew_then_their_stay_counts_as_lost():
    floor = a_floor(agents=[paused("ana")])
    floor.survey(started_at=1, after_gap=True)
    floor.waits()
    decision = floor.survey(after_gap=True, at=9, gone=["x"], started_at=2)
    assert the(decision, f.ContactUnqueued).outcome is f.QueueOutcome.LOST
    assert the(decision, f.ContactEnded).by is f.EndedBy.SWITCH


def test_given_a_queued_caller_carried_away_by_the_guard_then_the_fallback_ended_it():
    floor = a_floor(agents=[paused("ana")])
    floor.waits()
    decision = floor.survey(after_gap=True, at=9, carried=["x"])
    assert the(decision, f.ContactUnqueued).outcome is f.QueueOutcome.LOST
    assert the(decision, f.ContactEnded).by is f.EndedBy.FALLBACK


def test_given_a_queued_caller_gone_without_a_word_while_we_watched_then_the_switch_ended_it():
    floor = a_floor(agents=[paused("ana")])
    floor.waits()
    assert the(floor.survey(at=15, gone=["x"]), f.ContactEnded).by is f.EndedBy.SWITCH


def test_given_a_caller_who_was_being_hung_up_when_they_are_found_gone_then_the_program_ended_it():
    floor = a_floor()
    floor.arrives()
    floor.asks("x", HangUp())
    assert the(floor.survey(after_gap=True, at=9, gone=["x"]), f.ContactEnded).by is f.EndedBy.PROGRAM


def test_given_a_talk_of_which_the_caller_left_while_nobody_watched_then_they_ended_it():
    floor = a_floor(agents=[ready("ana")])
    floor.talks()
    decision = floor.survey(after_gap=True, at=30, gone=["x"])
    assert (the(decision, f.TalkEnded).by, the(decision, f.ContactEnded).by) == (f.EndedBy.CALLER, f.EndedBy.CALLER)


def test_given_a_talk_that_both_left_while_nobody_watched_then_who_ended_it_is_not_made_up():
    floor = a_floor(agents=[ready("ana")])
    floor.talks()
    decision = floor.survey(after_gap=True, at=30, gone=["x", floor.contact("x").talk.leg])
    assert (the(decision, f.TalkEnded).by, the(decision, f.ContactEnded).by) == (f.EndedBy.SWITCH, f.EndedBy.CALLER)


def test_given_a_phone_that_stopped_ringing_while_nobody_watched_then_it_is_no_miss_and_the_offer_is_made_again():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    leg = floor.offer("x").leg
    decision = floor.survey(after_gap=True, at=9, gone=[leg])
    assert the(decision, f.OfferWithdrawn).reason is f.Withdrawal.SWITCH_LOST
    floor.let_go()
    assert floor.rung("x") == "ana"
    assert floor.offer("x").leg != leg
    assert floor.agent("ana").misses == 0


def test_given_a_phone_answered_while_nobody_watched_then_the_two_are_joined():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    decision = floor.survey(after_gap=True, at=9, up=[floor.offer("x").leg])
    assert "OfferAnswered" in kinds(decision)
    assert the(decision, do.JoinAgent).leg == floor.offer("x").leg
    assert "TalkStarted" in kinds(floor.joins("x"))


def test_given_a_phone_answered_that_waits_at_our_door_then_it_is_joined_once_it_has_come_in():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    offer = floor.offer("x")
    decision = floor.survey(after_gap=True, at=21, extra=[i.ChannelSeen(offer.leg, up=False, at_door=True)])
    assert the(decision, f.OfferAnswered).at_door
    assert "JoinAgent" not in doing(decision)
    assert not floor.tick().facts, "though its ring is overdue"
    assert doing(floor.picks_up("x")) == ["JoinAgent"]
    assert "TalkStarted" in kinds(floor.joins("x"))


def test_given_a_phone_that_was_to_be_joined_as_the_connection_ended_then_it_is_joined_now():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    floor.picks_up("x")
    floor.drops(at=0.1)
    decision = floor.survey(after_gap=True, at=0.5, up=[floor.offer("x").leg])
    assert doing(decision).count("JoinAgent") == 1
    assert "TalkStarted" in kinds(floor.joins("x"))


def test_given_a_gap_longer_than_a_join_may_take_then_whoever_answered_before_it_has_that_time_again():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    floor.picks_up("x", at=1)
    floor.drops(at=1)
    decision = floor.survey(after_gap=True, at=60, gap=59, up=[floor.offer("x").leg])
    assert doing(decision).count("JoinAgent") == 1
    assert not floor.tick(at=60.5).facts, "nobody has missed anything"
    assert "TalkStarted" in kinds(floor.joins("x"))
    assert floor.agent("ana").misses == 0


def test_given_such_a_one_who_is_never_seen_in_the_room_then_the_caller_waits_for_another():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    floor.picks_up("x", at=1)
    floor.drops(at=1)
    floor.survey(after_gap=True, at=60, gap=59, up=[floor.offer("x").leg])
    assert "ConnectFailed" in kinds(floor.wake())


def test_given_a_phone_at_our_door_of_whose_offer_nobody_knows_then_it_is_joined_once_it_has_come_in():
    floor = a_floor(agents=[paused("ana")])
    floor.waits()
    floor.drops(at=1)
    floor.wants("ana", Intent.READY, at=2)
    leg = ChannelId(f"l-{c('x')}-1-1-1")
    at_door = i.ChannelSeen(leg, up=False, at_door=True, device="ana", created_at=1_000)
    decision = floor.survey(after_gap=True, at=60, gap=59, extra=[at_door])
    assert the(decision, f.OfferAnswered).at_door
    assert "HangUpLeg" not in doing(decision)
    assert not floor.tick().facts, "though its ring is overdue"
    assert doing(floor.picks_up("x")) == ["JoinAgent"]
    assert "TalkStarted" in kinds(floor.joins("x"))


def test_given_one_at_our_door_who_never_comes_in_then_the_caller_waits_for_another():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    leg = floor.offer("x").leg
    floor.survey(after_gap=True, at=9, extra=[i.ChannelSeen(leg, up=False, at_door=True)])
    assert "ConnectFailed" in kinds(floor.wake())


def test_given_a_phone_that_rings_on_over_the_gap_then_it_is_left_ringing():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    before = floor.offer("x")
    floor.survey(after_gap=True, at=9)
    assert floor.offer("x") == before
    assert "OfferAnswered" in kinds(floor.picks_up("x"))


def test_given_two_who_came_together_while_nobody_watched_then_they_talk():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    floor.picks_up("x")
    leg = floor.offer("x").leg
    decision = floor.survey(after_gap=True, at=1, up=[leg], rooms={c("x"): (ChannelId("x"), leg)})
    assert "TalkStarted" in kinds(decision)


def test_given_an_agent_who_answered_and_left_while_nobody_watched_then_the_caller_waits_with_music():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    floor.picks_up("x")
    decision = floor.survey(after_gap=True, at=9, gone=[floor.offer("x").leg])
    assert the(decision, f.ConnectFailed).cause is f.ConnectFailure.AGENT_GONE
    assert "StartMusic" in doing(decision)


def test_given_a_talk_that_goes_on_over_the_gap_then_it_is_linked_again_and_left_alone():
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x", at=1)
    floor.drops(at=5)
    decision = floor.survey(after_gap=True, at=65, gap=60)
    assert kinds(decision) == ["SwitchFound", "ContactRelinked"]
    assert the(decision, f.ContactRelinked).gap_ms == 60_000
    assert not [each for each in decision.commands if not isinstance(each, do.MirrorIntent | do.TellQueue)]
    assert the(floor.leaves("x", at=70), f.TalkEnded).talk_ms == 69_000


def test_given_an_agent_who_hung_up_while_nobody_watched_then_the_talk_ends_and_the_program_goes_on():
    floor = a_floor(agents=[ready("ana")])
    floor.talks()
    decision = floor.survey(after_gap=True, at=9, gone=[floor.contact("x").talk.leg])
    assert the(decision, f.TalkEnded).by is f.EndedBy.AGENT
    assert the(decision, f.StepEnded).result == Served("ana")
    assert floor.agent("ana").work is Work.IDLE


def test_given_a_leg_whose_contact_we_do_not_know_then_it_is_hung_up():
    leg = ChannelId("l-c-ast1-nobody-2-1-1")
    decision = a_floor().survey(extra=[i.ChannelSeen(leg, up=True)])
    assert what_was_repaired(decision) == ["agent's leg without a contact"]
    assert decision.commands == (do.HangUpLeg(unknown(), leg, "normal"),)


def test_given_a_leg_that_is_up_whose_contact_we_do_not_know_then_its_agent_is_offered_nothing_until_it_is_gone():
    leg = i.ChannelSeen(ChannelId("l-c-ast1-nobody-2-1-1"), up=True, agent="ana")
    floor = a_floor(agents=[ready("ana", phone=Phone.GONE)])
    floor.waits()
    decision = floor.survey(at=1, extra=[leg], phones={"ana": Phone.REACHABLE})
    assert kinds(decision) == ["PhoneChanged", "RepairMade", "LegDropped"]
    assert kinds(floor.let_go()) == ["LegCleared", "OfferMade"]


def test_given_two_such_legs_of_an_agent_then_both_must_be_gone():
    legs = [i.ChannelSeen(ChannelId(f"l-c-ast1-nobody-2-{n}-1"), up=True, agent="ana") for n in (1, 2)]
    floor = a_floor(agents=[ready("ana")])
    floor.survey(at=1, extra=legs)
    for leg in legs:
        assert not floor.agent("ana").free
        floor.take(i.LegEnded(offer_of_leg(leg.id), leg.id, 16))
    assert floor.agent("ana").free
    assert floor.state.wake_at is None


def test_given_two_such_legs_when_the_switch_says_nothing_more_then_a_survey_says_that_both_are_gone():
    legs = [i.ChannelSeen(ChannelId(f"l-c-ast1-nobody-2-{n}-1"), up=True, agent="ana") for n in (1, 2)]
    floor = a_floor(agents=[ready("ana")])
    floor.survey(at=1, extra=legs)
    assert kinds(floor.wake()) == ["LegsSought"]
    assert kinds(floor.survey()) == ["LegCleared", "LegCleared"]
    assert floor.agent("ana").free


@pytest.mark.parametrize("still_there", [False, True])
def test_given_a_leg_that_we_hung_up_when_the_plane_comes_back_then_its_agent_is_free_once_the_switch_has_it_no_more(
    still_there,
):
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x", at=10)
    leg = floor.contact("x").talk.leg
    floor.leaves("x", at=60)
    floor.state = checkpoint.decode(checkpoint.encode(floor.state))
    floor.take(i.PlaneBegan(2, "test", 0), at=61)
    floor.survey(after_gap=True, at=61, extra=[i.ChannelSeen(leg, up=True, agent="ana")] if still_there else [])
    assert floor.agent("ana").free is not still_there
    if still_there:
        assert kinds(floor.let_go()) == ["LegCleared"]
        assert floor.agent("ana").free


def test_given_an_agent_who_has_rested_when_the_plane_comes_back_then_nobody_is_offered_before_the_switch_is_found():
    floor = a_floor(agents=[ready("ana")])
    floor.waits(at=10)
    floor.refuses("x", 486)
    assert floor.agent("ana").rest_until
    floor.state = checkpoint.decode(checkpoint.encode(floor.state))
    floor.take(i.PlaneBegan(2, "test", 0), at=11)
    assert kinds(floor.wake()) == ["AgentRested"]
    assert "OfferMade" in kinds(floor.survey(after_gap=True))


def test_given_a_leg_of_an_offer_long_over_then_it_is_hung_up_and_the_contact_is_left_alone():
    floor = a_floor(agents=[ready("ana"), ready("ben")])
    floor.waits()
    old = floor.offer("x").leg
    floor.refuses("x", 486)
    decision = floor.survey(at=1, extra=[i.ChannelSeen(old, up=False)])
    assert [each.leg for each in decision.commands if isinstance(each, do.HangUpLeg)] == [old]
    assert floor.rung("x") == "ben"


def test_given_a_caller_nobody_saw_arrive_then_their_contact_begins():
    floor = a_floor()
    decision = floor.survey(extra=[i.ChannelSeen(ChannelId("x"), False, an_arrival("x"))])
    assert kinds(decision) == ["RepairMade", "ContactArrived", "ProgramStarted"]
    assert floor.contact("x").program == "straight"


def test_given_a_caller_who_just_left_when_a_survey_still_lists_them_then_nothing_happens():
    floor = a_floor()
    floor.arrives()
    floor.leaves("x")
    assert not floor.survey(extra=[i.ChannelSeen(ChannelId("x"), True, an_arrival("x"))]).facts


def test_given_an_empty_room_without_a_contact_then_it_is_taken_down():
    decision = a_floor().survey(rooms={unknown(): ()})
    assert what_was_repaired(decision) == ["room without a contact"]
    assert decision.commands == (do.CloseRoom(unknown()),)


def test_given_a_room_without_a_contact_in_which_somebody_is_then_it_is_left_alone():
    assert not a_floor().survey(rooms={unknown(): (ChannelId("other"),)}).commands


def test_given_a_waiting_caller_outside_the_room_then_they_are_put_there():
    floor = a_floor(agents=[paused("ana")])
    floor.waits(in_room=False)
    floor.is_up("x")
    assert not floor.survey(at=2).commands, "it may still be under way"
    decision = floor.survey(at=15)
    assert what_was_repaired(decision) == ["waiting caller outside the room"]
    assert doing(decision) == ["AddCaller"]


def test_given_a_waiting_caller_whose_entry_into_the_room_nobody_saw_then_it_is_seen_now():
    floor = a_floor(agents=[paused("ana")])
    floor.waits(in_room=False)
    floor.is_up("x")
    assert kinds(floor.survey(at=15, rooms={c("x"): (ChannelId("x"),)})) == ["CallerEnteredRoom"]


def test_given_a_contact_whose_room_was_never_made_then_it_is_made():
    floor = a_floor()
    floor.arrives()
    floor.drops()
    survey = i.SwitchSurveyed(
        node="ast1",
        version="22",
        began_at=5_000,
        gap_ms=0,
        after_gap=True,
        channels={ChannelId("x"): i.ChannelSeen(ChannelId("x"), False, an_arrival("x"))},
        rooms={},
        phones={},
    )
    decision = floor.take(survey, at=5)
    assert what_was_repaired(decision) == ["contact without a room"]
    assert "OpenRoom" in doing(decision)


def test_given_a_waiting_caller_whose_call_was_never_taken_when_the_switch_is_found_then_it_is_taken():
    floor = a_floor(agents=[paused("ana")])
    floor.waits()
    assert "AnswerCaller" in doing(floor.survey(after_gap=True, at=9))


def test_given_a_waiting_caller_whose_call_was_never_taken_when_any_survey_comes_then_it_is_taken():
    floor = a_floor(agents=[paused("ana")])
    floor.waits(at=10)
    assert not floor.survey(at=12).commands, "it may still be under way"
    decision = floor.survey(at=27)
    assert what_was_repaired(decision) == ["waiting caller not answered"]
    assert doing(decision) == ["AnswerCaller", "StartMusic"]
    floor.is_up("x")
    assert not floor.survey(at=42).commands


def test_given_a_caller_whose_answer_nobody_saw_when_the_switch_is_found_then_the_program_goes_on():
    floor = a_floor()
    floor.arrives()
    floor.asks("x", Answer())
    assert "StepEnded" in kinds(floor.survey(after_gap=True, at=1, up=["x"]))


@pytest.mark.parametrize("verb", [Play(("sound:a",)), Gather(("sound:a",), 5_000)])
def test_given_sounds_that_played_into_the_gap_when_the_switch_is_found_then_they_begin_again(verb):
    floor = a_floor()
    floor.arrives()
    floor.asks("x", verb)
    floor.drops()
    decision = floor.survey(after_gap=True, at=9)
    assert doing(decision)[:3] == ["StopSounds", "WriteJournal", "AnswerCaller"]
    assert the(decision, f.StepStarted).attempt == 2
    assert the(decision, do.PlaySounds).playback.endswith("-1-2")


def test_given_sounds_that_play_when_a_survey_finds_nothing_wrong_then_they_play_on():
    floor = a_floor()
    floor.arrives()
    floor.asks("x", Play(("sound:a",)))
    assert not floor.survey(at=9).facts


# -------------------------------------------------------------------------------------- what is younger than the survey


def test_given_a_survey_that_began_before_a_caller_came_then_it_does_not_miss_them():
    floor = a_floor()
    floor.arrives(at=10)
    assert not floor.survey(at=10.01, began=9.99, gone=["x"]).facts


def test_given_a_survey_that_began_before_a_talk_then_it_does_not_miss_the_leg():
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x", at=10)
    leg = floor.contact("x").talk.leg
    assert not floor.survey(at=10.01, began=9.99, gone=[leg]).facts
    assert "TalkEnded" in kinds(floor.survey(at=25, gone=[leg]))


def test_given_an_offer_made_just_now_when_a_survey_does_not_show_its_leg_then_it_may_be_under_way():
    floor = a_floor(agents=[ready("ana")])
    floor.waits(at=10)
    leg = floor.offer("x").leg
    assert not floor.survey(at=12, gone=[leg]).facts
    assert "OfferWithdrawn" in kinds(floor.survey(at=15, gone=[leg]))


def test_given_everything_as_we_believe_when_a_survey_comes_then_it_says_nothing():
    floor = a_floor(agents=[ready("ana"), ready("ben"), paused("cem")])
    floor.talks("talking")
    floor.waits("ringing")
    floor.waits("waiting")
    floor.is_up("ringing")
    floor.is_up("waiting")
    floor.arrives("new")
    decision = floor.survey(at=12)
    assert (decision.facts, decision.commands) == ((), ())


# --------------------------------------------------------------------------------------------------------------- phones


def test_given_phones_in_a_survey_then_what_changed_is_a_fact():
    floor = a_floor(agents=[ready("ana"), ready("ben")])
    floor.talks()
    decision = floor.survey(phones={"ana": Phone.REACHABLE, "ben": Phone.GONE, "stranger": Phone.REACHABLE})
    assert kinds(decision) == ["PhoneChanged"]
    assert floor.agent("ben").phone is Phone.GONE


def test_given_the_plane_died_in_a_talk_when_it_comes_back_then_the_talk_ends_properly_for_everyone():
    floor = a_floor(agents=[ready("ana"), paused("ben")])
    floor.talks("x", at=1)
    floor.waits("y", at=2)
    floor.take(i.PlaneBegan(2, "test", 0), at=30)
    floor.survey(after_gap=True, at=31, gap=29)
    decision = floor.agent_hangs_up("x", at=40)
    assert kinds(decision) == ["TalkEnded", "WrapUpDone", "StepEnded", "OfferMade"]
    assert the(decision, f.OfferMade).leg.endswith("-2"), "under the new epoch"
    assert floor.contact("y").waiting.queued_at == 2_000


def test_given_a_call_being_ended_when_the_switch_is_found_then_it_is_ended_in_time():
    floor = a_floor()
    floor.arrives()
    floor.asks("x", HangUp())
    floor.drops()
    floor.survey(after_gap=True, at=60)
    assert doing(floor.wake()) == ["WriteJournal", "HangUpCaller"]


def test_given_a_join_that_was_lost_with_the_connection_then_it_is_asked_for_again():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    floor.picks_up("x", at=1)
    floor.drops(at=1)
    leg = floor.offer("x").leg
    decision = floor.survey(after_gap=True, at=2, up=[leg])
    assert the(decision, do.JoinAgent).leg == leg


def test_given_a_node_that_was_away_when_the_plane_begins_with_another_then_agents_are_offered_contacts():
    floor = a_floor(agents=[ready("ana")])
    floor.drops(at=1)
    floor.take(i.SwitchNotReached(NODE), at=60)
    assert floor.agent("ana").shown is Shown.UNREACHABLE
    floor.take(i.PlaneBegan(2, "test", 0), at=100)
    assert floor.agent("ana").shown is Shown.READY


def test_given_a_switch_that_was_away_for_long_then_who_was_idle_longest_still_is():
    floor = a_floor(agents=[ready("ana", since=50), ready("zoe", since=1)])
    before = floor.state.free
    floor.drops(at=60)
    floor.take(i.SwitchNotReached(NODE), at=90)
    floor.survey(after_gap=True, at=100, gap=40)
    assert floor.state.free == before == ("zoe", "ana")


# ------------------------------------------------------------------------------------------------ what came in a pause


def test_given_a_caller_who_came_in_a_pause_when_the_survey_began_before_that_was_decided_then_nothing_is_repaired():
    """Their room was asked for only then, however long ago they came."""
    floor = a_floor(agents=[paused("ana")])
    floor.take(i.Late(an_arrival("x"), 20_000), at=60)
    assert floor.contact("x").arrived_at == 20_000
    survey = i.SwitchSurveyed(
        node=NODE, version="22", began_at=61_000, gap_ms=0, after_gap=False, rooms={}, phones={},
        channels={X: i.ChannelSeen(X, False, an_arrival("x"))},
    )  # fmt: skip
    assert not floor.take(survey, at=61.5).facts, "it is only just being made"
    assert not floor.take(replace(survey, began_at=59_000), at=61.6).facts
    repaired = floor.take(replace(survey, began_at=64_000), at=64)
    assert what_was_repaired(repaired) == ["contact without a room"]
    assert the(repaired, do.OpenRoom).contact == c("x")


def test_given_a_caller_who_waits_since_a_pause_when_a_survey_began_soon_after_then_they_are_not_added_twice():
    floor = a_floor(agents=[paused("ana")])
    floor.take(i.Late(an_arrival("x"), 20_000), at=60)
    floor.asks("x", EnterQueue(SUPPORT))
    assert floor.contact("x").waiting.queued_at == 20_000
    assert not floor.survey(at=61, rooms={c("x"): ()}).facts
    repaired = floor.survey(at=64, rooms={c("x"): ()}, up=["x"])
    assert "waiting caller outside the room" in what_was_repaired(repaired)
