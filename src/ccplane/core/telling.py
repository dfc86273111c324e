"""What the switch is told of those who wait, so that whoever carries them on without us keeps to their queue and clock.

It is said after whatever rings a phone, once for each stay, and taken back when the stay ends without the call. After
a gap either is said again, for it may have been lost: who left a queue must not be carried into it. Not while a prompt
plays, or a message is recorded: the switch would hold up all that is to be done for them until it is over.
"""

from __future__ import annotations

from typing import Final

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.verbs import TakeMessage
from ccplane.core.commands import TellQueue
from ccplane.core.state import State
from ccplane.core.steps import SOUNDING
from ccplane.core.turn import Turn

NEWS: Final = (c.ContactQueued, c.ContactUnqueued, c.TalkStarted, c.ContactRelinked)
"""After these it may be another queue, or none."""


def tell_queues(turn: Turn, before: State) -> None:
    """After all was decided: where those wait now to whom something happened."""
    found = {fact.contact for fact in turn.facts if isinstance(fact, c.ContactRelinked)}
    for contact_id in {fact.contact: None for fact in turn.facts if isinstance(fact, NEWS)}:
        was, now = before.contacts.get(contact_id), turn.state.contacts.get(contact_id)
        if now is None:
            continue
        if now.waiting:
            turn.do(TellQueue(now.id, now.channel, now.waiting.queue, now.waiting.held_place // 1000))
        elif isinstance(now.verb, TakeMessage):
            continue  # their program had gone on to it before the gap, and it was said then
        elif was is not None and (was.waiting or (contact_id in found and _left_one(now))):
            turn.do(TellQueue(now.id, now.channel, ""))


def _left_one(contact: Contact) -> bool:
    """Who has been in a queue, and hears and says nothing just now. To whom a prompt is played again it is said before
    that (`steps`)."""
    return contact.segments > 0 and not isinstance(contact.verb, SOUNDING)
