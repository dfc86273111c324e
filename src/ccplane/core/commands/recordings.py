"""What is to be recorded: messages that callers leave, and talks."""

from __future__ import annotations

from ccplane.core.commands.command import ContactCommand
from ccplane.ids import ChannelId, MessageId, RecordingId


class RecordMessage(ContactCommand, frozen=True):
    """Play a tone, then record the caller's channel under a name of ours, until `#`, silence or the longest time."""

    channel: ChannelId
    message: MessageId
    longest_ms: int
    silence_ms: int
    ends_with: str = "#"


class StopRecording(ContactCommand, frozen=True):
    """End that recording and keep it; gone is as good."""

    message: MessageId


class LookForRecording(ContactCommand, frozen=True):
    """Find out what became of a recording while nobody watched."""

    message: MessageId


class TalkRecordingCommand(ContactCommand, frozen=True):
    """A command for what records, which is not the switch's event side. `channel`: the caller's, whose two directions
    are the two sides of the recording."""

    recording: RecordingId
    channel: ChannelId


class StartTalkRecording(TalkRecordingCommand, frozen=True):
    """Record this channel, unless less than `least_free_mb` are free. From the second `attempt` on look first whether
    an earlier one came through after all."""

    attempt: int
    least_free_mb: int


class MuteTalkRecording(TalkRecordingCommand, frozen=True):
    """Write silence instead of voices, or voices again."""

    paused: bool


class StopTalkRecording(TalkRecordingCommand, frozen=True):
    """Record no more. `handle`: the switch's name for the recording; "": ask the channel."""

    handle: str
