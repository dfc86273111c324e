"""Messages: left whatever ends the recording, settled once, found afterwards."""

from __future__ import annotations

from itertools import permutations

import pytest

from ccplane.agents.facts import Phone
from ccplane.contacts import facts as f
from ccplane.contacts.facts import EndedBy, MessageMark, MessageSource, Unusable
from ccplane.contacts.message import MESSAGE, MessageState
from ccplane.contacts.verbs import EnterQueue, MessageTaken, NoMessage, TakeMessage
from ccplane.core import checkpoint
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.evolve import evolve
from ccplane.core.messages import RECORDING_MS, SETTLE_MS
from ccplane.errors import IllegalMove
from ccplane.ids import ChannelId, MessageId, contact_id, message_id
from tests.core.floor import NODE, SUPPORT, a_floor, a_queue, c, doing, kinds, ready, the

X = c("x")
VERB = TakeMessage("general", longest_ms=60_000, silence_ms=5_000)
MESSAGE_ID = message_id(X, 1, 1)
KEPT = i.MessageKept(MESSAGE_ID, "2026/01/01/m.wav", 4_200, 67_244)


def recording(answered=True):
    """A floor on which x is being recorded."""
    floor = a_floor()
    floor.arrives("x", answered=answered)
    floor.asks("x", VERB)
    floor.take(i.RecordingBegan(MESSAGE_ID))
    return floor


def left(floor):
    return [fact for fact in floor.facts if isinstance(fact, f.MessageLeft)]


def test_given_a_program_that_takes_a_message_then_the_channel_is_recorded_under_our_name():
    floor = a_floor()
    floor.arrives("x")
    decision = floor.asks("x", VERB)
    assert doing(decision) == ["WriteJournal", "AnswerCaller", "RecordMessage"]
    assert the(decision, do.RecordMessage) == do.RecordMessage(X, ChannelId("x"), MESSAGE_ID, 60_000, 5_000)
    assert floor.contact("x").step_deadline == 60_000 + RECORDING_MS


def test_given_a_recording_that_ends_when_the_file_is_safe_then_the_program_has_its_measured_length():
    floor = recording()
    ended = floor.take(i.RecordingEnded(MESSAGE_ID, 4_000), at=5)
    message = the(ended, f.MessageLeft)
    assert (message.box, message.caller, message.number_dialled, message.node) == ("general", "5551234", "4002", NODE)
    assert (message.recording, message.source, message.left_at) == (f"messages/{MESSAGE_ID}", MessageSource.IVR, 5_000)
    assert floor.contact("x").verb == VERB, "not before it is known whether it is a message"
    kept = floor.take(KEPT)
    assert the(kept, f.StepEnded).result == MessageTaken(MESSAGE_ID, 4_200)
    assert (the(kept, f.MessageStored).ms, the(kept, f.MessageStored).bytes) == (4_200, 67_244)
    assert not floor.state.messages


def test_given_a_recording_of_silence_then_the_program_is_told_that_there_is_no_message():
    floor = recording()
    floor.take(i.RecordingEnded(MESSAGE_ID, 1_000))
    dropped = floor.take(i.MessageUnusable(MESSAGE_ID, Unusable.SILENT))
    assert the(dropped, f.StepEnded).result == NoMessage("silent")
    assert the(dropped, f.MessageDropped).reason is Unusable.SILENT
    assert not floor.state.messages


ENDS = {
    "gone": i.CallerGone(X, 16),
    "ended": i.RecordingEnded(MESSAGE_ID, 4_000),
    "kept": KEPT,
}


@pytest.mark.parametrize("order", list(permutations(ENDS)), ids="-".join)
def test_given_a_caller_who_hangs_up_while_recording_then_in_whatever_order_it_is_told_the_message_is_left_once(order):
    floor = recording()
    for what in order:
        floor.take(ENDS[what])
    if order.index("kept") == 0:
        floor.take(KEPT)  # nobody keeps what was not left
    assert len(left(floor)) == 1
    assert [type(fact) for fact in floor.facts].count(f.MessageStored) == 1
    assert not floor.state.messages
    assert floor.contact("x") is None


