"""What is recorded, from when to when, and what becomes of a talk that should be and cannot be."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.contacts import recordings as r
from ccplane.contacts.contact import Phase
from ccplane.contacts.facts import Direction, TalkEnded
from ccplane.contacts.recordings import RECORDING, RecordingState
from ccplane.contacts.verbs import Connect, EnterQueue
from ccplane.core import checkpoint, decide
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.evolve import evolve
from ccplane.core.recorder import SELDOM_MS, TOLERATED_MS
from ccplane.core.recordings import BEGIN_MS, STOP_MS
from ccplane.errors import IllegalMove
from ccplane.ids import AgentId, DeviceName, NodeName, recording_id
from ccplane.routing.dialling import Dialling, Role
from ccplane.routing.recording import IfItFails, RecordingPolicy, RecordingRule
from tests.core.floor import NODE, SALES, SUPPORT, a_floor, a_queue, an_arrival, c, doing, kinds, ready, the

ALL = RecordingPolicy(default=RecordingRule(record=True))
R = recording_id(c("x"), 2)


def a_recorded_floor(policy=ALL, **more):
    return a_floor(agents=[ready("ana")], recording=policy, **more)


def talking(policy=ALL, **more):
    floor = a_recorded_floor(policy, **more)
    floor.talks()
    return floor


def recorded(policy=ALL, handle="0x1"):
    floor = talking(policy)
    floor.take(i.TalkRecordingBegan(c("x"), R, handle))
    return floor


def the_recording(floor):
    return floor.contact("x").tape


# --------------------------------------------------------------------------------------------------- which, and whether


def test_given_a_policy_that_says_so_when_a_talk_starts_then_it_is_asked_to_be_recorded():
    floor = a_recorded_floor()
    floor.waits()
    floor.picks_up("x")
    decision = floor.joins("x")
    asked = the(decision, r.RecordingAsked)
    assert kinds(decision)[-2:] == ["TalkStarted", "RecordingAsked"]
    assert (asked.segment, asked.agent, asked.queue, asked.direction) == (2, "ana", SUPPORT, Direction.INBOUND)
    start = the(decision, do.StartTalkRecording)
    assert (start.channel, start.recording, start.attempt) == ("x", R, 1)
    assert floor.state.wake_at == floor.now + BEGIN_MS


def test_given_no_policy_then_nothing_is_recorded():
    assert the_recording(talking(RecordingPolicy())) is None


@pytest.mark.parametrize(
    ("queues", "numbers", "kept"),
    [
        ({}, {}, True),
        ({SUPPORT: RecordingRule(record=False)}, {}, False),
        ({SALES: RecordingRule(record=False)}, {}, True),
        ({SUPPORT: RecordingRule(record=False)}, {"4002": RecordingRule(record=True)}, True),
        ({}, {"4002": RecordingRule(if_it_fails=IfItFails.END_CALL)}, True),
    ],
)
def test_given_several_words_then_the_nearest_wins(queues, numbers, kept):
    policy = RecordingPolicy(default=RecordingRule(record=True), queues=queues, numbers=numbers)
    assert (the_recording(talking(policy)) is not None) is kept


def test_given_a_direction_that_is_not_recorded_then_only_a_nearer_word_records_it():
    off = {Direction.INBOUND: RecordingRule(record=False)}
    assert the_recording(talking(RecordingPolicy(default=RecordingRule(record=True), directions=off))) is None


@pytest.mark.parametrize(("consent", "kept"), [(True, True), (False, False), (None, False)])
def test_given_a_consent_prompt_then_only_who_was_told_and_did_not_refuse_is_recorded(consent, kept):
    floor = a_recorded_floor(RecordingPolicy(default=RecordingRule(record=True, consent="recorded")))
    floor.arrives("x")
    decision = floor.asks("x", EnterQueue(SUPPORT, consent))
    assert ("RecordingAnnounced" in kinds(decision)) is (consent is not None)
    floor.enters("x")
    floor.picks_up("x")
    floor.joins("x")
    assert (the_recording(floor) is not None) is kept


def test_given_a_refusal_then_a_later_queue_does_not_record_either():
    floor = a_recorded_floor()
    floor.arrives("x")
    floor.asks("x", EnterQueue(SUPPORT, consent=False))
    assert floor.contact("x").consent is False
    floor.enters("x")
    floor.picks_up("x")
    floor.joins("x")
    assert the_recording(floor) is None


# ------------------------------------------------------------------------------------------------- begun, and not begun


def test_given_its_file_when_the_switch_shows_it_then_it_is_recording_and_waits_for_nothing():
    floor = talking()
    decision = floor.take(i.TalkRecordingBegan(c("x"), R, "0x1"), at=1)
    assert kinds(decision) == ["RecordingStarted"]
    assert the_recording(floor).handle == "0x1"
    assert the_recording(floor).deadline is None


def test_given_no_file_when_the_time_is_up_then_it_has_failed_and_the_talk_goes_on():
    floor = talking()
    decision = floor.wake()
    assert kinds(decision) == ["RecordingFailed"]
    assert floor.contact("x").phase is Phase.TALKING


def test_given_a_failure_then_it_is_tried_again_ever_more_seldom_and_told_once():
    floor = talking()
    floor.take(i.TalkRecordingRefused(c("x"), R, "no AMI"))
    pauses, at = [], floor.now
    for _ in range(8):
        decision = floor.wake()
        assert kinds(decision) == ["RecordingRetried"]
        pauses.append(floor.now - at)
        at = floor.now
        assert the(decision, do.StartTalkRecording).attempt > 1
        assert floor.take(i.TalkRecordingRefused(c("x"), R, "no AMI")).facts == ()
    assert pauses == [2_000, 4_000, 8_000, 16_000, *[SELDOM_MS] * 4]


def test_given_ami_back_then_what_waits_for_its_next_try_is_tried_now():
    floor = talking()
    floor.take(i.TalkRecordingRefused(c("x"), R, "no AMI"))
    assert kinds(floor.take(i.RecorderBack(NODE))) == ["RecordingRetried"]
    assert floor.take(i.RecorderBack(NodeName("other"))).facts == ()
    decision = floor.take(i.TalkRecordingBegan(c("x"), R, "0x1"), at=5)
    assert the(decision, r.RecordingStarted).late_ms == 5_000


def test_given_end_call_when_it_cannot_be_recorded_then_the_agent_is_freed_and_the_default_program_speaks():
    policy = RecordingPolicy(
        default=RecordingRule(record=True), queues={SUPPORT: RecordingRule(if_it_fails=IfItFails.END_CALL)}
    )
    floor = talking(policy)
    floor.contact("x")
    decision = floor.take(i.TalkRecordingRefused(c("x"), R, "disk full"))
    assert kinds(decision)[:1] == ["RecordingFailed"]
    assert "HangUpLeg" in doing(decision)
    assert kinds(decision)[-1] in ("ProgramStarted", "StepStarted")
    assert floor.contact("x").talk is None
    assert the(decision, TalkEnded).by == "program"


def test_given_end_call_when_the_default_program_had_the_call_already_then_it_is_hung_up():
    policy = RecordingPolicy(default=RecordingRule(record=True, if_it_fails=IfItFails.END_CALL))
    floor = talking(policy, default="straight")
    decision = floor.take(i.TalkRecordingRefused(c("x"), R, "disk full"))
    assert the(decision, do.HangUpCaller).cause == 41


def test_given_end_call_while_an_agent_is_called_back_then_both_legs_of_theirs_are_hung_up():
    policy = RecordingPolicy(default=RecordingRule(record=True, if_it_fails=IfItFails.END_CALL))
    floor = talking(policy)
    floor.take(i.RejoinAsked(AgentId("ana")))
    talk = floor.contact("x").talk
    assert talk.back_leg
    decision = floor.take(i.TalkRecordingRefused(c("x"), R, "disk full"))
    hung_up = [each.leg for each in decision.commands if isinstance(each, do.HangUpLeg)]
    assert hung_up == [talk.back_leg, talk.leg]
    assert set(floor.agent("ana").clearing) == {talk.back_leg, talk.leg}


# ------------------------------------------------------------------------------------------------------------ its end


def test_given_the_caller_stays_when_the_talk_ends_then_the_switch_is_told_until_it_confirms():
    floor = recorded()
    decision = floor.agent_hangs_up("x", at=9)
    ended = the(decision, r.RecordingEnded)
    assert (ended.ms, ended.stop_by) == (9_000, floor.now + STOP_MS)
    assert the(decision, do.StopTalkRecording).handle == "0x1"
    assert kinds(decision).index("RecordingEnded") < kinds(decision).index("TalkEnded")
    again = floor.wake()
    assert kinds(again) == ["RecordingStopRetried"]
    assert doing(again) == ["StopTalkRecording"]
    assert kinds(floor.take(i.TalkRecordingOver(c("x"), R))) == ["RecordingStopped"]
    assert floor.contact("x").unstopped == ()
    assert floor.take(i.TalkRecordingOver(c("x"), R)).facts == ()


def test_given_the_caller_leaves_then_their_channels_end_ends_it():
    floor = recorded()
    decision = floor.leaves("x", at=4)
    assert the(decision, r.RecordingEnded).stop_by is None
    assert "StopTalkRecording" not in doing(decision)


def test_given_it_was_never_seen_to_begin_when_the_talk_ends_then_it_is_stopped_all_the_same():
    floor = talking()
    decision = floor.agent_hangs_up("x")
    assert the(decision, do.StopTalkRecording).handle == ""
    assert not floor.state.unstored, "nobody knows whether there is anything to store"


def test_given_a_handle_that_is_used_again_then_the_earlier_recording_is_over():
    """The switch's handle is an address: to stop the first by it would stop the second."""
    floor = recorded()
    floor.agent_hangs_up("x")
    floor.let_go() if floor.agent("ana").clearing else None
    floor.asks("x", EnterQueue(SUPPORT))
    floor.picks_up("x")
    floor.joins("x")
    second = the_recording(floor).id
    assert second != R
    decision = floor.take(i.TalkRecordingBegan(c("x"), second, "0x1"))
    assert kinds(decision) == ["RecordingStopped", "RecordingStarted"]


