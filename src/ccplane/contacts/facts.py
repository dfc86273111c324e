"""The facts of contacts, and of offers: everything that can happen between a caller's arrival and their end."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from ccplane.contacts.verbs import Result, Verb
from ccplane.ids import (
    AgentId,
    ChannelId,
    ContactId,
    DeviceName,
    MessageId,
    NodeName,
    OfferId,
    ProgramName,
    QueueName,
)
from ccplane.laws import Fact


class Direction(StrEnum):
    """Which way a contact goes."""

    INBOUND = "inbound"
    """Somebody calls the contact centre."""
    INTERNAL = "internal"
    """One of its own phones calls it, or another of them."""
    OUTBOUND = "outbound"
    """One of its own phones calls somebody outside."""


class QueueOutcome(StrEnum):
    """How a stay in a queue ended. The names are those of the conservation rule in the KPI definitions."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    NO_AGENTS = "no-agents"
    TIMED_OUT = "timed-out"
    LOST = "lost"


class EndedBy(StrEnum):
    """Who ended a talk or a contact."""

    CALLER = "caller"
    AGENT = "agent"
    PROGRAM = "program"
    SWITCH = "switch"
    """The switch restarted, or the channel was found gone after a gap."""
    PARTY = "party"
    """The one whom an agent has called."""
    PHONE_LOST = "phone-lost"
    """The agent's phone vanished in mid-talk and did not come back in time; the caller waits for another."""
    FALLBACK = "fallback"
    """ccplane was not there: the dialplan's fallback had the call, and it was found afterwards."""


class MissCause(StrEnum):
    """Why an offer was missed. Only these count as a miss; a caller who leaves while it rings makes none."""

    NO_ANSWER = "no-answer"
    REJECTED = "rejected"
    BUSY = "busy"
    UNREACHABLE = "unreachable"


class ConnectFailure(StrEnum):
    """Why two who were to be joined were not."""

    CALLER_GONE = "caller-gone"
    AGENT_GONE = "agent-gone"
    NOT_JOINED = "not-joined"
    """The switch never showed both in the room."""


class Withdrawal(StrEnum):
    """Why an offer was taken back without the agent's doing."""

    CALLER_GONE = "caller-gone"
    LEFT_QUEUE = "left-queue"
    SWITCH_LOST = "switch-lost"
    """Asterisk restarted, or the leg was found gone after a gap."""


class Trace(msgspec.Struct, frozen=True):
    """Why this agent: who won and by what, who came second, and how many were excluded for which reason."""

    strategy: str
    winner_score_s: float
    runner_up: AgentId | None = None
    excluded: dict[str, int] = {}


class ContactFact(Fact, frozen=True, kw_only=True):
    """A fact about one contact."""

    contact: ContactId


class ContactArrived(ContactFact, frozen=True, kw_only=True):
    """A caller reached us. `number_dialled` and `caller` are as the switch gave them, made printable."""

    node: NodeName
    channel: ChannelId
    number_dialled: str
    caller: str
    caller_name: str
    language: str
    attribution: str
    switch_at: int
    site: str
    """The hash of the site as it was; programs and menus of this contact keep to it (law 11)."""
    device: DeviceName | None = None
    """The phone of ours that it came from, by the switch's word; None for a caller from outside."""
    direction: Direction = Direction.INBOUND
    agent: AgentId | None = None
    """Whose own call it is, by who sat at that phone."""
    pick_up_by: int | None = None
    """They asked us to make it: their phone is called first, and given up then."""
    arrived_at: int | None = None
    """When, if that is older than this fact: found afterwards, by the switch's clock."""


class ProgramStarted(ContactFact, frozen=True, kw_only=True):
    """A program took the call: the number's own, or the site's default after a failure."""

    program: ProgramName


class ProgramFailed(ContactFact, frozen=True, kw_only=True):
    """A program raised, or did what programs must not. `where` is file:line."""

    program: ProgramName
    error: str
    where: str


