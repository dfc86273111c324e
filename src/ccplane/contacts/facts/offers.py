"""The attempts to give one contact to one agent, from the choice until both are joined or it came to nothing."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from ccplane.contacts.facts.life import ContactFact
from ccplane.ids import AgentId, ChannelId, ContactId, OfferId, QueueName


class MissCause(StrEnum):
    """Why an offer was missed. Only these count as a miss; a caller who leaves while it rings makes none."""

    NO_ANSWER = "no-answer"
    REJECTED = "rejected"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    AUTO_ANSWER_FAILED = "auto-answer-failed"
    """Nobody had to pick up: the phone was told to do so by itself, or the line was open; and it was not up in time."""


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
    """Asterisk restarted, the leg was found gone after a gap, or it was never made."""
    OTHER_CALL = "other-call"
    """A call that is not ours came to the phone while it rang, or was made from it."""
    ANSWERED_ELSEWHERE = "answered-elsewhere"
    """Of several agents who were rung for this contact another was the first."""


class Trace(msgspec.Struct, frozen=True):
    """Why this agent: who won and by what, who came second, and how many were excluded for which reason."""

    strategy: str
    winner_score_s: float
    runner_up: AgentId | None = None
    excluded: dict[str, int] = {}
    candidates: int = 0
    """How many agents could have been chosen; 0 in facts of before this was counted."""
    runner_up_contact: ContactId | None = None
    """Whom the agent would have been offered else, where it was the agent who became free."""


class OfferFact(ContactFact, frozen=True, kw_only=True):
    """A fact about one attempt to give one contact to one agent."""

    offer: OfferId
    agent: AgentId


class CustomerCalled(ContactFact, frozen=True, kw_only=True):
    """The customer for whom this contact stands in the line is to be called, for an agent who is free; who takes
    other calls meanwhile. Until they answer they are offered to nobody. `trace`: why this agent."""

    agent: AgentId
    trace: Trace


class OfferMade(OfferFact, frozen=True, kw_only=True):
    """The agent is taken from here on; their phone is being called. `deadline` is when we stop ringing."""

    queue: QueueName
    segment: int
    attempt: int
    leg: ChannelId
    deadline: int
    trace: Trace
    auto_answer: bool = False
    """Nobody has to pick up: the phone is told to by itself, or the line is open."""


class OfferRinging(OfferFact, frozen=True, kw_only=True):
    """The agent's phone said 180: ring time counts from here, else from when the offer was made."""

    rang_at: int | None = None
    """When, if that is older than this fact."""


class OfferAnswered(OfferFact, frozen=True, kw_only=True):
    """The agent's phone is up; both are about to be joined, by `deadline` at the latest.

    `at_door`: it was answered while nobody of us was there, and is joined once it has come in.
    """

    deadline: int
    ring_ms: int
    at_door: bool = False
    whispers: bool = False
    """The agent is told first what it is about: by `deadline` at the latest they are joined."""


class WhisperEnded(OfferFact, frozen=True, kw_only=True):
    """The agent has heard what it is about, and both are about to be joined, by `deadline` at the latest."""

    deadline: int


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
