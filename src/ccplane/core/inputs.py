"""What reaches the core: from the switch, from programs, from the API and from timers. Plain data, already translated.

An input may be late, doubled or about something that is long over; `decide` must shrug at such a one.
"""

from __future__ import annotations

import msgspec

from ccplane.agents.facts import Intent, Phone, PinWay, Profile, Seat
from ccplane.contacts.facts import MessageMark, Unusable
from ccplane.contacts.verbs import Verb
from ccplane.core.commands import Command
from ccplane.ids import AgentId, ChannelId, ContactId, DeviceName, MessageId, NodeName, OfferId, RecordingId, SeatId
from ccplane.routing.rules import Rules


class Input(msgspec.Struct, frozen=True):
    """The root of all inputs."""


# ------------------------------------------------------------------------------------------------ from the switch


class CallerArrived(Input, frozen=True, kw_only=True):
    """A caller's channel entered our application. `device`: the phone of ours that it is; None: from outside."""

    node: NodeName
    channel: ChannelId
    number_dialled: str
    caller: str
    caller_name: str
    switch_at: int
    answered: bool = False
    device: DeviceName | None = None


class CallerUp(Input, frozen=True):
    """The caller's channel is answered."""

    contact: ContactId


class CallerGone(Input, frozen=True):
    """The caller's channel hangs up or is destroyed. `cause`: Q.850, 0 unknown."""

    contact: ContactId
    cause: int = 0


class KeyPressed(Input, frozen=True):
    """The caller pressed a key."""

    contact: ContactId
    key: str


class PinKeyed(Input, frozen=True):
    """A first key of a PIN was pressed; which one stays at the edge."""

    contact: ContactId


class PinChecked(Input, frozen=True):
    """The PIN that the verb of this step asks for was given and compared. `refused`: the code of why not; else it is
    theirs."""

    contact: ContactId
    step: int
    refused: str = ""


class SoundsFinished(Input, frozen=True):
    """A playback ended; `ok` False if the switch could not play it (a missing file)."""

    contact: ContactId
    step: int
    attempt: int
    ok: bool = True


class EnteredRoom(Input, frozen=True):
    """A channel is in the contact's bridge."""

    contact: ContactId
    channel: ChannelId


class LeftRoom(Input, frozen=True):
    """A channel is not in the contact's bridge any more."""

    contact: ContactId
    channel: ChannelId


class RecordingBegan(Input, frozen=True):
    """The switch plays the tone, and records from then on."""

    message: MessageId


class RecordingEnded(Input, frozen=True):
    """A recording is over, well or badly: what there is of it lies at the switch. `ms`: its length by the switch."""

    message: MessageId
    ms: int | None = None


class RecordingRefused(Input, frozen=True):
    """The switch definitely did not begin to record."""

    message: MessageId
    reason: str


class RecordingMissing(Input, frozen=True):
    """Looked for after a gap: nothing is being recorded under this name, and nothing was."""

    message: MessageId


class LegRinging(Input, frozen=True):
    """The agent's phone said 180."""

    offer: OfferId


class LegUp(Input, frozen=True):
    """The agent's phone answered. `agent`: whose it is, as the leg itself says."""

    offer: OfferId
    leg: ChannelId
    agent: AgentId | None = None


class LegEnded(Input, frozen=True):
    """The agent's leg has ended. `sip`: the phone's final code, 0 if none; `cause`: Q.850. `gone`: the phone has left
    the call, or the switch has let go of it; else the switch or we ended it, and the phone may not know yet."""

    offer: OfferId
    leg: ChannelId
    cause: int = 0
    sip: int = 0
    gone: bool = True


class LineUp(Input, frozen=True):
    """The agent picked up the line that is to stay open."""

    line: ChannelId


class LineEnded(Input, frozen=True):
    """An open line has ended, or was not taken. `by_phone`: whoever has the phone hung up. `gone`: as of other legs."""

    line: ChannelId
    by_phone: bool = False
    gone: bool = True