# ---------------------------------------------------------------------------------------------------------- the pause


def test_given_a_pause_then_it_is_a_fact_only_once_the_switch_has_done_it():
    floor = recorded()
    decision = floor.take(i.RecordingPauseWanted(contact=c("x"), paused=True, by="1001"))
    assert kinds(decision) == ["RecordingPauseAsked"]
    assert the(decision, do.MuteTalkRecording).paused
    assert floor.take(i.RecordingPauseWanted(contact=c("x"), paused=False, by="1001")).facts == ()
    done = floor.take(i.TalkRecordingMuted(c("x"), R, True), at=3)
    assert the(done, r.RecordingPaused).by == "1001"
    floor.take(i.RecordingPauseWanted(contact=c("x"), paused=False, by="1002"))
    resumed = floor.take(i.TalkRecordingMuted(c("x"), R, False), at=5)
    assert the(resumed, r.RecordingResumed).paused_ms == 2_000
    assert the(floor.agent_hangs_up("x", at=9), r.RecordingEnded).paused_ms == 2_000


def test_given_a_pause_that_nobody_confirms_then_it_has_failed_and_is_told_so():
    floor = recorded()
    floor.take(i.RecordingPauseWanted(contact=c("x"), paused=True, by="1001"))
    assert kinds(floor.wake()) == ["RecordingPauseFailed"]
    assert the_recording(floor).state is RecordingState.RECORDING
    late = floor.take(i.TalkRecordingMuted(c("x"), R, True))
    assert kinds(late) == ["RecordingPaused"], "what the switch says is so, however late"


