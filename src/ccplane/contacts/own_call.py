"""An agent's own call, from calling the other party to its end, as that party's phone sees it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from ccplane.contacts import facts as f
from ccplane.errors import IllegalMove
from ccplane.ids import AgentId, ChannelId, DeviceName, OfferId
from ccplane.laws import Transitions, move


class CallState(StrEnum):
    """Where an agent's own call is."""

    CALLED = "called"
    RINGING = "ringing"
    ANSWERED = "answered"
    CONNECTED = "connected"
    MISSED = "missed"
    ENDED = "ended"


CALL: Final[Transitions[CallState]] = {
    CallState.CALLED: {
        f.PartyRinging: CallState.RINGING,
        f.PartyAnswered: CallState.ANSWERED,
        f.CallMissed: CallState.MISSED,
    },
    CallState.RINGING: {f.PartyAnswered: CallState.ANSWERED, f.CallMissed: CallState.MISSED},
    CallState.ANSWERED: {
        f.PartyEnteredRoom: CallState.ANSWERED,
        f.CallConnected: CallState.CONNECTED,
        f.CallMissed: CallState.MISSED,
    },
    CallState.CONNECTED: {f.CallEnded: CallState.ENDED},
    CallState.MISSED: {},
    CallState.ENDED: {},
}


class OwnCall(msgspec.Struct, frozen=True):
    """The other party of an agent's own call, and their leg. Built from facts by `called` and `evolve` alone."""

    id: OfferId
    leg: ChannelId
    number: str
    agent: AgentId | None
    state: CallState
    since: int
    """When it was called, began to ring, or they began to talk."""
    deadline: int | None
    device: DeviceName | None = None
    """The phone of ours that they are called at."""
    joined: bool = False
    """Their leg is in the room, and the one who called is not yet."""


def called(fact: f.PartyCalled) -> OwnCall:
    return OwnCall(
        id=fact.call,
        leg=fact.leg,
        number=fact.number,
        agent=fact.agent,
        state=CallState.CALLED,
        since=fact.at,
        deadline=fact.deadline,
        device=fact.device,
    )


Moves = f.PartyRinging | f.PartyAnswered | f.PartyEnteredRoom | f.CallConnected | f.CallMissed | f.CallEnded


def evolve(call: OwnCall | None, fact: Moves) -> OwnCall:
    """The own call after `fact`; IllegalMove if that is about another, or cannot happen now."""
    if call is None or call.id != fact.call:
        raise IllegalMove("call", call and call.id, fact)
    state = move("call", CALL, call.state, fact)
    match fact:
        case f.PartyRinging():
            return replace(call, state=state, since=fact.at if fact.rang_at is None else fact.rang_at)
        case f.PartyAnswered():
            return replace(call, state=state, deadline=fact.deadline)
        case f.PartyEnteredRoom():
            return replace(call, state=state, joined=True)
        case f.CallConnected():
            since = fact.at if fact.started_at is None else fact.started_at
            return replace(call, state=state, since=since, deadline=None)
        case f.CallMissed() | f.CallEnded():
            return replace(call, state=state)
        case _:
            assert_never(fact)
