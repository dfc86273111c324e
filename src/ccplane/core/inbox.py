"""What facts about messages that are owed an answer do to the state."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from ccplane.contacts import owed
from ccplane.contacts.facts import MessageFound, MessageStored
from ccplane.core.follows import rescheduled
from ccplane.core.state import State
from ccplane.errors import IllegalMove

REMEMBERED: Final = 1_000
"""Of whatever is over, so many last ones: what comes late about them brings none of them back."""


def put_owed(state: State, fact: MessageStored | MessageFound) -> State:
    """One more."""
    return _put(state, owed.owed(fact))


def owed_changed(state: State, fact: owed.Change) -> State:
    """After `fact` about one of them; IllegalMove if it is none."""
    before = state.owed.get(fact.message)
    if before is None:
        raise IllegalMove("owed message", "unknown", fact)
    after = owed.evolve(before, fact)
    if after.state is not owed.OwedState.OVER:
        return _put(state, after)
    answered = (*state.answered[1 - REMEMBERED :], after.id)
    state = replace(state, owed=state.owed.delete(after.id), answered=answered)
    return rescheduled(state, "message", after.id, None)


def _put(state: State, message: owed.Owed) -> State:
    return rescheduled(
        replace(state, owed=state.owed.set(message.id, message)), "message", message.id, message.deadline
    )
