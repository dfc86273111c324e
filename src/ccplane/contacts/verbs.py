"""What a program can ask for (verbs) and what can come of it (results). Both are plain data: they are journalled."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from ccplane.contacts.announce import Announce
from ccplane.contacts.arranging import ArrangingResult, ArrangingVerb
from ccplane.contacts.conference import Confer, Met, NotMet
from ccplane.contacts.direct import Direct
from ccplane.contacts.fax import FaxResult, FaxVerb, SentResult
from ccplane.contacts.look_ups import LookUp, LookUpResult
from ccplane.contacts.surveys import AskSurvey, NotAsked, NoteAnswer
from ccplane.ids import AgentId, CallbackId, MessageId, QueueName, SeatId

KEYS: Final = "0123456789*#ABCD"
"""What a caller can press, in the order of RFC 4733."""


class Answer(msgspec.Struct, frozen=True, tag=True):
    """Take the call, so that the caller hears us. Nothing happens if it was answered before."""


class Ring(msgspec.Struct, frozen=True, tag=True):
    """Let the caller hear that it rings here, for so long. Before the answer their own telephone makes the tone."""

    ms: int


class Hold(msgspec.Struct, frozen=True, tag=True):
    """Music for so long. `music`: the class. Each key of `ends_with` ends it."""

    ms: int
    music: str = "default"
    ends_with: str = ""


class Spoken(msgspec.Struct, frozen=True):
    """A text that becomes a sound when it is to be heard. `uri`: the sound, which follows from what is said."""

    uri: str
    language: str
    text: str


class Play(msgspec.Struct, frozen=True, tag=True):
    """Play sounds one after the other on the caller's channel. `sounds`: Asterisk media URIs (`sound:…`)."""

    sounds: tuple[str, ...]
    otherwise: tuple[str, ...] = ()
    """The same in another language, where a sound of the first is missing."""
    texts: tuple[Spoken, ...] = ()
    """Those of the sounds that may have to be made first."""


class Gather(msgspec.Struct, frozen=True, tag=True):
    """Play sounds and wait for keys; the first one stops the sounds. The time-out runs from the end of the sounds.

    Failed, not NoInput, where they could not be played and no key came.
    """

    sounds: tuple[str, ...]
    timeout_ms: int
    longest: int = 1
    """So many keys are the whole answer."""
    ends_with: str = ""
    """Each of these keys ends the answer, and is no part of it."""
    between_ms: int = 3_000
    """No further key for so long, and what was pressed is the answer."""
    barge_in: bool = True
    """False: the sounds are heard to their end, and what is pressed during them is taken then; Failed if they can't
    be played."""
    fresh: bool = False
    """What was pressed before this verb began is forgotten: the caller was mistaken about what is asked."""
    secret: bool = False
    """The answer is never written to the switch, where anybody may read a room's journal: should its fact be lost in a
    crash, the verb is asked again."""
    otherwise: tuple[str, ...] = ()
    texts: tuple[Spoken, ...] = ()
    """Both as those of Play."""


class AskPin(msgspec.Struct, frozen=True, tag=True):
    """Play sounds and take an agent's PIN by keys, which neither the program nor any fact ever sees.

    `timeout_ms` runs from the beginning.
    """

    agent: AgentId
    sounds: tuple[str, ...]
    timeout_ms: int


class LookHere(msgspec.Struct, frozen=True, tag=True):
    """Look where the call comes from: which seat of ours, whose it is and who sits there."""


class LookHours(msgspec.Struct, frozen=True, tag=True):
    """Look whether it is open now, by hours of ivr/hours.toml."""

    name: str


class LookAtBox(msgspec.Struct, frozen=True, tag=True):
    """Look whether a box takes messages still: Done, or NoMessage with the reason."""

    box: str


class SetIntent(msgspec.Struct, frozen=True, tag=True):
    """Set what an agent wants. `sit`: they sit down where the call comes from."""

    agent: AgentId
    state: Literal["ready", "paused", "offline"]
    reason: str = ""
    sit: bool = False


