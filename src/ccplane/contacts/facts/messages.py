"""What callers leave for later: recorded while they are there, kept or dropped when they may be long gone."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from ccplane.contacts.facts.life import ContactFact
from ccplane.ids import AgentId, ContactId, MessageId, NodeName, QueueName
from ccplane.laws import Fact


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
    review: bool = False
    """Whether its caller may want to hear it: a copy stays at the switch until they have gone."""


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


class Tell(msgspec.Struct, frozen=True):
    """Somebody who is to be told that a message was left. `kind`: email or webhook; `target`: an address, or a webhook
    of acd/voicemail.toml."""

    kind: str
    target: str


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
    owed: bool = False
    """Whether somebody is to answer it: its box stands in acd/voicemail.toml. What follows is empty if not."""
    queue: QueueName = QueueName("")
    """Whose agents are to; "" if nobody's."""
    agent: AgentId = AgentId("")
    """Whose own box it is; "" if nobody's."""
    answer_until: int | None = None
    """Until when an answer is promised, ms; None: some day."""
    tell: tuple[Tell, ...] = ()
    """Who is told of it."""


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


class MessageFound(MessageFact, frozen=True, kw_only=True):
    """Of another outbox: it stands in Postgres, and is without an answer there. As MessageStored says of it."""

    box: str
    caller: str
    left_at: int
    ms: int
    queue: QueueName
    agent: AgentId
    answer_until: int | None
    owner: AgentId
    overdue: bool


class MessageTakenOn(MessageFact, frozen=True, kw_only=True):
    """This agent is to answer it. `by`: who says so, themselves or somebody who gives it to them."""

    owner: AgentId
    by: str


class MessageGivenBack(MessageFact, frozen=True, kw_only=True):
    """Whoever was to answer it is not any more: it is anybody's again."""

    by: str


class MessageAnswered(MessageFact, frozen=True, kw_only=True):
    """What was owed for it has been done."""

    by: str


class MessageOverdue(MessageFact, frozen=True, kw_only=True):
    """The promised time is over, and nobody has answered it."""

    box: str


AnyOwedFact = MessageFound | MessageTakenOn | MessageGivenBack | MessageAnswered | MessageOverdue
AnyMessageFact = MessageStored | MessageDropped | MessageMarked | MessagePlayed | AnyOwedFact