def wants(floor, paused, by="1001"):
    return floor.take(i.RecordingPauseWanted(contact=c("x"), paused=paused, by=by))


@pytest.mark.parametrize("failed", [False, True])
def test_given_a_pause_before_it_has_begun_then_it_is_silenced_as_soon_as_it_begins(failed):
    floor = talking()
    if failed:
        floor.take(i.TalkRecordingRefused(c("x"), R, "no AMI"))
    due = the_recording(floor).deadline
    asked = wants(floor, True)
    assert kinds(asked) == ["RecordingPauseAsked"]
    assert doing(asked) == [], "there is nothing to silence yet"
    assert the_recording(floor).deadline == due, "and it is awaited, or tried again, as before"
    assert wants(floor, True).facts == (), "it is kept already"
    began = floor.take(i.TalkRecordingBegan(c("x"), R, "0x1"), at=1)
    assert kinds(began) == ["RecordingStarted", "RecordingPauseAsked"]
    assert the(began, r.RecordingPauseAsked).by == "1001"
    assert the(began, do.MuteTalkRecording).paused
    assert the(floor.take(i.TalkRecordingMuted(c("x"), R, True)), r.RecordingPaused).by == "1001"


def test_given_a_pause_kept_over_a_failure_and_a_try_then_it_still_holds():
    floor = talking()
    wants(floor, True)
    assert kinds(floor.wake()) == ["RecordingFailed"]
    assert kinds(floor.wake()) == ["RecordingRetried"]
    assert "MuteTalkRecording" in doing(floor.take(i.TalkRecordingBegan(c("x"), R, "0x1")))
    assert kinds(floor.wake()) == ["RecordingPauseFailed"], "nobody confirmed it"


