"""What the recorder answers, what it does not answer in time, and what people ask of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.contacts import recordings as r
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import EndedBy
from ccplane.contacts.recordings import Recording, RecordingState, begun
from ccplane.core import inputs as i
from ccplane.core.commands import MuteTalkRecording, StartTalkRecording
from ccplane.core.parties import end_call
from ccplane.core.recordings import FOUND_MS, stop
from ccplane.core.rejoin import drop_legs
from ccplane.core.steps import hand_to_default
from ccplane.core.talks import talk_over
from ccplane.core.turn import Turn
from ccplane.ids import ContactId, RecordingId
from ccplane.routing.recording import IfItFails

AGAIN_MS: Final = 2_000
SELDOM_MS: Final = 30_000
"""Between two tries at the most; the first pause is AGAIN_MS, and each is twice the one before."""
MUTE_MS: Final = 2_000
TOLERATED_MS: Final = 2_000
"""By so much a recording may be shorter than its talk: it begins and ends a moment off."""
NO_FILE: Final = "the switch showed no file in time"
NO_ANSWER: Final = "the switch did not confirm it in time"


def _of(turn: Turn, contact_id: ContactId, recording: RecordingId) -> tuple[Contact, Recording] | None:
    """The contact and the recording of its present talk, if it is this one."""
    contact = turn.state.contacts.get(contact_id)
    if contact is None or contact.tape is None or contact.tape.id != recording:
        return None
    return contact, contact.tape


def began(turn: Turn, what: i.TalkRecordingBegan) -> None:
    """Its handle may be that of an earlier one, whose stop was never confirmed: then that one is over."""
    found = _of(turn, what.contact, what.recording)
    if found and not begun(found[1]):
        late_ms = turn.now - found[1].asked_at
        for each in found[0].unstopped:
            if each.handle == what.handle:
                over(turn, i.TalkRecordingOver(what.contact, each.id))
        turn.happened(
            r.RecordingStarted(
                at=turn.now, contact=what.contact, recording=what.recording, handle=what.handle, late_ms=late_ms
            )
        )
        if found[1].wanted:
            _mute(turn, what.contact, paused=True, by=found[1].asked_by)


def refused(turn: Turn, what: i.TalkRecordingRefused) -> None:
    found = _of(turn, what.contact, what.recording)
    if found and found[1].state is RecordingState.ASKED:
        _failed(turn, *found, what.reason)


def _failed(turn: Turn, contact: Contact, recording: Recording, reason: str) -> None:
    """An alarm in any case; whether the call goes on without is the policy's to say."""
    turn.happened(
        r.RecordingFailed(
            at=turn.now, contact=contact.id, recording=recording.id, reason=reason, again_at=turn.now + AGAIN_MS
        )
    )
    rule = turn.state.rules.recording.rule(recording.direction, recording.queue, recording.number)
    if rule.if_it_fails is IfItFails.END_CALL:
        _end_talk(turn, turn.state.contacts[contact.id])
        hand_to_default(turn, turn.state.contacts[contact.id])


def _end_talk(turn: Turn, contact: Contact) -> None:
    if contact.call is not None:
        end_call(turn, contact, contact.call, EndedBy.PROGRAM)
    elif contact.talk is not None:
        drop_legs(turn, contact, contact.talk)
        talk_over(turn, turn.state.contacts[contact.id], EndedBy.PROGRAM)


def muted(turn: Turn, what: i.TalkRecordingMuted) -> None:
    """What the switch says is so, even if it says it after the time was up."""
    found = _of(turn, what.contact, what.recording)
    if not found or not begun(found[1]):
        return
    at, contact, recording = turn.now, found[0].id, found[1]
    by = recording.asked_by or "switch"
    if what.reason:
        if recording.wanted is what.paused:
            turn.happened(
                r.RecordingPauseFailed(
                    at=at, contact=contact, recording=recording.id, paused=what.paused, by=by, reason=what.reason
                )
            )
    elif what.paused is (recording.state is RecordingState.PAUSED):
        return
    elif what.paused:
        turn.happened(r.RecordingPaused(at=at, contact=contact, recording=recording.id, by=by))
    else:
        paused_ms = at - (recording.paused_at or at)
        turn.happened(r.RecordingResumed(at=at, contact=contact, recording=recording.id, by=by, paused_ms=paused_ms))


def over(turn: Turn, what: i.TalkRecordingOver) -> None:
    contact = turn.state.contacts.get(what.contact)
    if contact and any(each.id == what.recording for each in contact.unstopped):
        turn.happened(r.RecordingStopped(at=turn.now, contact=contact.id, recording=what.recording))


def back(turn: Turn, what: i.RecorderBack) -> None:
    """Whatever waits for its next try is tried now."""
    for contact in turn.state.contacts.values():
        if contact.node == what.node and (contact.tape or contact.unstopped):
            turn.attempt(contact.id, _try_now, turn, contact)


def _try_now(turn: Turn, contact: Contact) -> None:
    recording = contact.tape
    if recording and recording.state in (RecordingState.FAILED, RecordingState.ASKED):
        _retry(turn, contact, recording)
    for each in contact.unstopped:
        _stop_again(turn, contact, each)


