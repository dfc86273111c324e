"""One attempt to give a contact to an agent, from made to joined: where it is, and where each fact leads it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from ccplane.contacts import facts as f
from ccplane.errors import IllegalMove
from ccplane.ids import AgentId, ChannelId, OfferId
from ccplane.laws import Transitions, move


class OfferState(StrEnum):
    """Where an offer is."""

    MADE = "made"
    RINGING = "ringing"
    ANSWERED = "answered"
    CONNECTED = "connected"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


OFFER: Final[Transitions[OfferState]] = {
    OfferState.MADE: {
        f.OfferRinging: OfferState.RINGING,
        f.OfferAnswered: OfferState.ANSWERED,
        f.OfferMissed: OfferState.MISSED,
        f.OfferWithdrawn: OfferState.WITHDRAWN,
    },
    OfferState.RINGING: {
        f.OfferAnswered: OfferState.ANSWERED,
        f.OfferMissed: OfferState.MISSED,
        f.OfferWithdrawn: OfferState.WITHDRAWN,
    },
    OfferState.ANSWERED: {
        f.WhisperEnded: OfferState.ANSWERED,
        f.AgentEnteredRoom: OfferState.ANSWERED,
        f.TalkStarted: OfferState.CONNECTED,
        f.ConnectFailed: OfferState.MISSED,
    },
    OfferState.CONNECTED: {},
    OfferState.MISSED: {},
    OfferState.WITHDRAWN: {},
}


class Offer(msgspec.Struct, frozen=True):
    """The attempt that is open for a contact, and the leg it rings. Built from facts by `made` and `evolve` alone."""

    id: OfferId
    agent: AgentId
    leg: ChannelId
    state: OfferState
    ring_started_at: int
    """The phone's 180; until that comes, when the offer was made."""
    deadline: int
    joined: bool = False
    """The leg is in the room, and the caller is not yet."""
    made_at: int = 0
    answered_at: int | None = None
    at_door: bool = False
    """It was answered while nobody of us was there, and waits to come in."""
    auto_answer: bool = False
    """Nobody has to pick up."""
    whispers: bool = False
    """They are told what it is about, and not joined yet."""


def made(fact: f.OfferMade) -> Offer:
    return Offer(
        id=fact.offer,
        agent=fact.agent,
        leg=fact.leg,
        state=OfferState.MADE,
        ring_started_at=fact.at,
        deadline=fact.deadline,
        made_at=fact.at,
        auto_answer=fact.auto_answer,
    )


Moves = (
    f.OfferRinging
    | f.OfferAnswered
    | f.WhisperEnded
    | f.AgentEnteredRoom
    | f.OfferMissed
    | f.OfferWithdrawn
    | f.ConnectFailed
    | f.TalkStarted
)


def evolve(offer: Offer | None, fact: Moves) -> Offer:
    """The open offer after `fact`; IllegalMove if that is about another, or cannot happen now."""
    if offer is None or (offer.id, offer.agent) != (fact.offer, fact.agent):
        raise IllegalMove("offer", offer and offer.id, fact)
    state = move("offer", OFFER, offer.state, fact)
    match fact:
        case f.OfferRinging():
            return replace(offer, state=state, ring_started_at=fact.at if fact.rang_at is None else fact.rang_at)
        case f.OfferAnswered():
            return replace(
                offer,
                state=state,
                deadline=fact.deadline,
                at_door=fact.at_door,
                answered_at=fact.at,
                whispers=fact.whispers,
            )
        case f.WhisperEnded():
            return replace(offer, state=state, deadline=fact.deadline, whispers=False)
        case f.AgentEnteredRoom():
            return replace(offer, state=state, joined=True)
        case f.OfferMissed() | f.OfferWithdrawn() | f.ConnectFailed() | f.TalkStarted():
            return replace(offer, state=state)
        case _:
            assert_never(fact)