def test_given_a_pause_before_it_has_begun_that_is_taken_back_then_it_begins_with_voices():
    floor = talking()
    wants(floor, True)
    assert kinds(wants(floor, False)) == ["RecordingPauseAsked"]
    assert wants(floor, False).facts == ()
    began = floor.take(i.TalkRecordingBegan(c("x"), R, "0x1"))
    assert kinds(began) == ["RecordingStarted"]
    assert doing(began) == []


def test_given_no_recording_when_somebody_wants_a_pause_then_nothing_happens():
    floor = talking(RecordingPolicy())
    assert floor.take(i.RecordingPauseWanted(contact=c("x"), paused=True, by="api")).facts == ()


# ---------------------------------------------------------------------------------------------------------- the store


def stored(ms, opus="o.opus"):
    return i.RecordingConverted(contact=c("x"), recording=R, ms=ms, bytes=1, wav="", opus=opus)


def test_given_a_file_as_long_as_its_talk_then_it_is_stored_and_nothing_is_awaited():
    floor = recorded()
    floor.leaves("x", at=10)
    assert floor.state.unstored[R].ms == 10_000
    assert kinds(floor.take(stored(10_000 - TOLERATED_MS))) == ["RecordingStored"]
    assert not floor.state.unstored


def test_given_a_file_that_is_too_short_then_it_is_an_alarm_and_stored():
    floor = recorded()
    floor.leaves("x", at=10)
    assert kinds(floor.take(stored(10_000 - TOLERATED_MS - 1))) == ["RecordingIncomplete", "RecordingStored"]


@pytest.mark.parametrize("restarted", [False, True])
def test_given_a_talk_whose_end_nobody_saw_then_a_shorter_file_is_no_alarm_but_a_missing_one_is(restarted):
    """The switch stopped writing when the caller left, or when it died; the talk counts until that was found out."""
    floor = recorded()
    floor.drops(at=10)
    ended = the(floor.survey(after_gap=True, gone=["x"], started_at=7 if restarted else 0, at=60), r.RecordingEnded)
    assert (ended.ms, ended.unseen) == (60_000, True)
    assert checkpoint.decode(checkpoint.encode(floor.state)).unstored == floor.state.unstored
    for short, facts in ((stored(8_000), ["RecordingStored"]), (stored(0, opus=""), ["RecordingIncomplete"])):
        assert kinds(decide(floor.state, short, floor.now)) == facts


@pytest.mark.parametrize("seen", ["told", "surveyed"])
def test_given_a_talk_whose_caller_was_carried_then_a_shorter_file_is_no_alarm(seen):
    floor = recorded()
    floor.drops(at=10)
    if seen == "told":
        ended = floor.take(i.CallerCarried(c("x")), at=60)
    else:
        ended = floor.survey(after_gap=True, carried=["x"], at=60)
    assert the(ended, r.RecordingEnded).unseen
    assert kinds(floor.take(stored(8_000))) == ["RecordingStored"]


def test_given_a_caller_who_left_in_a_pause_of_ours_then_the_file_is_to_be_as_long_as_their_talk():
    floor = recorded()
    ended = the(floor.take(i.Late(i.CallerGone(c("x"), 16), 10_000), at=70), r.RecordingEnded)
    assert (ended.at, ended.ms, ended.ended_at) == (70_000, 10_000, 10_000)
    assert kinds(floor.take(stored(10_000))) == ["RecordingStored"]


