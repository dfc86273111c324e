"""A message from the end of its recording until it is safe, or found to be none. What people make of it later does not
stand here."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from ccplane.contacts import facts as f
from ccplane.ids import ContactId, MessageId, NodeName
from ccplane.laws import Transitions, move


class MessageState(StrEnum):
    """Where a message is."""

    LEFT = "left"
    STORED = "stored"
    DROPPED = "dropped"


MESSAGE: Final[Transitions[MessageState]] = {
    MessageState.LEFT: {f.MessageStored: MessageState.STORED, f.MessageDropped: MessageState.DROPPED},
    MessageState.STORED: {},
    MessageState.DROPPED: {},
}


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is still where the switch recorded it, and must not be lost there."""

    id: MessageId
    contact: ContactId
    box: str
    node: NodeName
    recording: str
    caller: str
    number_dialled: str
    source: f.MessageSource
    left_at: int
    ms: int | None
    state: MessageState = MessageState.LEFT
    review: bool = False
    """Whether its caller may want to hear it."""


def opened(fact: f.MessageLeft) -> Message:
    """The message that the end of a recording begins."""
    return Message(
        id=fact.message,
        contact=fact.contact,
        box=fact.box,
        node=fact.node,
        recording=fact.recording,
        caller=fact.caller,
        number_dialled=fact.number_dialled,
        source=fact.source,
        left_at=fact.left_at,
        ms=fact.ms,
        review=fact.review,
    )


def settled(message: Message, fact: f.MessageStored | f.MessageDropped) -> MessageState:
    """Where `fact` leads; IllegalMove if it cannot be."""
    return move("message", MESSAGE, message.state, fact)
