"""Whether a talk is recorded, and from when to when. The site's policy decides; the edge does it and says what came.

Nobody is recorded who was to be told first and was not, or who refused.
"""

from __future__ import annotations

from typing import Final

from ccplane.contacts import recordings as r
from ccplane.contacts.contact import Contact
from ccplane.contacts.recordings import Recording
from ccplane.core.commands import StartTalkRecording, StopTalkRecording
from ccplane.core.turn import Turn
from ccplane.ids import ContactId, recording_id

BEGIN_MS: Final = 2_000
"""How long the switch may take to show a recording's file."""
FOUND_MS: Final = 10_000
"""The same after a gap, when what commands it may not be connected yet."""
STOP_MS: Final = 2_000
"""How long it may take to confirm that one is stopped."""


def start_recording(turn: Turn, contact_id: ContactId, attempt: int = 1) -> None:
    """The talk that has just begun is recorded, if the policy says so and the caller has not refused.

    `attempt`: from the second on the switch is asked first whether it records this talk already.
    """
    contact = turn.state.contacts[contact_id]
    assert contact.in_talk
    talk, call = contact.talk, contact.call
    number = call.number if call else contact.number_dialled
    policy = turn.state.rules.recording
    rule = policy.rule(contact.direction, talk.queue if talk else None, number)
    if not rule.record or contact.consent is False or (rule.consent and contact.consent is None):
        return
    recording = recording_id(contact.id, contact.segments)
    turn.happened(
        r.RecordingAsked(
            at=turn.now,
            contact=contact.id,
            recording=recording,
            segment=contact.segments,
            agent=talk.agent if talk else contact.agent,
            queue=talk.queue if talk else None,
            direction=contact.direction,
            number=number,
            channel=contact.channel,
            deadline=turn.now + (BEGIN_MS if attempt == 1 else FOUND_MS),
        )
    )
    turn.do(
        StartTalkRecording(contact.id, recording, contact.channel, attempt=attempt, least_free_mb=policy.least_free_mb)
    )


def end_recording(turn: Turn, contact: Contact, *, caller_stays: bool, unseen: bool = False) -> None:
    """The talk is over. Where the caller's channel lives on the switch must be told, and asked until it confirms.

    Also where the recording was never seen to begin: that it was asked for may take effect late.
    """
    recording = contact.tape
    if recording is None:
        return
    asked_ms, ended_at = turn.over(recording.asked_at)
    until = recording.asked_at + asked_ms
    turn.happened(
        r.RecordingEnded(
            at=turn.now,
            contact=contact.id,
            recording=recording.id,
            ms=max(0, until - recording.started_at) if recording.started_at is not None else 0,
            paused_ms=recording.paused_until(until),
            stop_by=turn.now + STOP_MS if caller_stays else None,
            unseen=unseen,
            ended_at=ended_at,
        )
    )
    if caller_stays:
        stop(turn, contact, recording)


def stop(turn: Turn, contact: Contact, recording: Recording) -> None:
    turn.do(StopTalkRecording(contact.id, recording.id, contact.channel, recording.handle))


def note_consent(turn: Turn, contact: Contact, consent: bool | None) -> None:
    """What the program found out before it queued the caller."""
    if consent is not None and consent is not contact.consent:
        turn.happened(r.RecordingAnnounced(at=turn.now, contact=contact.id, refused=not consent))