def test_given_a_caller_who_hangs_up_then_the_message_is_left_before_the_contact_ends():
    floor = recording()
    assert kinds(floor.leaves("x")) == ["MessageLeft", "ContactEnded"]
    assert floor.state.messages[MESSAGE_ID].contact == X


def test_given_a_message_that_is_left_when_everything_is_told_again_then_nothing_happens():
    floor = recording()
    floor.take(i.RecordingEnded(MESSAGE_ID, 4_000))
    for again in (i.RecordingEnded(MESSAGE_ID, 4_000), i.RecordingMissing(MESSAGE_ID), i.RecordingBegan(MESSAGE_ID)):
        assert not floor.take(again).facts
    floor.take(KEPT)
    assert not floor.take(KEPT).facts
    assert not floor.take(i.MessageUnusable(MESSAGE_ID, Unusable.SILENT)).facts


def test_given_a_switch_that_refuses_to_record_then_the_program_goes_on_without_a_message():
    floor = recording()
    decision = floor.take(i.RecordingRefused(MESSAGE_ID, "no"))
    assert the(decision, f.StepEnded).result == NoMessage("no")
    assert not left(floor)


def test_given_no_word_of_the_end_when_the_longest_time_is_over_then_it_is_stopped_and_counts_as_left():
    floor = recording()
    overdue = floor.wake()
    assert doing(overdue) == ["StopRecording"]
    assert kinds(overdue) == ["MessageLeft"]
    again = floor.wake()
    assert floor.now == 60_000 + RECORDING_MS + SETTLE_MS
    assert the(again, f.StepEnded).result == NoMessage("not confirmed in time")
    assert MESSAGE_ID in floor.state.messages, "what there is of it is kept all the same"


@pytest.mark.parametrize(("ms", "result"), [(4_000, MessageTaken(MESSAGE_ID, 4_000)), (0, NoMessage)])
def test_given_a_keeper_that_is_late_then_the_program_goes_on_by_the_switchs_word(ms, result):
    floor = recording()
    floor.take(i.RecordingEnded(MESSAGE_ID, ms))
    ended = the(floor.wake(), f.StepEnded).result
    assert ended == result or type(ended) is result
    assert kinds(floor.take(KEPT)) == ["MessageStored"]


def test_given_a_caller_in_their_room_then_they_leave_it_first_since_there_nobody_is_recorded():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(SUPPORT, max_wait=5)])
    floor.phone("ana", "gone")
    floor.waits("x")
    floor.tick(6)
    asked = floor.asks("x", VERB)
    assert doing(asked) == ["WriteJournal", "AnswerCaller", "RemoveCaller"]
    assert not floor.take(i.LeftRoom(X, ChannelId("somebody else"))).facts
    out = floor.take(i.LeftRoom(X, ChannelId("x")))
    assert kinds(out) == ["CallerLeftRoom"]
    assert the(out, do.RecordMessage).message == message_id(X, 2, 1)
    floor.take(i.RecordingRefused(message_id(X, 2, 1), "no"))
    assert "AddCaller" in doing(floor.asks("x", EnterQueue(SUPPORT))), "and may wait again"


def leaving():
    """A floor on which x waited in the room, and is being taken out of it for a message."""
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(SUPPORT, max_wait=5)])
    floor.phone("ana", Phone.GONE)
    floor.waits("x")
    floor.tick(6)
    floor.asks("x", VERB)
    return floor


OUT = i.LeftRoom(X, ChannelId("x"))


def test_given_a_message_that_was_given_up_when_its_caller_leaves_the_room_then_they_are_out_all_the_same():
    floor = leaving()
    floor.take(i.RecordingRefused(message_id(X, 2, 1), "no"))
    out = floor.take(OUT)
    assert kinds(out) == ["CallerLeftRoom"]
    assert not doing(out)
    assert not floor.contact("x").in_room
    assert not floor.take(OUT).facts, "told again"
    assert "AddCaller" in doing(floor.asks("x", EnterQueue(SUPPORT)))