class HalfUp(Input, frozen=True):
    """The far half of a leg that goes through this agent's line is there, and waits to be let in."""

    half: ChannelId
    agent: AgentId


class HalfJoined(Input, frozen=True):
    """It is in the room of the line."""

    half: ChannelId


class PhoneSeen(Input, frozen=True):
    """What a phone can do now, by the switch's word. `latency_ms`: how long it took to answer when last asked."""

    device: DeviceName
    phone: Phone
    latency_ms: int | None = None


class CommandFailed(Input, frozen=True):
    """The switch definitely did not do this. `gone`: what it was for does not exist any more."""

    command: Command
    gone: bool
    message: str


class SwitchDropped(Input, frozen=True):
    """The connection to the node is gone."""

    node: NodeName
    reason: str


class ChannelSeen(msgspec.Struct, frozen=True):
    """A channel at the switch, as a survey found it. `up`: answered; `arrival` only for callers' channels,
    `agent` only for agents' legs that are up: whom we called.

    `sure` is False for one that only one of two surveys in a row has seen: it is not missed yet, and not strange yet.
    """

    id: ChannelId
    up: bool
    arrival: CallerArrived | None = None
    sure: bool = True
    agent: AgentId | None = None


class SwitchSurveyed(Input, frozen=True, kw_only=True):
    """What exists at a node: the reconciler's finding (law 9).

    `began_at` is when the first question was asked: what changed after it may be missing, so only what is older is
    compared. `after_gap` is true for the first survey of a connection, when events may have been lost.
    """

    node: NodeName
    version: str
    began_at: int
    gap_ms: int
    after_gap: bool
    channels: dict[ChannelId, ChannelSeen]
    rooms: dict[ContactId, tuple[ChannelId, ...]]
    phones: dict[DeviceName, Phone]
    lines: dict[ChannelId, tuple[ChannelId, ...]] = {}
    """Who is in the rooms of open lines, by line."""
    journals: dict[ContactId, str] = {}
    """What lies in the rooms for a plane that knows nothing of their contacts."""


# ------------------------------------------------------------------------------ from what records, and what stores


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


class RecordingPauseWanted(Input, frozen=True, kw_only=True):
    """Somebody wants the recording of the present talk silent, or heard again."""

    contact: ContactId
    paused: bool
    by: str


class RecordingHeard(Input, frozen=True, kw_only=True):
    """Somebody is about to listen to a recording."""

    contact: ContactId
    recording: RecordingId
    by: str


# -------------------------------------------------------------------------------------- from programs, API, timers


class VerbAsked(Input, frozen=True):
    """A program awaits a verb. `step`: one more than the contact's last, or the open one, to take it up again."""

    contact: ContactId
    step: int
    verb: Verb


class ProgramReturned(Input, frozen=True):
    """A program came to its end."""

    contact: ContactId


class ProgramRaised(Input, frozen=True):
    """A program raised, awaited what is no verb, or did not give way. `where`: file:line."""

    contact: ContactId
    error: str
    where: str


class IntentAsked(Input, frozen=True, kw_only=True):
    """An agent's intent is to be this. `by`: who asks. `seat`: where they sit down, `web`: with its browser phone.

    A seat that they may not take, or not now (`core.seats.why_not`), is not taken, and nothing else is done.
    """

    agent: AgentId
    intent: Intent
    reason: str = ""
    by: str
    seat: SeatId | None = None
    web: bool = False


class RejoinAsked(Input, frozen=True):
    """An agent's phone says that it is new: it is to be called back into the talk that it should be in."""

    agent: AgentId


class CallAsked(Input, frozen=True, kw_only=True):
    """An agent wants to call a number: their own phone is called first. `claim`: chosen by who asks, once per call."""

    agent: AgentId
    number: str
    claim: str


class PinTried(Input, frozen=True, kw_only=True):
    """Somebody gave a PIN for an agent, and it was compared: the core never sees one."""

    agent: AgentId
    right: bool
    way: PinWay
    whence: str