class ProgramEnded(ContactFact, frozen=True, kw_only=True):
    """A program returned; the caller is hung up with cause 16."""

    program: ProgramName


class StepStarted(ContactFact, frozen=True, kw_only=True):
    """A program's verb began. `attempt` rises when a plane that came back begins it again."""

    step: int
    attempt: int
    verb: Verb
    deadline: int | None
    """When the verb is given up if nothing proves its end; None where the queue's own clocks rule."""


class StepEnded(ContactFact, frozen=True, kw_only=True):
    """A program's verb ended with this result."""

    step: int
    result: Result


class CallerAnswered(ContactFact, frozen=True, kw_only=True):
    """We took the call: from here the caller pays and hears."""


class SoundsEnded(ContactFact, frozen=True, kw_only=True):
    """What a gathering verb plays has ended, or a key stopped it: now its time-out runs. `ok`: it could be played."""

    step: int
    ok: bool = True


class KeyTaken(ContactFact, frozen=True, kw_only=True):
    """The verb that gathers took a key. `kept`: one that had been pressed ahead, and waited for it."""

    step: int
    key: str
    kept: bool = False


class KeyKept(ContactFact, frozen=True, kw_only=True):
    """A key was pressed ahead: no verb gathers, or its sounds are to be heard first. The next that gathers takes it."""

    key: str


class KeysDropped(ContactFact, frozen=True, kw_only=True):
    """So many keys wait to be taken that no more are kept. Said once, until there is room again."""

    kept: int


class LanguageSet(ContactFact, frozen=True, kw_only=True):
    """The caller is spoken to in this language from here on."""

    language: str


class MenuChosen(ContactFact, frozen=True, kw_only=True):
    """The caller chose from a menu, or silence did. `name`: what the entry is called, perhaps nothing."""

    menu: str
    key: str
    name: str


class DataSet(ContactFact, frozen=True, kw_only=True):
    """The program noted something about the contact."""

    name: str
    value: str


class CallerEnteredRoom(ContactFact, frozen=True, kw_only=True):
    """The caller's channel is in the contact's bridge: seen, not assumed (law 8)."""


class ContactQueued(ContactFact, frozen=True, kw_only=True):
    """A segment in a queue began. `segment` counts the contact's stays from 1."""

    queue: QueueName
    segment: int
    since: int | None = None
    """Since when they wait, if that is older than this fact: taken over from the journal at the switch."""
    place: int | None = None
    """Their place in the line, as if they had come then: of one whose agent's phone vanished. None: by `since`."""
    offers: int = 0
    """How many offers this verb has led to already; they count on, so that each has an id of its own."""


class ContactUnqueued(ContactFact, frozen=True, kw_only=True):
    """The segment in the queue ended."""

    queue: QueueName
    segment: int
    outcome: QueueOutcome
    waited_ms: int


class RequirementRelaxed(ContactFact, frozen=True, kw_only=True):
    """The wait has reached the queue's next step: from here on `step` says what is asked of an agent."""

    queue: QueueName
    step: int


class OfferFact(ContactFact, frozen=True, kw_only=True):
    """A fact about one attempt to give one contact to one agent."""

    offer: OfferId
    agent: AgentId


class OfferMade(OfferFact, frozen=True, kw_only=True):
    """The agent is taken from here on; their phone is being called. `deadline` is when we stop ringing."""

    queue: QueueName
    segment: int
    attempt: int
    leg: ChannelId
    deadline: int
    trace: Trace


class OfferRinging(OfferFact, frozen=True, kw_only=True):
    """The agent's phone said 180: ring time counts from here, else from when the offer was made."""


class OfferAnswered(OfferFact, frozen=True, kw_only=True):
    """The agent's phone is up; both are about to be joined, by `deadline` at the latest."""

    deadline: int
    ring_ms: int


