"""A caller's talk with an agent: it goes on while the agent's phone is lost, until it is said to have ended."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from ccplane.contacts import facts as f
from ccplane.contacts.offer import Offer
from ccplane.contacts.waiting import Waiting
from ccplane.errors import IllegalMove
from ccplane.ids import AgentId, ChannelId, OfferId, QueueName
from ccplane.laws import Transitions, move


class TalkState(StrEnum):
    """Whether the agent is there."""

    UP = "up"
    LOST = "lost"
    RINGING_BACK = "ringing-back"
    ENDED = "ended"


TALK: Final[Transitions[TalkState]] = {
    TalkState.UP: {f.PhoneLost: TalkState.LOST, f.TalkEnded: TalkState.ENDED},
    TalkState.LOST: {
        f.PhoneLost: TalkState.LOST,
        f.RejoinRung: TalkState.RINGING_BACK,
        f.PhoneRejoined: TalkState.UP,
        f.TalkEnded: TalkState.ENDED,
    },
    TalkState.RINGING_BACK: {
        f.PhoneLost: TalkState.RINGING_BACK,
        f.RejoinMissed: TalkState.LOST,
        f.PhoneRejoined: TalkState.UP,
        f.TalkEnded: TalkState.ENDED,
    },
    TalkState.ENDED: {},
}


class Talk(msgspec.Struct, frozen=True):
    """Who the caller talks with. Built from facts by `begun` and `evolve` alone."""

    agent: AgentId
    offer: OfferId
    leg: ChannelId
    segment: int
    queue: QueueName
    started_at: int
    place: int
    """Their place in the line, should they have to wait again."""
    state: TalkState = TalkState.UP
    lost_at: int | None = None
    leg_gone: bool = False
    """The agent's phone vanished, and the leg that it had has ended."""
    silent: bool = False
    """Nothing is heard from it any more, and the caller was asked to hold."""
    back_leg: ChannelId | None = None
    """The leg by which they are being called back."""
    calls_back: int = 0
    leg_since: int = 0
    """Since when `leg` is the leg they talk by; it is another after a rejoin."""
    back_since: int = 0
    """When `back_leg` was called."""
    waited_ms: int = 0
    """By their clock, until both could hear each other."""
    credit_s: int = 0
    """The priority that they waited with, should they have to wait again."""


def begun(fact: f.TalkStarted, offer: Offer, stay: Waiting | None) -> Talk:
    """The talk that `offer` and their `stay` in the queue have led to."""
    return Talk(
        agent=fact.agent,
        offer=offer.id,
        leg=offer.leg,
        segment=fact.segment,
        queue=fact.queue,
        started_at=fact.at if fact.started_at is None else fact.started_at,
        place=stay.held_place if stay else fact.at,
        waited_ms=fact.waited_ms if fact.contact_waited_ms is None else fact.contact_waited_ms,
        leg_since=fact.at,
        credit_s=stay.credit_s if stay else 0,
    )


def evolve(talk: Talk | None, fact: f.AnyTalkFact) -> Talk:
    """The talk after `fact`; IllegalMove if that is about another, or cannot happen now."""
    if talk is None or (talk.offer, talk.agent) != (fact.offer, fact.agent):
        raise IllegalMove("talk", talk and talk.offer, fact)
    state = move("talk", TALK, talk.state, fact)
    match fact:
        case f.PhoneLost():
            lost_at = fact.at if talk.lost_at is None else talk.lost_at
            silent = talk.silent or fact.silent or fact.leg_gone
            return replace(talk, state=state, lost_at=lost_at, leg_gone=talk.leg_gone or fact.leg_gone, silent=silent)
        case f.RejoinRung():
            return replace(talk, state=state, back_leg=fact.leg, back_since=fact.at, calls_back=talk.calls_back + 1)
        case f.RejoinMissed():
            return replace(talk, state=state, back_leg=None)
        case f.PhoneRejoined():
            back = replace(talk, state=state, lost_at=None, leg_gone=False, silent=False, back_leg=None)
            return replace(back, leg=fact.leg, leg_since=fact.at)
        case f.TalkEnded():
            return talk
        case _:
            assert_never(fact)