def test_given_a_caller_who_waits_again_when_they_leave_the_room_then_they_are_brought_back():
    floor = leaving()
    floor.take(i.RecordingRefused(message_id(X, 2, 1), "no"))
    assert "AddCaller" not in doing(floor.asks("x", EnterQueue(SUPPORT))), "as far as we know they are in it"
    assert checkpoint.decode(checkpoint.encode(floor.state)).contacts == floor.state.contacts
    assert floor.replayed() == floor.state
    assert doing(floor.take(OUT)) == ["AddCaller"]
    floor.enters("x")
    assert floor.contact("x").in_room
    floor.phone("ana", Phone.REACHABLE)
    floor.picks_up("x")
    floor.joins("x")
    assert floor.contact("x").talk, "and they talk as ever"


def test_given_another_message_of_the_same_caller_then_the_one_that_is_recorded_has_its_own_time():
    floor = a_floor()
    floor.arrives("x", answered=True)
    floor.asks("x", VERB)
    floor.take(i.RecordingMissing(MESSAGE_ID))
    second, due = floor.contact("x").recording, floor.contact("x").step_deadline
    assert second != MESSAGE_ID
    floor.take(i.RecordingFound(NODE, MESSAGE_ID, 0))
    assert len(left(floor)) == 1
    assert floor.contact("x").step_deadline == due
    floor.take(i.RecordingEnded(second, 4_000))
    assert floor.contact("x").step_deadline == floor.now + SETTLE_MS


def test_given_a_caller_who_leaves_a_room_for_another_reason_then_that_is_nothing_to_us():
    floor = a_floor(agents=[ready("ana")])
    floor.waits("x")
    assert not floor.take(i.LeftRoom(X, ChannelId("x"))).facts


def test_given_a_program_that_fails_while_recording_then_what_was_said_is_kept():
    floor = recording()
    decision = floor.take(i.ProgramRaised(X, "ValueError", "x.py:1"))
    assert kinds(decision)[0] == "MessageLeft"
    assert "StopRecording" in doing(decision)


def test_given_a_plane_that_comes_back_while_somebody_is_recorded_then_it_looks_and_does_not_begin_again():
    floor = recording()
    floor.drops()
    decision = floor.survey(after_gap=True, at=1)
    assert the(decision, do.LookForRecording) == do.LookForRecording(X, MESSAGE_ID)
    assert "RecordMessage" not in doing(decision)
    assert not left(floor)


def test_given_a_recording_that_was_lost_before_it_began_then_it_begins_under_the_next_trys_name():
    floor = recording()
    floor.drops()
    floor.survey(after_gap=True, at=1)
    again = floor.take(i.RecordingMissing(MESSAGE_ID))
    assert the(again, do.RecordMessage).message == message_id(X, 1, 2)
    assert not floor.take(i.RecordingEnded(MESSAGE_ID)).facts, "of the first try nothing more is heard"


def test_given_a_caller_who_hung_up_in_the_gap_then_the_message_is_left_all_the_same():
    floor = recording()
    floor.drops()
    floor.survey(after_gap=True, gone=["x"], at=1)
    assert len(left(floor)) == 1
    assert floor.contact("x") is None


def test_given_a_message_not_yet_in_safety_then_a_checkpoint_and_the_facts_alone_know_it():
    floor = recording()
    floor.leaves("x")
    assert checkpoint.decode(checkpoint.encode(floor.state)).messages == floor.state.messages
    assert floor.replayed().messages == floor.state.messages
    assert floor.state.messages


def test_given_a_recording_nobody_knows_of_when_it_is_found_then_it_is_a_message_and_may_be_kept():
    floor = a_floor()
    unknown = MessageId(f"m-c-{NODE}-7.7-2-1")
    found = the(floor.take(i.RecordingFound(NODE, unknown, 3), at=9), f.MessageLeft)
    assert (found.contact, found.left_at, found.caller) == (contact_id(NODE, ChannelId("7.7")), 3, "")
    assert not floor.take(i.RecordingFound(NODE, unknown, 3)).facts
    assert kinds(floor.take(i.MessageKept(unknown, "x", 2_000, 44))) == ["MessageStored"]
    assert not floor.take(i.RecordingFound(NODE, MessageId("nonsense"), 3)).facts