class PinChanged(Input, frozen=True):
    """An agent was given a new PIN. `by`: who did it."""

    agent: AgentId
    by: str


class PinUnlockAsked(Input, frozen=True):
    """An administrator lets an agent's PIN count again."""

    agent: AgentId
    by: str


class AnswerAsked(Input, frozen=True):
    """An agent takes this offer by their screen, and has a desk phone that is to be told."""

    agent: AgentId
    offer: OfferId


class RejectAsked(Input, frozen=True):
    """An agent does not take this offer."""

    agent: AgentId
    offer: OfferId


class HangUpAsked(Input, frozen=True):
    """An agent ends their talk with this contact, by their screen."""

    agent: AgentId
    contact: ContactId


class WrapUpEnded(Input, frozen=True):
    """An agent is done with the work after a call."""

    agent: AgentId


class MessageKept(Input, frozen=True):
    """A message lies safely in ccplane's folder of messages. `file`: its path there; `ms`, `bytes`: measured."""

    message: MessageId
    file: str
    ms: int
    bytes: int


class MessageUnusable(Input, frozen=True):
    """What was recorded is no message."""

    message: MessageId
    reason: Unusable


class RecordingFound(Input, frozen=True):
    """A message at the switch that nobody told us of, its recording over. `left_at`: its file's time."""

    node: NodeName
    message: MessageId
    left_at: int


class FallbackCallFound(Input, frozen=True, kw_only=True):
    """A call that the dialplan's fallback had, now over. `recording`: its name at the switch if a message was left."""

    node: NodeName
    channel: ChannelId
    number_dialled: str
    caller: str
    arrived_at: int
    ended_at: int
    recording: str | None = None


class MessageMarkAsked(Input, frozen=True, kw_only=True):
    """Somebody who has looked it up wants this message to count as new, heard or deleted."""

    message: MessageId
    contact: ContactId
    state: MessageMark
    by: str


class PlaneBegan(Input, frozen=True):
    """A plane begins, or goes on, under this epoch."""

    epoch: int
    version: str
    gap_ms: int


class SiteRead(Input, frozen=True):
    """The operator's files were read. `files`: their text by path."""

    site: str
    rules: Rules
    files: dict[str, str]


class PeopleRead(Input, frozen=True):
    """The agents, and the seats that are not as by default, were read from Postgres."""

    agents: tuple[Profile, ...]
    seats: tuple[Seat, ...] = ()


class Tick(Input, frozen=True):
    """Time has come for something: `decide` looks at all deadlines that are due."""


AnyInput = (
    CallerArrived
    | CallerUp
    | CallerGone
    | KeyPressed
    | PinKeyed
    | PinChecked
    | SoundsFinished
    | EnteredRoom
    | LeftRoom
    | RecordingBegan
    | RecordingEnded
    | RecordingRefused
    | RecordingMissing
    | LegRinging
    | LegUp
    | LegEnded
    | LineUp
    | LineEnded
    | HalfUp
    | HalfJoined
    | PhoneSeen
    | CommandFailed
    | SwitchDropped
    | SwitchSurveyed
    | TalkRecordingBegan
    | TalkRecordingRefused
    | TalkRecordingMuted
    | TalkRecordingOver
    | RecorderBack
    | RecordingConverted
    | RecordingPauseWanted
    | RecordingHeard
    | VerbAsked
    | ProgramReturned
    | ProgramRaised
    | IntentAsked
    | RejoinAsked
    | CallAsked
    | PinTried
    | PinChanged
    | PinUnlockAsked
    | AnswerAsked
    | RejectAsked
    | HangUpAsked
    | WrapUpEnded
    | MessageKept
    | MessageUnusable
    | RecordingFound
    | FallbackCallFound
    | MessageMarkAsked
    | PlaneBegan
    | SiteRead
    | PeopleRead
    | Tick
)
