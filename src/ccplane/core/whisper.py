"""What is said to an agent alone before the caller is joined: for which of their queues the call is.

The caller hears music until it is over, and waits for as long. It never holds a call up for long: after
WHISPER_MOST_MS, or if it can't be played or nobody knows what became of it, the two are joined.
"""

from __future__ import annotations

from typing import Final

from ccplane.agents.agent import Agent
from ccplane.contacts.contact import Contact
from ccplane.contacts.offer import Offer
from ccplane.core.commands import Whisper
from ccplane.core.state import State
from ccplane.ids import whisper_id
from ccplane.routing.rules import Queue

WHISPER_MOST_MS: Final = 15_000


def whisper_for(state: State, contact: Contact, offer: Offer) -> Whisper | None:
    """How this agent is told of this contact; None if the queue has nothing to say to them.

    In an open line, after the beep, for one leg of many; at a phone, on the leg.
    """
    agent = state.agents.get(offer.agent)
    queue = state.rules.queues.get(contact.waiting.queue) if contact.waiting else None
    if agent is None or queue is None or not queue.whisper or not (offer.auto_answer or queue.whisper_all):
        return None
    line = agent.open_line
    sound = _in_their_language(agent, queue, state.rules.language)
    return Whisper(contact.id, offer.id, line or offer.leg, whisper_id(offer.id), sound, beep=line is not None)


def _in_their_language(agent: Agent, queue: Queue, usual: str) -> str:
    spoken = (*agent.profile.languages, usual, *queue.whisper)
    return next(queue.whisper[language] for language in spoken if language in queue.whisper)
