"""What the switch's own queues did with contacts while we were away: told afterwards, whole, and once."""

from __future__ import annotations

from ccplane.contacts.facts.life import EndedBy
from ccplane.contacts.facts.queueing import QueueOutcome
from ccplane.ids import AgentId, ContactId, QueueName
from ccplane.laws import Fact


class FallbackServed(Fact, frozen=True, kw_only=True):
    """A contact's whole stay in a queue of the fallback, and the talk that it led to. It was over when it was told.

    Times are by the switch's queue_log, in whole seconds. `segment`: of the stay; the talk's is the next one.
    """

    contact: ContactId
    segment: int
    queue: QueueName
    queued_at: int
    outcome: QueueOutcome
    waited_ms: int
    agent: AgentId | None = None
    talk_ms: int | None = None
    """None if there was no talk."""
    by: EndedBy | None = None
    """Who ended the talk."""
