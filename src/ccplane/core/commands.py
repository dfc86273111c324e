"""What is to be done at the switch, in the imperative. The edge turns each into operations; none is done by itself."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from ccplane.ids import AgentId, ChannelId, ContactId, MessageId, OfferId, PlaybackId, RecordingId


class Command(msgspec.Struct, frozen=True):
    """The root of all commands."""


class ContactCommand(Command, frozen=True):
    """A command for one contact; all of one contact go the same way, in order."""

    contact: ContactId


class OpenRoom(ContactCommand, frozen=True):
    """Make the contact's bridge: its record at the switch, and where people will meet."""


class CloseRoom(ContactCommand, frozen=True):
    """Take the contact's bridge down."""


class AnswerCaller(ContactCommand, frozen=True):
    """Take the call."""

    channel: ChannelId


class AddCaller(ContactCommand, frozen=True):
    """Put the caller into the room."""

    channel: ChannelId


class HangUpCaller(ContactCommand, frozen=True):
    """End the call. `cause`: Q.850."""

    channel: ChannelId
    cause: int


class StartMusic(ContactCommand, frozen=True):
    """Music on the caller's channel. `music`: the class."""

    channel: ChannelId
    music: str


class StopMusic(ContactCommand, frozen=True):
    """No more music."""

    channel: ChannelId


class PlaySounds(ContactCommand, frozen=True):
    """Play on the caller's channel under an id of ours."""

    channel: ChannelId
    playback: PlaybackId
    sounds: tuple[str, ...]
    language: str


class StopSounds(ContactCommand, frozen=True):
    """Stop that playback; gone is as good."""

    playback: PlaybackId


class RemoveCaller(ContactCommand, frozen=True):
    """Take the caller out of the room."""

    channel: ChannelId


class RecordMessage(ContactCommand, frozen=True):
    """Play a tone, then record the caller's channel under a name of ours, until `#`, silence or the longest time."""

    channel: ChannelId
    message: MessageId
    longest_ms: int
    silence_ms: int


class StopRecording(ContactCommand, frozen=True):
    """End that recording and keep it; gone is as good."""

    message: MessageId


class LookForRecording(ContactCommand, frozen=True):
    """Find out what became of a recording while nobody watched."""

    message: MessageId


class RingAgent(ContactCommand, frozen=True):
    """Call an agent's phone for an offer. `timeout_ms` is the switch's own; ours is the offer's deadline."""

    offer: OfferId
    leg: ChannelId
    agent: AgentId
    endpoint: str
    caller: str
    caller_name: str
    timeout_ms: int
    auto_answer: bool = False


class RingBack(ContactCommand, frozen=True):
    """Call an agent's phone, which is to pick up by itself, to bring them back into a talk."""

    offer: OfferId
    leg: ChannelId
    agent: AgentId
    endpoint: str
    caller: str
    caller_name: str
    timeout_ms: int


class CallParty(ContactCommand, frozen=True):
    """Call the other party of an agent's own call. `agent`: if it is one of ours. `caller`: what they are shown."""

    call: OfferId
    leg: ChannelId
    agent: AgentId | None
    endpoint: str
    caller: str
    caller_name: str
    timeout_ms: int


class CallOwner(ContactCommand, frozen=True):
    """Call the phone of the agent who asked for this call; once they pick up it is as if they had dialled `number`."""

    channel: ChannelId
    endpoint: str
    number: str
    timeout_ms: int
    auto_answer: bool = False


class RingLine(Command, frozen=True):
    """Call an agent's phone for the line that stays open."""

    line: ChannelId
    agent: AgentId
    endpoint: str
    timeout_ms: int
    auto_answer: bool = False


class OpenLine(Command, frozen=True):
    """Make the line's room, and put the line into it."""

    line: ChannelId


class JoinLine(Command, frozen=True):
    """Put the far half of one of an agent's legs into the room of their line, with a beep unless `quiet`."""

    line: ChannelId
    half: ChannelId
    quiet: bool = False


class AnswerHalf(Command, frozen=True):
    """Their leg counts as answered: its far half is in the room of their line."""

    half: ChannelId


class HangUpLine(Command, frozen=True):
    """End an open line, and take its room down."""

    line: ChannelId


class LetRing(ContactCommand, frozen=True):
    """Let the caller hear that it rings at the other end."""

    channel: ChannelId


class StopRinging(ContactCommand, frozen=True):
    """No more of that."""

    channel: ChannelId


class JoinAgent(ContactCommand, frozen=True):
    """Put the agent's leg into the room."""

    offer: OfferId
    leg: ChannelId


class HangUpLeg(ContactCommand, frozen=True):
    """End an agent's leg. `reason`: the switch's word; "answered_elsewhere" leaves no missed call on the phone."""

    leg: ChannelId
    reason: str


class PickUp(ContactCommand, frozen=True):
    """Tell the phone that rings on this leg to answer it. Whether it does is told by the phone alone."""

    leg: ChannelId


class WriteJournal(ContactCommand, frozen=True):
    """Leave at the switch what another plane needs to take this contact over: small, best effort."""

    text: str


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


class Light(StrEnum):
    """What the lamp of an agent who sits at a seat not their own adds to that of their own phones."""

    OFF = "off"
    RINGS = "rings"
    IN_CALL = "in-call"


class MirrorIntent(Command, frozen=True):
    """Show the agent's intent in device states, for lamps and for the fallback when we are gone."""

    agent: AgentId
    ready: bool
    paused: bool = False
    elsewhere: Light = Light.OFF


class MirrorWork(Command, frozen=True):
    """Show on the agent's lamp what their phone at another seat than their own does."""

    agent: AgentId
    elsewhere: Light


AnyCommand = (
    OpenRoom
    | CloseRoom
    | AnswerCaller
    | AddCaller
    | HangUpCaller
    | StartMusic
    | StopMusic
    | PlaySounds
    | StopSounds
    | RemoveCaller
    | RecordMessage
    | StopRecording
    | LookForRecording
    | RingAgent
    | RingBack
    | CallParty
    | CallOwner
    | RingLine
    | OpenLine
    | JoinLine
    | AnswerHalf
    | HangUpLine
    | LetRing
    | StopRinging
    | JoinAgent
    | HangUpLeg
    | PickUp
    | WriteJournal
    | StartTalkRecording
    | MuteTalkRecording
    | StopTalkRecording
    | MirrorIntent
    | MirrorWork
)
