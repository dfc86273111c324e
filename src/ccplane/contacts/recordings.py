"""A recording from asked to ended: its facts, its table, and how it evolves. One talk has one recording.

What is said here is what is known: that the switch records is proven by its file, that it no longer does by its own
word. A recording outlives its talk where the caller stays on the line and the switch has not yet said that it stopped.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from ccplane.contacts.facts import ContactFact, Direction
from ccplane.errors import IllegalMove
from ccplane.ids import AgentId, ChannelId, ContactId, QueueName, RecordingId
from ccplane.laws import Fact, Transitions, move


class RecordingAnnounced(ContactFact, frozen=True, kw_only=True):
    """The caller was told that talks are recorded; `refused`: and pressed the key that says no."""

    refused: bool


class RecordingFact(ContactFact, frozen=True, kw_only=True):
    """A fact about the recording of a talk that goes on, or of one that the switch has not confirmed to be stopped."""

    recording: RecordingId


class RecordingAsked(RecordingFact, frozen=True, kw_only=True):
    """The switch was asked to record the talk. `deadline`: by then its file is seen, or the recording has failed."""

    segment: int
    agent: AgentId | None
    queue: QueueName | None
    """None for a call of an agent's own."""
    direction: Direction
    number: str
    """As the policy's numbers are looked up: the one that was dialled."""
    channel: ChannelId
    deadline: int


class RecordingStarted(RecordingFact, frozen=True, kw_only=True):
    """The switch records: its file is there. `handle`: the switch's own name for it. `late_ms`: since it was asked."""

    handle: str
    late_ms: int


class RecordingFailed(RecordingFact, frozen=True, kw_only=True):
    """It could not be started, which is an alarm; told once a talk. It is tried again at `again_at`, and so on."""

    reason: str
    again_at: int


class RecordingRetried(RecordingFact, frozen=True, kw_only=True):
    """After a failure the switch was asked once more, and will be again at `again_at`."""

    attempt: int
    again_at: int


class RecordingPauseAsked(RecordingFact, frozen=True, kw_only=True):
    """Somebody wants the recording silent (`paused`), or wants it back.

    Before it has begun this is only kept, and said again once the switch can be asked. `deadline`: as it stood, then.
    """

    paused: bool
    by: str
    deadline: int


class RecordingPaused(RecordingFact, frozen=True, kw_only=True):
    """The switch writes silence from here on."""

    by: str


class RecordingResumed(RecordingFact, frozen=True, kw_only=True):
    """The switch writes voices again."""

    by: str
    paused_ms: int


class RecordingPauseFailed(RecordingFact, frozen=True, kw_only=True):
    """The switch did not do it: whoever asked must know."""

    paused: bool
    by: str
    reason: str


class RecordingEnded(RecordingFact, frozen=True, kw_only=True):
    """The talk is over, and with it what may be recorded. `ms`: how long the recording ought to be.

    `stop_by`: when the switch is asked again if it has not confirmed; None if the caller's channel is gone, which
    ends it by itself. `unseen`: it ended while nobody watched, and may be shorter than `ms` by as long as that was.
    """

    ms: int
    paused_ms: int
    stop_by: int | None
    unseen: bool = False
    ended_at: int | None = None
    """When, if that is older than this fact."""


class RecordingStopRetried(RecordingFact, frozen=True, kw_only=True):
    """The switch has not confirmed that it stopped: it was asked again."""

    attempt: int
    again_at: int


class RecordingStopped(RecordingFact, frozen=True, kw_only=True):
    """The switch no longer records this."""


class KeptFact(Fact, frozen=True, kw_only=True):
    """A fact about what was recorded; its contact has mostly ended."""

    contact: ContactId
    recording: RecordingId


class RecordingStored(KeptFact, frozen=True, kw_only=True):
    """It lies in the store. `wav`, `opus`: paths within the store, "" for none; `bytes`: of both."""

    ms: int
    bytes: int
    wav: str
    opus: str


class RecordingIncomplete(KeptFact, frozen=True, kw_only=True):
    """What the switch wrote is shorter than what was to be recorded, or is not there at all: an alarm."""

    expected_ms: int
    ms: int
    reason: str


class RecordingPlayed(KeptFact, frozen=True, kw_only=True):
    """Somebody listened to it."""

    by: str


AnyRecordingFact = (
    RecordingAnnounced
    | RecordingAsked
    | RecordingStarted
    | RecordingFailed
    | RecordingRetried
    | RecordingPauseAsked
    | RecordingPaused
    | RecordingResumed
    | RecordingPauseFailed
    | RecordingEnded
    | RecordingStopRetried
    | RecordingStopped
)
AnyKeptFact = RecordingStored | RecordingIncomplete | RecordingPlayed


class RecordingState(StrEnum):
    """Where a recording is."""

    ASKED = "asked"
    RECORDING = "recording"
    PAUSED = "paused"
    FAILED = "failed"
    """Not begun; tried again while the talk lasts."""
    ENDED = "ended"
    """The talk is over; the switch has yet to say that it stopped."""
    STOPPED = "stopped"