class OfferMissed(OfferFact, frozen=True, kw_only=True):
    """The agent did not take it. `sip` is the phone's code, 0 if there was none."""

    cause: MissCause
    sip: int
    ring_ms: int
    rang: bool
    rest_until: int | None
    """The agent is offered nothing until then, so that a dead phone is not hammered."""


class OfferWithdrawn(OfferFact, frozen=True, kw_only=True):
    """The offer was taken back; the agent did nothing wrong."""

    reason: Withdrawal
    ring_ms: int
    rang: bool


class AgentEnteredRoom(OfferFact, frozen=True, kw_only=True):
    """The agent's leg is in the room before the caller is seen there."""


class ConnectFailed(OfferFact, frozen=True, kw_only=True):
    """The agent answered, but the two were never joined. The caller keeps place and clock."""

    cause: ConnectFailure
    rest_until: int | None


class TalkStarted(OfferFact, frozen=True, kw_only=True):
    """Both are in the room: the stay in `queue` ended answered, and stay `segment`, with the agent, began."""

    segment: int
    queue: QueueName
    queue_segment: int
    waited_ms: int


class TalkEnded(OfferFact, frozen=True, kw_only=True):
    """They no longer talk. `wrap_up_until` is when the agent's work after the call ends; `at` if there is none."""

    segment: int
    by: EndedBy
    talk_ms: int
    wrap_up_until: int


class PhoneLost(OfferFact, frozen=True, kw_only=True):
    """The agent's phone vanished in mid-talk: they may come back until `until`. Told again once the leg is gone too."""

    until: int
    leg_gone: bool


class RejoinRung(OfferFact, frozen=True, kw_only=True):
    """Their phone is there again: it is called, to bring them back to the caller."""

    leg: ChannelId


class RejoinMissed(OfferFact, frozen=True, kw_only=True):
    """That call came to nothing. It is made again when the phone comes once more, as long as there is time."""

    leg: ChannelId
    sip: int


class PhoneRejoined(OfferFact, frozen=True, kw_only=True):
    """They are back with the caller: by this leg, which may be the one that they had."""

    leg: ChannelId
    away_ms: int


class CallMiss(StrEnum):
    """Why somebody who was called did not come to the phone."""

    BUSY = "busy"
    NO_ANSWER = "no-answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    WITHDRAWN = "withdrawn"
    """The one who called has hung up."""


class CallFact(ContactFact, frozen=True, kw_only=True):
    """A fact about a call that an agent makes, to another or to somebody outside. `call`: its id, as an offer's."""

    call: OfferId


class PartyCalled(CallFact, frozen=True, kw_only=True):
    """The other party's phone is being called. `agent`: if it is one of ours; `deadline`: when it is given up."""

    leg: ChannelId
    number: str
    agent: AgentId | None
    deadline: int
    device: DeviceName | None = None
    """The phone of ours that is called."""


class PartyRinging(CallFact, frozen=True, kw_only=True):
    """It rings."""


class PartyAnswered(CallFact, frozen=True, kw_only=True):
    """It was picked up; both are about to be joined, by `deadline` at the latest."""

    deadline: int
    ring_ms: int


class PartyEnteredRoom(CallFact, frozen=True, kw_only=True):
    """The other party is in the room before the one who called is seen there."""


class CallConnected(CallFact, frozen=True, kw_only=True):
    """Both are in the room, and talk: stay `segment` began. `agent`: whose own call it is."""

    segment: int
    agent: AgentId | None


class CallMissed(CallFact, frozen=True, kw_only=True):
    """The other party was not reached."""

    cause: CallMiss
    sip: int
    ring_ms: int


class CallEnded(CallFact, frozen=True, kw_only=True):
    """They no longer talk."""

    segment: int
    agent: AgentId | None
    by: EndedBy
    talk_ms: int


class ContactRelinked(ContactFact, frozen=True, kw_only=True):
    """After a gap the contact was found at the switch, alive. `gap_ms`: how long nobody watched it."""

    gap_ms: int