def test_given_an_agent_who_left_in_a_pause_of_ours_then_nothing_after_their_talk_is_kept():
    floor = recorded()
    talk = floor.contact("x").talk
    floor.take(i.Late(i.LegEnded(talk.offer, talk.leg, 16), 10_000), at=70)
    assert floor.state.unstored[R].most_ms == 10_000
    assert floor.state.unstored[R].ended_at == 70_000, "from then on its file is waited for"


def test_given_a_recording_and_its_pause_that_are_told_after_a_talk_that_had_ended_before_then_neither_is_below_zero():
    floor = talking()
    floor.take(i.TalkRecordingBegan(c("x"), R, "0x1"), at=70)
    floor.take(i.RecordingPauseWanted(contact=c("x"), paused=True, by="api"))
    floor.take(i.TalkRecordingMuted(c("x"), R, True))
    ended = the(floor.take(i.Late(i.CallerGone(c("x"), 16), 10_000), at=71), r.RecordingEnded)
    assert (ended.ms, ended.paused_ms) == (0, 0)


def test_given_no_file_at_all_then_it_is_an_alarm():
    floor = recorded()
    floor.leaves("x", at=1)
    assert kinds(floor.take(stored(0, opus=""))) == ["RecordingIncomplete"]
    assert not floor.state.unstored


def test_given_a_file_that_nobody_expected_then_it_is_stored():
    assert kinds(a_recorded_floor().take(stored(5_000))) == ["RecordingStored"]


def test_given_somebody_listens_then_it_is_a_fact_and_changes_nothing():
    floor = recorded()
    before = floor.state
    decision = floor.take(i.RecordingHeard(contact=c("x"), recording=R, by="admin"))
    assert the(decision, r.RecordingPlayed).by == "admin"
    assert floor.state is before


# --------------------------------------------------------------------------------------------------- tables, recovery


def test_given_a_checkpoint_then_recordings_and_what_is_to_be_stored_come_back():
    floor = recorded()
    floor.take(i.RecordingPauseWanted(contact=c("x"), paused=True, by="api"))
    again = checkpoint.decode(checkpoint.encode(floor.state))
    assert again.contacts == floor.state.contacts
    floor.leaves("x")
    assert checkpoint.decode(checkpoint.encode(floor.state)).unstored == floor.state.unstored


def test_given_a_plane_that_comes_back_in_a_talk_then_what_it_does_not_know_to_run_is_asked_for_again():
    floor = talking()
    floor.drops()
    floor.take(i.PlaneBegan(2, "test", 0))
    floor.survey(after_gap=True)
    decision = floor.wake()
    assert kinds(decision) == ["RecordingFailed"]
    assert doing(floor.take(i.RecorderBack(NODE))) == ["StartTalkRecording"]


MOVES = {
    r.RecordingStarted: {"handle": "0x1", "late_ms": 0},
    r.RecordingFailed: {"reason": "no", "again_at": 9},
    r.RecordingRetried: {"attempt": 2, "again_at": 9},
    r.RecordingPauseAsked: {"paused": True, "by": "a", "deadline": 9},
    r.RecordingPaused: {"by": "a"},
    r.RecordingResumed: {"by": "a", "paused_ms": 1},
    r.RecordingPauseFailed: {"paused": True, "by": "a", "reason": "no"},
    r.RecordingEnded: {"ms": 1, "paused_ms": 0, "stop_by": 9},
    r.RecordingStopRetried: {"attempt": 2, "again_at": 9},
    r.RecordingStopped: {},
}


@pytest.mark.parametrize("state", RecordingState)
@pytest.mark.parametrize("kind", MOVES)
def test_given_any_state_when_any_fact_comes_then_it_leads_where_the_table_says_or_raises(state, kind):
    recording = r.Recording(id=R, state=state, segment=2, direction=Direction.INBOUND, asked_at=0, deadline=2)
    fact = kind(at=5, contact=c("x"), recording=R, **MOVES[kind])
    if kind in RECORDING[state]:
        assert r.evolve(recording, fact).state is RECORDING[state][kind]
    else:
        with pytest.raises(IllegalMove):
            r.evolve(recording, fact)


