"""What ends the wait for one agent."""

from __future__ import annotations

from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import MissCause, QueueOutcome
from ccplane.contacts.verbs import NotReached
from ccplane.contacts.waiting import Waiting
from ccplane.core.direct import BUSY, FOR_GOOD, OFFLINE, why_not_free
from ccplane.core.steps import give_back
from ccplane.core.turn import Turn


def over(turn: Turn, contact: Contact, waiting: Waiting) -> bool:
    """Whether the wait for that agent was over, and has been ended: they have missed it, have gone, or it took too
    long."""
    assert waiting.direct is not None
    why = why_not_free(turn.state, waiting.direct.agent)
    if waiting.missed is not None:
        answer = MissCause.NO_ANSWER if waiting.missed is MissCause.AUTO_ANSWER_FAILED else waiting.missed
        give_back(turn, contact, QueueOutcome.TIMED_OUT, NotReached(answer.value))
    elif why in FOR_GOOD:
        give_back(turn, contact, QueueOutcome.NO_AGENTS, NotReached(why or OFFLINE))
    elif waiting.direct_until is not None and waiting.direct_until <= turn.now:
        give_back(turn, contact, QueueOutcome.TIMED_OUT, NotReached(why or BUSY))
    else:
        return False
    return True