RECORDING: Final[Transitions[RecordingState]] = {
    RecordingState.ASKED: {
        RecordingPauseAsked: RecordingState.ASKED,
        RecordingRetried: RecordingState.ASKED,
        RecordingStarted: RecordingState.RECORDING,
        RecordingFailed: RecordingState.FAILED,
        RecordingEnded: RecordingState.ENDED,
    },
    RecordingState.FAILED: {
        RecordingPauseAsked: RecordingState.FAILED,
        RecordingRetried: RecordingState.FAILED,
        RecordingStarted: RecordingState.RECORDING,
        RecordingEnded: RecordingState.ENDED,
    },
    RecordingState.RECORDING: {
        RecordingPauseAsked: RecordingState.RECORDING,
        RecordingPauseFailed: RecordingState.RECORDING,
        RecordingPaused: RecordingState.PAUSED,
        RecordingEnded: RecordingState.ENDED,
    },
    RecordingState.PAUSED: {
        RecordingPauseAsked: RecordingState.PAUSED,
        RecordingPauseFailed: RecordingState.PAUSED,
        RecordingResumed: RecordingState.RECORDING,
        RecordingEnded: RecordingState.ENDED,
    },
    RecordingState.ENDED: {
        RecordingStopRetried: RecordingState.ENDED,
        RecordingStopped: RecordingState.STOPPED,
    },
    RecordingState.STOPPED: {},
}


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """The recording of a talk. Built from facts by `asked` and `evolve` alone."""

    id: RecordingId
    state: RecordingState
    segment: int
    direction: Direction
    queue: QueueName | None = None
    number: str = ""
    asked_at: int
    deadline: int | None
    """When time alone changes something: no file, a next try, a pause or a stop that nobody confirmed."""
    attempt: int = 1
    handle: str = ""
    started_at: int | None = None
    wanted: bool | None = None
    """Whether it is to be paused, while the switch has not confirmed it."""
    asked_by: str = ""
    paused_at: int | None = None
    paused_ms: int = 0

    def paused_until(self, now: int) -> int:
        """How long it has been paused in all."""
        return self.paused_ms + (max(0, now - self.paused_at) if self.paused_at is not None else 0)


def begun(recording: Recording) -> bool:
    """Whether the switch is known to record it."""
    return recording.state in (RecordingState.RECORDING, RecordingState.PAUSED)


class Expected(msgspec.Struct, frozen=True):
    """A recording whose talk is over and whose file is not in the store yet."""

    id: RecordingId
    contact: ContactId
    ms: int
    ended_at: int
    """When that was told: from then on its file is waited for."""
    most_ms: int
    """What is longer than this goes on after the talk, and must not be kept."""
    unseen: bool = False
    """Nobody saw the talk end: `ms` is the most that it can be."""


def asked(fact: RecordingAsked) -> Recording:
    return Recording(
        id=fact.recording,
        state=RecordingState.ASKED,
        segment=fact.segment,
        direction=fact.direction,
        queue=fact.queue,
        number=fact.number,
        asked_at=fact.at,
        deadline=fact.deadline,
    )


Moves = (
    RecordingStarted
    | RecordingFailed
    | RecordingRetried
    | RecordingPauseAsked
    | RecordingPaused
    | RecordingResumed
    | RecordingPauseFailed
    | RecordingEnded
    | RecordingStopRetried
    | RecordingStopped
)


def evolve(recording: Recording | None, fact: Moves) -> Recording:
    """The recording after `fact`; IllegalMove if it is of another recording, or cannot happen now."""
    if recording is None or recording.id != fact.recording:
        raise IllegalMove("recording", recording and recording.id, fact)
    state = move("recording", RECORDING, recording.state, fact)
    match fact:
        case RecordingStarted():
            return replace(recording, state=state, handle=fact.handle, started_at=fact.at, deadline=None)
        case RecordingFailed():
            return replace(recording, state=state, deadline=fact.again_at)
        case RecordingRetried() | RecordingStopRetried():
            return replace(recording, state=state, attempt=fact.attempt, deadline=fact.again_at)
        case RecordingPauseAsked():
            wanted = fact.paused if begun(recording) else fact.paused or None  # voices are what it begins with
            return replace(recording, state=state, wanted=wanted, asked_by=fact.by, deadline=fact.deadline)
        case RecordingPauseFailed():
            return replace(recording, state=state, wanted=None, asked_by="", deadline=None)
        case RecordingPaused():
            return replace(recording, state=state, wanted=None, asked_by="", deadline=None, paused_at=fact.at)
        case RecordingResumed():
            paused_ms = recording.paused_until(fact.at)
            return replace(
                recording, state=state, wanted=None, asked_by="", deadline=None, paused_at=None, paused_ms=paused_ms
            )
        case RecordingEnded():
            return replace(recording, state=state, attempt=1, wanted=None, asked_by="", deadline=fact.stop_by)
        case RecordingStopped():
            return replace(recording, state=state, deadline=None)
        case _:
            assert_never(fact)
