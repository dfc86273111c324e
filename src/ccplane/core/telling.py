"""What the switch is told of those who wait, so that whoever carries them on without us keeps to their queue and clock.

It is said after whatever rings a phone, once for each stay, and taken back when the stay ends without the call. After
a gap either is said again, for it may have been lost: who left a queue must not be carried into it.
"""

from __future__ import annotations

from typing import Final

from ccplane.contacts import facts as c
from ccplane.core.commands import TellQueue
from ccplane.core.state import State
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
        elif contact_id in found or (was is not None and was.waiting):
            turn.do(TellQueue(now.id, now.channel, ""))