class EnterQueue(msgspec.Struct, frozen=True, tag=True):
    """Wait in a queue for an agent, and talk to them. Ends when the talk is over or the waiting is."""

    queue: QueueName
    consent: bool | None = None
    """Whether the caller, told that talks are recorded, let it be; None if they were not told."""
    credit_s: int = 0
    """Their priority, in seconds of waiting."""
    callback_key: str = ""
    """Who presses it while they wait is called back instead, at `callback_number`, and keeps their place."""
    callback_number: str = ""
    announce: Announce | None = None
    """What they hear meanwhile, and what their keys do; None: as the queue's file says."""
    direct: Direct | None = None
    """The one agent whom they wait for; None: any who may serve the queue."""


class AskCallback(msgspec.Struct, frozen=True, tag=True):
    """Promise the caller to be called back when their turn comes in a queue, with the clock that they have."""

    queue: QueueName
    number: str
    since: int | None = None
    """Their clock, ms; None: that of their last stay in a queue, or now."""
    not_before: int | None = None
    """They stand in the line only from then on, ms; None: at once."""
    until: int | None = None
    """And not after this, ms; None: as long as the site says."""


class Connect(msgspec.Struct, frozen=True, tag=True):
    """Call somebody for the one who called, and let them talk: another agent or a number outside; of a caller who is
    put through (`outside`) always the latter."""

    number: str
    outside: bool = False
    """What may be called stands in `[transfers]` of acd/dialling.toml, whoever called."""
    ring_ms: int | None = None
    """How long they are rung; None: as acd/dialling.toml says."""
    music: str = ""
    """What is heard until they pick up: a class of music; "" is ringing."""
    consent: bool | None = None
    """As that of EnterQueue."""


class TakeMessage(msgspec.Struct, frozen=True, tag=True):
    """Record what the caller says after a tone, until `#`, a silence, the longest time, or they hang up."""

    box: str
    longest_ms: int
    silence_ms: int
    """0: no silence ends it."""
    ends_with: str = "#"
    """The key that ends it; "any" of them, or none."""
    review: bool = False
    """Whether its caller may want to hear it before it is kept: a copy stays at the switch until they have gone."""


class DropMessage(msgspec.Struct, frozen=True, tag=True):
    """The caller does not want what they have left: it is deleted, like one that somebody deletes."""

    message: MessageId


class SetLanguage(msgspec.Struct, frozen=True, tag=True):
    """The caller is spoken to in this language from here on."""

    language: str


class Choose(msgspec.Struct, frozen=True, tag=True):
    """Note what the caller chose from a menu. `name`: what the entry is called, perhaps nothing."""

    menu: str
    key: str
    name: str = ""


class SetData(msgspec.Struct, frozen=True, tag=True):
    """Note something about the contact, for whoever takes it: an order's number, a customer's."""

    name: str
    value: str


class MarkServed(msgspec.Struct, frozen=True, tag=True):
    """The program has done what the caller wanted: if they never wait for a person, they have served themselves."""


class NoteEmergency(msgspec.Struct, frozen=True, tag=True):
    """They have been told of an emergency, by its id."""

    emergency: str


class HangUp(msgspec.Struct, frozen=True, tag=True):
    """End the call. `cause`: Q.850, 16 is a normal end."""

    cause: int = 16


Note = SetLanguage | Choose | SetData | MarkServed | DropMessage | NoteEmergency | AskSurvey | NoteAnswer
"""Verbs that only note something, and take no time."""
Asked = AskCallback | LookUp
"""Verbs whose answer comes from beside the switch."""
OwnVerb = AskPin | LookHere | LookHours | LookAtBox | SetIntent | ArrangingVerb
CallerVerb = Answer | Play | Gather | Ring | Hold | Note | TakeMessage | FaxVerb | HangUp
Verb = CallerVerb | EnterQueue | Asked | Connect | Confer | OwnVerb


class Done(msgspec.Struct, frozen=True, tag=True):
    """The verb did what it says."""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The switch could not do it (a sound is missing, a channel refused). The program goes on."""

    reason: str


class Pressed(msgspec.Struct, frozen=True, tag=True):
    """The caller pressed these keys, each 0-9, *, # or A-D. None at all: only the one that ends the answer."""

    keys: str = msgspec.field(name="key")
    """Stored as `key`: logs from when there was but one must still be read."""


