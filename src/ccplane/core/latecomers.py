"""Callers who came while nobody watched: they wait since then, and stand in the line in the order in which they came.

Their programs all begin in the same moment, when they are found, and run as fast as the switch answers each. So which
of them asks for the queue first says nothing about who came first.
"""

from __future__ import annotations

from ccplane.contacts.contact import Contact
from ccplane.core.turn import Turn
from ccplane.ids import QueueName


def clock(turn: Turn, contact: Contact, queue: QueueName) -> tuple[int | None, int | None]:
    """Since when they wait, and their place, for one who enters their first queue. None, None: from now on.

    The place is the clock's, unless that would put them before one who came earlier and as they did, or after one who
    came later.
    """
    if not contact.late_ms or contact.segments:
        return None, None
    since = turn.now - contact.late_ms
    like = [each for each in turn.state.contacts.values() if _alike(each, contact, queue)]
    came = _came(contact)
    earliest = max((_place(each) for each in like if _came(each) < came), default=since)
    latest = min((_place(each) for each in like if _came(each) > came), default=since)
    place = min(max(since, earliest), latest)
    return since, place if place != since else None


def _alike(other: Contact, contact: Contact, queue: QueueName) -> bool:
    """Found late too, and in the same queue by the same way."""
    waiting = other.waiting
    return (
        other.late_ms > 0
        and waiting is not None
        and (waiting.queue, waiting.segment) == (queue, 1)
        and (other.number_dialled, other.program) == (contact.number_dialled, contact.program)
    )


def _came(contact: Contact) -> tuple[int, int, str]:
    """Within one ms by the switch's own count, with which a unique id ends."""
    return contact.arrived_at, len(contact.id), contact.id


def _place(contact: Contact) -> int:
    assert contact.waiting is not None
    return contact.waiting.held_place
