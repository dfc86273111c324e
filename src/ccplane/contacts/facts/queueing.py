"""A contact's stays in queues: each begins once and ends with one outcome."""

from __future__ import annotations

from enum import StrEnum

from ccplane.contacts.direct import Direct
from ccplane.contacts.facts.life import ContactFact
from ccplane.ids import AgentId, CallbackId, QueueName


class QueueOutcome(StrEnum):
    """How a stay in a queue ended. The names are those of the conservation rule in the KPI definitions."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    NO_AGENTS = "no-agents"
    TIMED_OUT = "timed-out"
    LOST = "lost"
    OVERFLOWED = "overflowed"
    """A limit of the queue took them out of it: into another queue, or back to the program."""
    CLOSED = "closed"
    MOVED = "moved"
    """Somebody put them into another queue."""
    LEFT_BY_KEY = "left-by-key"
    """They pressed a key that leads out of it: into another queue, or back to the program."""
    CALLBACK = "callback"
    """They are called back instead. Of a stay in a customer's place: they were not reached, or it was not the hour."""


class ContactQueued(ContactFact, frozen=True, kw_only=True):
    """A segment in a queue began. `segment` counts the contact's stays from 1."""

    queue: QueueName
    segment: int
    since: int | None = None
    """Since when they wait, if that is older than this fact: taken over from the journal at the switch."""
    place: int | None = None
    """Their place in the line, as if they had come then: of one whose agent's phone vanished, or who came while nobody
    watched, with others. None: by `since`."""
    offers: int = 0
    """How many offers this verb has led to already; they count on, so that each has an id of its own."""
    credit_s: int = 0
    """Their priority, in seconds of waiting."""
    last_agent: AgentId | None = None
    """Who served this customer last, as far as we remember."""
    last_served_at: int | None = None
    """When that was over."""
    entered_at: int | None = None
    """When they entered this queue, where their clock is older: they came from another."""
    estimate_ms: int | None = None
    """How long we thought they would wait here; None if nobody could tell, or they are found again after a gap."""
    passed: tuple[QueueName, ...] = ()
    """Queues out of which overflows have taken them since they asked for one: none takes them back into these."""
    callback: CallbackId | None = None
    """Whom they are called back for: it counts apart from callers' stays."""
    direct: Direct | None = None
    """The one agent whom they wait for."""


class WaitAnnounced(ContactFact, frozen=True, kw_only=True):
    """Who waits was told how they stand. `position` and `minutes` as they were said, None where they were not;
    `longer`: and that it takes longer than they were told before. No `sounds`: there was nothing to say."""

    queue: QueueName
    segment: int
    position: int | None
    minutes: int | None
    longer: bool
    sounds: tuple[str, ...]
    next_at: int
    """When they are told anew."""


class ContactUnqueued(ContactFact, frozen=True, kw_only=True):
    """The segment in the queue ended."""

    queue: QueueName
    segment: int
    outcome: QueueOutcome
    waited_ms: int
    """In this queue."""
    ended_at: int | None = None
    """When, if that is older than this fact."""
    contact_waited_ms: int | None = None
    """By their clock, over all queues; None: as `waited_ms`."""


class ContactReprioritised(ContactFact, frozen=True, kw_only=True):
    """Somebody gave a waiting contact another priority, in seconds of waiting. `by`: who; `before_s`: what it was."""

    credit_s: int
    before_s: int
    by: str


class ContactRedirected(ContactFact, frozen=True, kw_only=True):
    """Somebody put a waiting contact into another queue. `by`: who; `before`: the queue it was in. The stays in the two
    follow as facts of their own."""

    queue: QueueName
    before: QueueName
    by: str


class RequirementRelaxed(ContactFact, frozen=True, kw_only=True):
    """The wait has reached the queue's next step: from here on `step` says what is asked of an agent."""

    queue: QueueName
    step: int
    saved_ms: int = 0
    """What was left of steps that were passed over, since nobody whom they ask for could come; of all so far."""