def test_given_a_fact_of_another_recording_then_it_is_refused_and_nothing_changes():
    floor = recorded()
    other = r.RecordingPaused(at=floor.now, contact=c("x"), recording=recording_id(c("x"), 9), by="a")
    with pytest.raises(IllegalMove):
        evolve(floor.state, other)


def test_given_what_is_long_over_then_nothing_happens():
    floor = a_recorded_floor(queues=[a_queue()])
    nobody = c("nobody")
    for what in (
        i.TalkRecordingBegan(nobody, R, "0x1"),
        i.TalkRecordingRefused(nobody, R, "no"),
        i.TalkRecordingMuted(nobody, R, True),
        i.TalkRecordingOver(nobody, R),
        i.RecordingPauseWanted(contact=nobody, paused=True, by="a"),
    ):
        decision = floor.take(what)
        assert decision.facts == ()
        assert decision.commands == ()


# ---------------------------------------------------------------------------------------------------- own calls


DIALLING = Dialling(trunk="out", roles={"agent": Role(allow=("5",), deny=())})
OUTBOUND = RecordingPolicy(directions={Direction.OUTBOUND: RecordingRule(record=True)})


def on_an_own_call(number, policy):
    floor = a_floor(agents=[ready("ana"), ready("ben")], dialling=DIALLING, recording=policy)
    floor.take(replace(an_arrival("x", number), device=DeviceName("ana")))
    floor.asks("x", Connect(number))
    floor.enters("x")
    call = floor.contact("x").call
    floor.take(i.LegUp(call.id, call.leg, call.agent))
    return floor, floor.enters("x", call.leg)


@pytest.mark.parametrize(("number", "kept"), [("5551", True), ("ben", False)])
def test_given_an_agents_own_call_then_its_direction_says_whether_it_is_recorded(number, kept):
    _, decision = on_an_own_call(number, OUTBOUND)
    assert ("RecordingAsked" in kinds(decision)) is kept
    if kept:
        asked = the(decision, r.RecordingAsked)
        assert (asked.agent, asked.queue, asked.number, asked.direction) == ("ana", None, "5551", Direction.OUTBOUND)
        assert the(decision, do.StartTalkRecording).channel == "x"


def test_given_a_recorded_own_call_when_the_other_hangs_up_then_the_recording_ends_with_it():
    floor, _ = on_an_own_call("5551", OUTBOUND)
    recording = the_recording(floor).id
    floor.take(i.TalkRecordingBegan(c("x"), recording, "0x1"))
    call = floor.contact("x").call
    decision = floor.take(i.LegEnded(call.id, call.leg, 16), at=4)
    assert the(decision, r.RecordingEnded).ms == 4_000
    assert doing(decision)[0] == "StopTalkRecording"


@pytest.mark.parametrize("how", ["left in a gap", "carried in a gap", "left in a pause"])
def test_given_a_recorded_own_call_whose_end_nobody_saw_then_a_shorter_file_is_no_alarm(how):
    floor, _ = on_an_own_call("5551", OUTBOUND)
    recording, leg = the_recording(floor).id, floor.contact("x").call.leg
    floor.take(i.TalkRecordingBegan(c("x"), recording, "0x1"))
    if how == "left in a pause":
        floor.take(i.Late(i.CallerGone(c("x"), 16), 8_000), at=60)
    else:
        seen = i.ChannelSeen(leg, up=True)
        gone = {"gone": ["x"]} if how == "left in a gap" else {"carried": ["x"]}
        floor.drops(at=5)
        floor.survey(after_gap=True, extra=[seen], at=60, **gone)
    expected = floor.state.unstored[recording]
    assert (expected.ms, expected.unseen) == ((8_000, False) if how == "left in a pause" else (60_000, True))
    short = i.RecordingConverted(contact=c("x"), recording=recording, ms=8_000, bytes=1, wav="", opus="o.opus")
    assert kinds(floor.take(short)) == ["RecordingStored"]


def test_given_end_call_when_an_own_call_cannot_be_recorded_then_the_other_is_hung_up():
    policy = RecordingPolicy(default=RecordingRule(record=True, if_it_fails=IfItFails.END_CALL))
    floor, _ = on_an_own_call("5551", policy)
    decision = floor.take(i.TalkRecordingRefused(c("x"), the_recording(floor).id, "no AMI"))
    assert "HangUpLeg" in doing(decision)
    assert floor.contact("x").call is None
