"""A message that is owed an answer: from when it is in safety until somebody has answered it, or it is deleted.

Which messages are, their boxes say (acd/voicemail.toml). It is owned like a contact: at any moment by one agent or by
none, and its promised time is kept or is seen to be over.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from ccplane.contacts import facts as f
from ccplane.ids import AgentId, ContactId, MessageId, QueueName
from ccplane.laws import Transitions, move


class OwedState(StrEnum):
    """How far its answer is."""

    NEW = "new"
    TAKEN = "taken"
    """An agent is to answer it."""
    OVER = "over"


BOX_FULL: Final = "box-full"
"""Why there is no message where too many wait for an answer."""

S = OwedState
OWED: Final[Transitions[OwedState]] = {
    S.NEW: {f.MessageTakenOn: S.TAKEN, f.MessageOverdue: S.NEW, f.MessageAnswered: S.OVER, f.MessageMarked: S.OVER},
    S.TAKEN: {
        f.MessageTakenOn: S.TAKEN,
        f.MessageGivenBack: S.NEW,
        f.MessageOverdue: S.TAKEN,
        f.MessageAnswered: S.OVER,
        f.MessageMarked: S.OVER,
    },
    S.OVER: {},
}
"""Of marks only that it is deleted leads anywhere; the others are about who heard it."""


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """A message without an answer. Times in ms UTC, `ms` its length."""

    id: MessageId
    contact: ContactId
    box: str
    caller: str
    left_at: int
    ms: int
    queue: QueueName = QueueName("")
    agent: AgentId = AgentId("")
    answer_until: int | None = None
    state: OwedState = OwedState.NEW
    owner: AgentId = AgentId("")
    taken_at: int | None = None
    overdue: bool = False

    @property
    def deadline(self) -> int | None:
        """When time alone changes something about it."""
        return None if self.overdue else self.answer_until


def owed(fact: f.MessageStored | f.MessageFound) -> Owed:
    """What a message in safety leaves to be done."""
    message = Owed(
        id=fact.message,
        contact=fact.contact,
        box=fact.box,
        caller=fact.caller,
        left_at=fact.left_at,
        ms=fact.ms,
        queue=fact.queue,
        agent=fact.agent,
        answer_until=fact.answer_until,
    )
    if isinstance(fact, f.MessageFound):
        message = replace(message, overdue=fact.overdue)
        if fact.owner:
            return replace(message, state=OwedState.TAKEN, owner=fact.owner, taken_at=fact.at)
    return message


Change = f.MessageTakenOn | f.MessageGivenBack | f.MessageAnswered | f.MessageOverdue | f.MessageMarked


def evolve(message: Owed, fact: Change) -> Owed:
    """After `fact`; IllegalMove if it cannot be."""
    message = replace(message, state=move("owed message", OWED, message.state, fact))
    match fact:
        case f.MessageTakenOn(owner=owner):
            return replace(message, owner=owner, taken_at=fact.at)
        case f.MessageGivenBack():
            return replace(message, owner=AgentId(""), taken_at=None)
        case f.MessageOverdue():
            return replace(message, overdue=True)
        case f.MessageAnswered() | f.MessageMarked():
            return message
        case _:
            assert_never(fact)
