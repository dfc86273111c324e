"""What records talks and what stores the recordings say of them."""

from __future__ import annotations

from ccplane.core.inputs.input import Input
from ccplane.ids import ContactId, NodeName, RecordingId


class TalkRecordingBegan(Input, frozen=True):
    """The recording's file is there. `handle`: the switch's name for it."""

    contact: ContactId
    recording: RecordingId
    handle: str


class TalkRecordingRefused(Input, frozen=True):
    """A recording could not be begun; `reason` for people."""

    contact: ContactId
    recording: RecordingId
    reason: str


class TalkRecordingMuted(Input, frozen=True):
    """The switch writes silence now, or voices again; `reason`, if not empty: why it does not."""

    contact: ContactId
    recording: RecordingId
    paused: bool
    reason: str = ""


class TalkRecordingOver(Input, frozen=True):
    """The switch does not record this any more."""

    contact: ContactId
    recording: RecordingId


class RecorderBack(Input, frozen=True):
    """What records can be commanded again: whatever waits for its next try is tried now."""

    node: NodeName


class RecordingConverted(Input, frozen=True, kw_only=True):
    """A recording lies in the store, or (`ms` 0, no paths) its file was never found."""

    contact: ContactId
    recording: RecordingId
    ms: int
    bytes: int = 0
    wav: str = ""
    opus: str = ""
