"""Customer first: the right to call a customer is claimed as soon as an agent is free for them, who is not told.

The agent stays free for everybody else; but for one agent one customer is called at a time. Who answers is a caller
like any other, with the clock that they have: the next agent who is free and may serve them is theirs.
"""

from __future__ import annotations

from typing import Final

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import Trace
from ccplane.contacts.facts.callbacks import CallbackClaiming
from ccplane.core.turn import Turn
from ccplane.ids import AgentId

CLAIM_MS: Final = 4_000
"""So long Postgres has to commit the claim of a callback, while its agent waits."""


def call_first(turn: Turn, contact: Contact, agent: AgentId, trace: Trace) -> None:
    """Ask for the right to call the customer for whom this contact stands in the line."""
    assert contact.callback is not None
    callback = turn.state.callbacks[contact.callback]
    turn.happened(c.CustomerCalled(at=turn.now, contact=contact.id, agent=agent, trace=trace))
    turn.happened(
        CallbackClaiming(
            at=turn.now,
            callback=callback.id,
            contact=contact.id,
            agent=agent,
            turn=callback.turn,
            deadline=turn.now + CLAIM_MS,
        )
    )
