"""Callbacks: a place in the line without the customer. Promised once Postgres has it, dialled once per turn."""

from __future__ import annotations

from enum import StrEnum

from ccplane.ids import AgentId, CallbackId, ContactId, QueueName
from ccplane.laws import Fact


class CallbackOutcome(StrEnum):
    """How a callback ended."""

    DONE = "done"
    """The customer was called, and has talked with an agent."""
    LEFT = "left"
    """They answered and hung up before an agent was there."""
    TRIES_USED = "tries-used"
    """Not reached, and tried as often as the site allows."""
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    BARRED = "barred"
    """The number may not be called any more: `why` says by which rule."""


class CallbackFact(Fact, frozen=True, kw_only=True):
    """A fact about one callback."""

    callback: CallbackId


class CallbackAsked(CallbackFact, frozen=True, kw_only=True):
    """Somebody wants to be called at `number` when their turn comes in `queue`. Nothing is promised before Postgres has
    it, and refused at `answer_by` (ms). `since`: their clock; `contact`: who asked, None: the API, `by` whom."""

    number: str
    queue: QueueName
    since: int
    expires_at: int
    not_before: int | None = None
    """They chose a time: it begins then, and the promise ends with it."""
    answer_by: int
    contact: ContactId | None = None
    caller_name: str = ""
    number_dialled: str = ""
    language: str
    site: str
    by: str = ""
    turn: int = 0
    tries: int = 0
    """Both of one that was found in Postgres, and had turns and tries before."""


class CallbackPromised(CallbackFact, frozen=True, kw_only=True):
    """Postgres has it. They stand in the line from `next_at` on: at once, or when calling hours begin."""

    next_at: int


class CallbackRefused(CallbackFact, frozen=True, kw_only=True):
    """It was not promised. `why`: `database-away`, `do-not-call`, `already-promised`, a rule of dialling…"""

    why: str


class CallbackQueued(CallbackFact, frozen=True, kw_only=True):
    """Its `turn`-th stay in the line begins: `contact` waits there in the customer's place, at the longest `until`, the
    end of the calling hours or of the promise."""

    contact: ContactId
    turn: int
    until: int


class CallbackClaiming(CallbackFact, frozen=True, kw_only=True):
    """An agent is there for it, or free for it (customer first): Postgres is asked for the right to dial, until
    `deadline`."""

    contact: ContactId
    agent: AgentId
    turn: int
    deadline: int


class CallbackDialled(CallbackFact, frozen=True, kw_only=True):
    """The claim is committed: the customer is being called, for the `tries`-th time, until `deadline`. `found`: after a
    crash it was seen that they are; nothing was dialled anew."""

    contact: ContactId
    agent: AgentId
    tries: int
    deadline: int
    found: bool = False


class CallbackReached(CallbackFact, frozen=True, kw_only=True):
    """The customer has answered. `waited_ms`: since their clock began."""

    contact: ContactId
    waited_ms: int


class CallbackPutOff(CallbackFact, frozen=True, kw_only=True):
    """Not now: again from `next_at` on. `tried`: the customer was called, or it isn't known whether they were."""

    why: str
    next_at: int
    tried: bool = False
    tries: int = 0
    """In all, so far."""


class CallbackEnded(CallbackFact, frozen=True, kw_only=True):
    """It is over. `tried`: as with CallbackPutOff, of the turn that ended with it. `agent`: who has talked with
    them."""

    outcome: CallbackOutcome
    why: str = ""
    by: str = ""
    tried: bool = False
    tries: int = 0
    agent: AgentId | None = None


AnyCallbackFact = (
    CallbackAsked
    | CallbackPromised
    | CallbackRefused
    | CallbackQueued
    | CallbackClaiming
    | CallbackDialled
    | CallbackReached
    | CallbackPutOff
    | CallbackEnded
)