class ContactEnded(ContactFact, frozen=True, kw_only=True):
    """The caller is gone. `cause` is Q.850, 0 if the switch never told us."""

    by: EndedBy
    cause: int
    ended_at: int | None = None
    """When, if that is older than this fact."""


class CallerLeftRoom(ContactFact, frozen=True, kw_only=True):
    """The caller's channel has left the contact's bridge, as we asked: there it cannot be recorded."""


class MessageSource(StrEnum):
    """Who took a message."""

    IVR = "ivr"
    FALLBACK = "fallback"
    """The dialplan, while ccplane was not there."""


class MessageStarted(ContactFact, frozen=True, kw_only=True):
    """The tone that a message follows is being played; from here on all is recorded."""

    message: MessageId
    box: str


class MessageLeft(ContactFact, frozen=True, kw_only=True):
    """A recording is over, however it ended: what there is of it is to be kept. The contact may have ended before.

    `recording`: its name at the switch, `node`; `ms`: what the switch says of its length, None if nothing.
    """

    message: MessageId
    box: str
    node: NodeName
    recording: str
    caller: str
    number_dialled: str
    source: MessageSource
    left_at: int
    """By the switch's clock if it was found afterwards, else `at`."""
    ms: int | None
    settle_by: int
    """A program that waits for the message is resumed by then, kept or not."""


class Unusable(StrEnum):
    """Why nothing is kept of a recording."""

    NOTHING_RECORDED = "nothing-recorded"
    TOO_SHORT = "too-short"
    SILENT = "silent"
    NO_SOUND_FILE = "no-sound-file"
    """What the switch left is no WAV file."""


class MessageFact(Fact, frozen=True, kw_only=True):
    """A fact about a message. Its contact may have ended long ago."""

    message: MessageId
    contact: ContactId


class MessageStored(MessageFact, frozen=True, kw_only=True):
    """The message is safe. `file`: where, in ccplane's folder of messages; `ms`, `bytes`: measured."""

    box: str
    caller: str
    number_dialled: str
    source: MessageSource
    left_at: int
    ms: int
    bytes: int
    file: str


class MessageDropped(MessageFact, frozen=True, kw_only=True):
    """A recording was no message, and is deleted."""

    box: str
    reason: Unusable


class MessageMark(StrEnum):
    """What people have made of a message."""

    NEW = "new"
    HEARD = "heard"
    DELETED = "deleted"


class MessageMarked(MessageFact, frozen=True, kw_only=True):
    """Somebody said that the message was heard, is to count as new again, or is deleted for good."""

    state: MessageMark
    by: str


class MessagePlayed(MessageFact, frozen=True, kw_only=True):
    """Somebody listened to it."""

    by: str


AnyMessageFact = MessageStored | MessageDropped | MessageMarked | MessagePlayed
AnyOfferFact = (
    OfferMade
    | OfferRinging
    | OfferAnswered
    | AgentEnteredRoom
    | OfferMissed
    | OfferWithdrawn
    | ConnectFailed
    | TalkStarted
    | PhoneLost
    | RejoinRung
    | RejoinMissed
    | PhoneRejoined
    | TalkEnded
)
AnyTalkFact = PhoneLost | RejoinRung | RejoinMissed | PhoneRejoined | TalkEnded
AnyCallFact = PartyCalled | PartyRinging | PartyAnswered | PartyEnteredRoom | CallConnected | CallMissed | CallEnded
AnyContactFact = (
    AnyOfferFact
    | AnyCallFact
    | ContactArrived
    | ProgramStarted
    | ProgramFailed
    | ProgramEnded
    | StepStarted
    | StepEnded
    | SoundsEnded
    | KeyTaken
    | KeyKept
    | KeysDropped
    | LanguageSet
    | MenuChosen
    | DataSet
    | CallerAnswered
    | CallerEnteredRoom
    | ContactQueued
    | ContactUnqueued
    | RequirementRelaxed
    | ContactRelinked
    | CallerLeftRoom
    | MessageStarted
    | MessageLeft
    | ContactEnded
)
