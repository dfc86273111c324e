"""What ends or eases a wait without an agent: nobody left who could come, `max_wait`, a requirement that relaxes."""

from __future__ import annotations

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import QueueOutcome
from ccplane.contacts.verbs import NoAgents, TimedOut
from ccplane.core.follows import candidate
from ccplane.core.route import anyone_signed_in
from ccplane.core.steps import give_back
from ccplane.core.turn import Turn


def settle(turn: Turn) -> None:
    """Before anyone is offered anew: what fell due while their phone rang comes first."""
    for contact_id in list(turn.unserved):
        contact = turn.state.contacts.get(contact_id)
        if contact is not None and candidate(contact) is not None:
            turn.attempt(contact_id, _settle, turn, contact)


def _settle(turn: Turn, contact: Contact) -> None:
    assert contact.waiting is not None
    if not anyone_signed_in(turn.state, contact.waiting.queue):
        give_back(turn, contact, QueueOutcome.NO_AGENTS, NoAgents())
    elif turn.state.nodes.get(contact.node, False):
        wait_due(turn, contact)


def release_unservable(turn: Turn) -> None:
    """Where the last agent who could serve a queue has signed out, the programs of those who wait there decide."""
    for name, line in turn.state.lines.items():
        if line and not anyone_signed_in(turn.state, name):
            for waiting in line:
                contact = turn.state.contacts[waiting.contact]
                turn.attempt(contact.id, give_back, turn, contact, QueueOutcome.NO_AGENTS, NoAgents())


def wait_due(turn: Turn, contact: Contact) -> None:
    """`max_wait` first; never while an offer is open: an agent who is being rung may still answer."""
    waiting = contact.waiting
    assert waiting is not None
    queue = turn.state.rules.queues[waiting.queue]
    waited = turn.now - waiting.queued_at
    if queue.max_wait_ms is not None and waited >= queue.max_wait_ms:
        return give_back(turn, contact, QueueOutcome.TIMED_OUT, TimedOut())
    step = waiting.step
    while (ends := queue.step_ends_at(step)) is not None and ends <= waited:
        step += 1
    if step != waiting.step:
        turn.happened(c.RequirementRelaxed(at=turn.now, contact=contact.id, queue=queue.name, step=step))
    return None
