"""What a contact that waits is to hear, and when next."""

from __future__ import annotations

from typing import Final

from ccplane.contacts.announce import Announce
from ccplane.contacts.contact import Contact
from ccplane.contacts.verbs import EnterQueue
from ccplane.routing.rules import Rules

SAYING_MS: Final = 8_000
"""So long one thing that is said may take: they are told of their place and wait each ten seconds at the most."""


def plan_of(rules: Rules, contact: Contact) -> Announce | None:
    """What the program wants to be said while they wait, else what their queue's file says; None: music alone."""
    if contact.waiting is None:
        return None
    if isinstance(contact.verb, EnterQueue) and contact.verb.announce is not None:
        return contact.verb.announce
    queue = rules.queues.get(contact.waiting.queue)
    return queue.announce if queue else None


def say_at(rules: Rules, contact: Contact) -> int | None:
    """When they are told next how they stand. Never while a phone rings for them, nor outside of the room, in which it
    is said."""
    plan, waiting = plan_of(rules, contact), contact.waiting
    if plan is None or waiting is None or not plan.speaks or contact.offers or not contact.in_room or contact.absent:
        return None
    at = waiting.here_since + plan.first_ms if waiting.say_at is None else waiting.say_at
    told_at = contact.told.at
    if not told_at or told_at < waiting.here_since:  # what was said in another queue was stopped there
        return at
    return max(at, told_at + SAYING_MS)
