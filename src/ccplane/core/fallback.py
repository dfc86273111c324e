"""What becomes of contacts that the fallback had: each is a contact like any other, found once and counted once.

The dialplan's files and the queue_log tell of the same calls, in either order; what the second adds is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.contacts import facts as c
from ccplane.contacts.facts import EndedBy
from ccplane.contacts.fallback import SEGMENT
from ccplane.core import inputs as i
from ccplane.core.callers import NORMAL, opened
from ccplane.core.turn import Turn
from ccplane.ids import ChannelId, ContactId, NodeName, contact_id


def begin_found(turn: Turn, what: i.FallbackCallFound | i.FallbackCallImported) -> bool:
    """Whether this is a contact that nobody knew: then it has begun, and is to be ended by `end_found`."""
    contact = contact_id(what.node, what.channel)
    if known(turn, contact):
        return False
    arrival = i.CallerArrived(
        node=NodeName(what.node),
        channel=ChannelId(what.channel),
        number_dialled=what.number_dialled,
        caller=what.caller,
        caller_name="",
        switch_at=what.arrived_at,
    )
    opened(turn, arrival, arrived_at=min(what.arrived_at, turn.now))
    return True


def end_found(turn: Turn, contact: ContactId, ended_at: int) -> None:
    turn.happened(
        c.ContactEnded(
            at=turn.now, contact=contact, by=EndedBy.FALLBACK, cause=NORMAL, ended_at=min(ended_at, turn.now)
        )
    )


def known(turn: Turn, contact: ContactId) -> bool:
    """Live, just ended, or found before."""
    state = turn.state
    return contact in state.contacts or contact in state.fallback or contact in state.ended


def imported(turn: Turn, what: i.FallbackCallImported) -> None:
    """The queue_log tells of a call that is over. One that lives by our own word is told again later: its end, which
    we have not seen yet, comes first."""
    contact = contact_id(what.node, what.channel)
    if contact in turn.state.contacts:
        return
    if begin_found(turn, what):
        end_found(turn, contact, what.ended_at)
    before = turn.state.fallback.get(contact)
    stay = what.stay
    if stay is None or (before is not None and before.counted):
        return
    turn.happened(
        c.FallbackServed(
            at=turn.now,
            contact=contact,
            segment=SEGMENT,
            queue=stay.queue,
            queued_at=min(stay.queued_at, turn.now),
            outcome=stay.outcome,
            waited_ms=stay.waited_ms,
            agent=stay.agent,
            talk_ms=stay.talk_ms,
            by=stay.by,
        )
    )


FALLBACK_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {i.FallbackCallImported: imported}