def test_given_the_recording_of_a_live_contact_when_its_end_is_found_then_it_is_left_like_any_other():
    floor = recording()
    assert the(floor.take(i.RecordingFound(NODE, MESSAGE_ID, 3)), f.MessageLeft).caller == "5551234"


def a_call_at_the_fallback(recording="fallback/4002-x"):
    return i.FallbackCallFound(
        node=NODE,
        channel=ChannelId("x"),
        number_dialled="4002",
        caller="777",
        arrived_at=2_000,
        ended_at=9_000,
        recording=recording,
    )


def test_given_a_call_that_the_fallback_had_then_it_is_a_contact_of_its_own_time_with_its_message():
    floor = a_floor()
    decision = floor.take(a_call_at_the_fallback(), at=100)
    assert kinds(decision) == ["ContactArrived", "MessageLeft", "ContactEnded"]
    arrived, ended = the(decision, f.ContactArrived), the(decision, f.ContactEnded)
    assert (arrived.arrived_at, ended.ended_at, ended.by) == (2_000, 9_000, EndedBy.FALLBACK)
    assert (arrived.caller, arrived.language, arrived.attribution) == ("777", "zh-CN", "radio")
    message = the(decision, f.MessageLeft)
    assert (message.message, message.source, message.left_at) == (message_id(X), MessageSource.FALLBACK, 9_000)
    assert doing(decision) == []
    assert not floor.state.contacts


def test_given_a_call_without_a_message_at_the_fallback_then_it_is_a_contact_that_nobody_served():
    floor = a_floor()
    assert kinds(floor.take(a_call_at_the_fallback(None), at=100)) == ["ContactArrived", "ContactEnded"]


def test_given_a_call_at_the_fallback_when_it_is_found_again_then_nothing_is_doubled():
    floor = a_floor()
    floor.take(a_call_at_the_fallback(), at=100)
    assert not floor.take(a_call_at_the_fallback()).facts
    floor.take(i.MessageKept(message_id(X), "x", 2_000, 44))
    assert not floor.take(a_call_at_the_fallback(None)).facts


def test_given_a_contact_of_ours_that_was_carried_to_the_fallback_then_only_its_message_is_new():
    floor = a_floor()
    floor.arrives("x")
    floor.leaves("x")
    assert kinds(floor.take(a_call_at_the_fallback())) == ["MessageLeft"]


def test_given_a_switch_whose_clock_is_ahead_then_nothing_is_said_to_come_after_now():
    floor = a_floor()
    decision = floor.take(a_call_at_the_fallback(), at=1)
    assert the(decision, f.ContactArrived).arrived_at == 1_000
    assert the(decision, f.MessageLeft).left_at == 1_000


def test_given_somebody_who_heard_it_then_the_log_has_it():
    floor = a_floor()
    asked = i.MessageMarkAsked(message=MESSAGE_ID, contact=X, state=MessageMark.HEARD, by="api")
    fact = the(floor.take(asked), f.MessageMarked)
    assert (fact.message, fact.contact, fact.state, fact.by) == (MESSAGE_ID, X, MessageMark.HEARD, "api")


def test_given_somebody_who_listens_then_the_log_has_it():
    floor = a_floor()
    fact = the(floor.take(i.MessageHeard(message=MESSAGE_ID, contact=X, by="api")), f.MessagePlayed)
    assert (fact.message, fact.contact, fact.by) == (MESSAGE_ID, X, "api")


def test_given_the_table_of_messages_then_a_message_is_settled_once_and_never_unheard_of():
    assert set(MESSAGE) == set(MessageState)
    floor = recording()
    floor.leaves("x")
    stored = the(floor.take(KEPT), f.MessageStored)
    with pytest.raises(IllegalMove, match="unknown"):
        evolve(floor.state, stored)
    twice = left(floor)[0]
    before = evolve(floor.state, twice)
    with pytest.raises(IllegalMove, match="no transition from left"):
        evolve(before, twice)
