"""A callback from the wish to its end, and the one table of the states it goes through.

While it waits, a contact without a channel stands in the line for the customer (`Callback.contact`), with their clock.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from ccplane.contacts.facts import callbacks as f
from ccplane.errors import IllegalMove
from ccplane.ids import AgentId, CallbackId, ContactId, QueueName
from ccplane.laws import Transitions, move


class CallbackState(StrEnum):
    """Where a callback is."""

    ASKED = "asked"
    """Postgres is being asked to keep it."""
    PENDING = "pending"
    """Promised, and not in the line yet: calling hours, or a pause after a try."""
    WAITING = "waiting"
    CLAIMING = "claiming"
    """An agent is there; Postgres is asked for the right to dial."""
    DIALLING = "dialling"
    REACHED = "reached"
    ENDED = "ended"


S = CallbackState
CALLBACK: Final[Transitions[CallbackState]] = {
    S.ASKED: {f.CallbackPromised: S.PENDING, f.CallbackRefused: S.ENDED},
    S.PENDING: {f.CallbackQueued: S.WAITING, f.CallbackPutOff: S.PENDING, f.CallbackEnded: S.ENDED},
    S.WAITING: {f.CallbackClaiming: S.CLAIMING, f.CallbackPutOff: S.PENDING, f.CallbackEnded: S.ENDED},
    S.CLAIMING: {f.CallbackDialled: S.DIALLING, f.CallbackPutOff: S.PENDING, f.CallbackEnded: S.ENDED},
    S.DIALLING: {f.CallbackReached: S.REACHED, f.CallbackPutOff: S.PENDING, f.CallbackEnded: S.ENDED},
    S.REACHED: {f.CallbackEnded: S.ENDED},
    S.ENDED: {},
}

UNSAID: Final = frozenset({S.PENDING, S.WAITING, S.CLAIMING})
"""Promised, and the customer is not being called: it may be cancelled without anybody noticing."""


class Callback(msgspec.Struct, frozen=True, kw_only=True):
    """A callback that is not over. `deadline`: when time alone changes something about it; `last_why`: why it was put
    off last. All times in ms."""

    id: CallbackId
    number: str
    queue: QueueName
    since: int
    asked_at: int
    expires_at: int
    not_before: int | None = None
    """They chose a time, which begins then."""
    asked_in: ContactId | None = None
    caller_name: str = ""
    number_dialled: str = ""
    language: str
    site: str
    state: CallbackState = CallbackState.ASKED
    deadline: int | None = None
    contact: ContactId | None = None
    """Who stands in the line for them, or is called."""
    agent: AgentId | None = None
    turn: int = 0
    tries: int = 0
    last_why: str = ""


def asked(fact: f.CallbackAsked) -> Callback:
    """The callback that this begins."""
    return Callback(
        id=fact.callback,
        number=fact.number,
        queue=fact.queue,
        since=fact.since,
        asked_at=fact.at,
        expires_at=fact.expires_at,
        not_before=fact.not_before,
        asked_in=fact.contact,
        caller_name=fact.caller_name,
        number_dialled=fact.number_dialled,
        language=fact.language,
        site=fact.site,
        deadline=fact.answer_by,
        turn=fact.turn,
        tries=fact.tries,
    )


def evolve(callback: Callback, fact: f.AnyCallbackFact) -> Callback:
    """The callback after `fact`; IllegalMove if it cannot happen now, and then nothing was changed."""
    if isinstance(fact, f.CallbackAsked):
        raise IllegalMove("callback", callback.state, fact)
    state = move("callback", CALLBACK, callback.state, fact)
    match fact:
        case f.CallbackPromised():
            return replace(callback, state=state, deadline=min(fact.next_at, callback.expires_at))
        case f.CallbackRefused() | f.CallbackEnded():
            return replace(callback, state=state, deadline=None)
        case f.CallbackQueued():
            return replace(callback, state=state, contact=fact.contact, turn=fact.turn, deadline=fact.until)
        case f.CallbackClaiming():
            return replace(callback, state=state, agent=fact.agent, deadline=fact.deadline)
        case f.CallbackDialled():
            return replace(callback, state=state, tries=fact.tries, deadline=fact.deadline)
        case f.CallbackReached():
            return replace(callback, state=state, deadline=None)
        case f.CallbackPutOff():
            deadline, tries = min(fact.next_at, callback.expires_at), max(callback.tries, fact.tries)
            off = replace(callback, state=state, deadline=deadline, contact=None, agent=None, tries=tries)
            return replace(off, last_why=fact.why)
        case _:
            assert_never(fact)
