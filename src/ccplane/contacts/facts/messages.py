"""What callers leave for later: recorded while they are there, kept or dropped when they may be long gone."""

from __future__ import annotations

from enum import StrEnum

from ccplane.contacts.facts.life import ContactFact
from ccplane.ids import ContactId, MessageId, NodeName
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
