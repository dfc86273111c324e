"""Whether a queue takes a contact, and which other one does where it does not: as `core/limits.py` for real calls."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from msgspec.structs import replace

from ccplane.contacts.facts import QueueOutcome
from ccplane.ids import QueueName
from ccplane.routing.asking import Candidate
from ccplane.routing.rules import Queue
from ccplane.simulate.day import Day


class Room(Protocol):
    """What a floor says of itself."""

    def is_full(self, name: QueueName) -> bool: ...

    def could_be_served(self, contact: Candidate) -> bool: ...


def is_limited(queue: Queue) -> bool:
    return queue.most_waiting is not None or queue.waiting_per_agent is not None


def refused(day: Day, room: Room, contact: Candidate) -> QueueOutcome | None:
    """Why its queue does not take it; None: it does."""
    if not day.wait_without_agents and not room.could_be_served(contact):
        return QueueOutcome.NO_AGENTS
    full = is_limited(day.queues[contact.queue]) and room.is_full(contact.queue)
    return QueueOutcome.OVERFLOWED if full else None


def way_on(
    day: Day, room: Room, contact: Candidate, why: QueueOutcome, passed: Collection[QueueName]
) -> QueueName | None:
    """The first queue along the overflows that takes who is refused, or kept no longer; None: none does, and the
    program decides. Never one out of which an overflow has taken them."""
    seen = {*passed, contact.queue}
    at, cause = day.queues[contact.queue], why
    while True:
        to = at.no_agents if cause is QueueOutcome.NO_AGENTS else at.overflow
        if to is None or to in seen or to not in day.queues:
            return None
        seen.add(to)
        at = day.queues[to]
        further = refused(day, room, replace(contact, queue=to, step=0))
        if further is None:
            return to
        cause = further