def recordings_due(turn: Turn, contact: Contact) -> None:
    """No file, no confirmation, or the time for the next try."""
    for each in contact.unstopped:
        if each.deadline is not None and each.deadline <= turn.now:
            _stop_again(turn, contact, each)
    recording = contact.tape
    if recording is None or recording.deadline is None or recording.deadline > turn.now:
        return
    match recording.state:
        case RecordingState.ASKED:
            _failed(turn, turn.state.contacts[contact.id], recording, NO_FILE)
        case RecordingState.FAILED:
            _retry(turn, contact, recording)
        case _:
            assert recording.wanted is not None
            muted(turn, i.TalkRecordingMuted(contact.id, recording.id, recording.wanted, NO_ANSWER))


def _retry(turn: Turn, contact: Contact, recording: Recording, again_at: int | None = None) -> None:
    attempt = recording.attempt + 1
    again_at = _again_at(turn, attempt) if again_at is None else again_at
    turn.happened(
        r.RecordingRetried(at=turn.now, contact=contact.id, recording=recording.id, attempt=attempt, again_at=again_at)
    )
    least = turn.state.rules.recording.least_free_mb
    turn.do(StartTalkRecording(contact.id, recording.id, contact.channel, attempt, least))


def look_again(turn: Turn, contact: Contact) -> None:
    """After a gap: what was asked for may have come true, and nobody has heard the answer. That is no failure."""
    recording = contact.tape
    if recording is None or recording.deadline is None:
        return
    if recording.state is RecordingState.ASKED:
        _retry(turn, contact, recording, turn.now + FOUND_MS)
    elif begun(recording) and recording.wanted is not None:
        _ask_pause(turn, contact.id, recording, recording.wanted, recording.asked_by, turn.now + FOUND_MS)
        turn.do(MuteTalkRecording(contact.id, recording.id, contact.channel, recording.wanted))


def _stop_again(turn: Turn, contact: Contact, recording: Recording) -> None:
    attempt = recording.attempt + 1
    turn.happened(
        r.RecordingStopRetried(
            at=turn.now, contact=contact.id, recording=recording.id, attempt=attempt, again_at=_again_at(turn, attempt)
        )
    )
    stop(turn, contact, recording)


def _again_at(turn: Turn, attempt: int) -> int:
    return turn.now + min(AGAIN_MS << min(attempt - 1, 10), SELDOM_MS)


def pause_wanted(turn: Turn, what: i.RecordingPauseWanted) -> None:
    """Asked of the switch; the fact that it is so comes with its answer. The same again is no fact.

    Of one that has not begun the wish is kept: the switch is asked once it records.
    """
    contact = turn.state.contacts.get(what.contact)
    recording = contact.tape if contact else None
    if recording is None:
        return
    if not begun(recording):
        if what.paused is not bool(recording.wanted):
            assert recording.deadline is not None
            _ask_pause(turn, what.contact, recording, what.paused, what.by, recording.deadline)
    elif recording.wanted is None and what.paused is not (recording.state is RecordingState.PAUSED):
        _mute(turn, what.contact, what.paused, what.by)  # else it is so, or who asked before waits for the answer


def _mute(turn: Turn, contact_id: ContactId, paused: bool, by: str) -> None:
    contact = turn.state.contacts[contact_id]
    assert contact.tape is not None
    _ask_pause(turn, contact_id, contact.tape, paused, by, turn.now + MUTE_MS)
    turn.do(MuteTalkRecording(contact_id, contact.tape.id, contact.channel, paused))


def _ask_pause(turn: Turn, contact: ContactId, recording: Recording, paused: bool, by: str, deadline: int) -> None:
    turn.happened(
        r.RecordingPauseAsked(
            at=turn.now, contact=contact, recording=recording.id, paused=paused, by=by, deadline=deadline
        )
    )


def converted(turn: Turn, what: i.RecordingConverted) -> None:
    """It is in the store. What should have been longer is an alarm; of what nobody expected, or saw the end of, nothing
    can be said."""
    expected = turn.state.unstored.get(what.recording)
    kept = bool(what.opus or what.wav)
    if expected and (not kept or (expected.ms - what.ms > TOLERATED_MS and not expected.unseen)):
        reason = "the switch wrote less than was said; was its disk full?" if what.ms else "there is no file of it"
        turn.happened(
            r.RecordingIncomplete(
                at=turn.now,
                contact=what.contact,
                recording=what.recording,
                expected_ms=expected.ms,
                ms=what.ms,
                reason=reason,
            )
        )
    if kept:
        turn.happened(
            r.RecordingStored(
                at=turn.now,
                contact=what.contact,
                recording=what.recording,
                ms=what.ms,
                bytes=what.bytes,
                wav=what.wav,
                opus=what.opus,
            )
        )


def heard(turn: Turn, what: i.RecordingHeard) -> None:
    turn.happened(r.RecordingPlayed(at=turn.now, contact=what.contact, recording=what.recording, by=what.by))


RECORDER_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.TalkRecordingBegan: began,
    i.TalkRecordingRefused: refused,
    i.TalkRecordingMuted: muted,
    i.TalkRecordingOver: over,
    i.RecorderBack: back,
    i.RecordingConverted: converted,
    i.RecordingPauseWanted: pause_wanted,
    i.RecordingHeard: heard,
}