class NoInput(msgspec.Struct, frozen=True, tag=True):
    """The caller pressed nothing in time."""


class Here(msgspec.Struct, frozen=True, tag=True):
    """Where the call comes from. `owner`: whose own seat it is; `agent`: who sits there, signed in or not, and what
    they want to be (`state`)."""

    seat: SeatId
    shared: bool
    owner: AgentId | None
    agent: AgentId | None
    state: str


class Proven(msgspec.Struct, frozen=True, tag=True):
    """The PIN is theirs."""

    agent: AgentId


class Refused(msgspec.Struct, frozen=True, tag=True):
    """It may not be. `why`: the code of an error, as the API has it: wrong-pin, pin-locked, seat-taken, …"""

    why: str


class Served(msgspec.Struct, frozen=True, tag=True):
    """The caller has talked with this agent, the talk is over, and the caller is still on the line."""

    agent: AgentId


class NoAgents(msgspec.Struct, frozen=True, tag=True):
    """Nobody who could serve this queue is signed in."""


class TimedOut(msgspec.Struct, frozen=True, tag=True):
    """The queue's `max_wait` is over."""


class Overflowed(msgspec.Struct, frozen=True, tag=True):
    """A limit of the queue is reached, and no other queue takes them over."""


class Open(msgspec.Struct, frozen=True, tag=True):
    """It is open. `closes_at` (ms UTC): None if it never closes. `reason`: why today is not as its day of the week."""

    closes_at: int | None = None
    reason: str = ""


class Closed(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """It is closed by its hours; of a queue also: it closed while they waited. `opens_at` (ms UTC): None if it never
    opens. `reason`: a holiday's name, or what ivr/hours.toml says of the day; "" if only the hours of the day are over,
    or not begun."""

    reason: str = ""
    opens_at: int | None = None


class LeftByKey(msgspec.Struct, frozen=True, tag=True):
    """The caller pressed a key that leads out of the queue. `name`: what it stands for, as `keys` says."""

    key: str
    name: str


class Promised(msgspec.Struct, frozen=True, tag=True):
    """They will be called back when their turn comes: it is written down for good."""

    callback: CallbackId


class NotPromised(msgspec.Struct, frozen=True, tag=True):
    """They are not called back. `why`: `database-away`, `do-not-call`, `already-promised`, `not-offered`,
    `not-allowed-prefix`, …"""

    why: str


class Talked(msgspec.Struct, frozen=True, tag=True):
    """They have talked, and the other has hung up."""

    talk_ms: int


class NotReached(msgspec.Struct, frozen=True, tag=True):
    """They were not reached. `why`: busy, no-answer, rejected or unreachable; of an agent also paused, offline or
    no-such-agent."""

    why: str


class NotAllowed(msgspec.Struct, frozen=True, tag=True):
    """That number may not be dialled. `rule`: why, as the fact says: no-number, no-trunk, not-allowed-prefix, …"""

    rule: str


class MessageTaken(msgspec.Struct, frozen=True, tag=True):
    """The caller has left a message of this length, and is still on the line."""

    message: MessageId
    ms: int


class NoMessage(msgspec.Struct, frozen=True, tag=True):
    """The caller said nothing, or too little to be a message; or it could not be recorded. `reason` says which."""

    reason: str


ConnectResult = Talked | NotReached | NotAllowed
OwnResult = Here | Proven | Refused | ArrangingResult
HoursResult = Open | Closed
CallbackResult = Promised | NotPromised
ConferenceResult = Met | NotMet
DirectResult = Served | NotReached
QueueResult = Served | NoAgents | TimedOut | Overflowed | Closed | LeftByKey | Promised
MessageResult = MessageTaken | NoMessage
Result = (
    Done
    | Failed
    | Pressed
    | NoInput
    | OwnResult
    | HoursResult
    | QueueResult
    | CallbackResult
    | ConnectResult
    | ConferenceResult
    | MessageResult
    | FaxResult
    | SentResult
    | LookUpResult
    | NotAsked
)
