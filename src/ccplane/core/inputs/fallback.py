"""What is told of calls that the switch's own queues have, and of those that they had while we were away."""

from __future__ import annotations

import msgspec

from ccplane.contacts.facts import EndedBy, QueueOutcome
from ccplane.core.inputs.input import Input
from ccplane.ids import AgentId, ChannelId, NodeName, QueueName


class FallbackStay(msgspec.Struct, frozen=True, kw_only=True):
    """A stay in a queue, and the talk that it led to, if it was answered."""

    queue: QueueName
    queued_at: int
    outcome: QueueOutcome
    waited_ms: int
    agent: AgentId | None = None
    talk_ms: int | None = None
    by: EndedBy | None = None


class FallbackWaitsSeen(Input, frozen=True):
    """Callers wait in these of app_queue's queues at that node, by the switch's word, and in no others."""

    node: NodeName
    queues: tuple[QueueName, ...]


class FallbackCallImported(Input, frozen=True, kw_only=True):
    """A call that the fallback had, now over. `stay`: None if it never entered a queue."""

    node: NodeName
    channel: ChannelId
    number_dialled: str
    caller: str
    arrived_at: int
    ended_at: int
    stay: FallbackStay | None = None
