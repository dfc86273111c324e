"""What ends, eases or moves a wait without an agent: nobody left who could come, `max_wait`, a requirement that
relaxes, another queue."""

from __future__ import annotations

from msgspec.structs import replace

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import QueueOutcome
from ccplane.contacts.verbs import EnterQueue, NoAgents, TimedOut
from ccplane.core import journal
from ccplane.core.commands import StartMusic, WriteJournal
from ccplane.core.follows import candidate
from ccplane.core.route import anyone_signed_in
from ccplane.core.steps import give_back, leave_queue
from ccplane.core.turn import Turn
from ccplane.ids import QueueName


def settle(turn: Turn) -> None:
    """Before anyone is offered anew: what fell due while their phone rang comes first."""
    for contact_id in list(turn.unserved):
        contact = turn.state.contacts.get(contact_id)
        if contact is not None and candidate(contact) is not None:
            turn.attempt(contact_id, _settle, turn, contact)
    for contact_id in list(turn.wanting):
        contact = turn.state.contacts.get(contact_id)
        if contact is not None and contact_id in turn.state.wanting and turn.state.nodes.get(contact.node, False):
            turn.attempt(contact_id, wait_due, turn, contact)


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
    """`max_wait` first; never while an offer is open: an agent who is being rung may still answer. What is asked of
    further ones who may be rung meanwhile relaxes all the same."""
    waiting = contact.waiting
    assert waiting is not None
    queue = turn.state.rules.queues[waiting.queue]
    waited = turn.now - waiting.here_since
    if not contact.offers and queue.max_wait_ms is not None and waited >= queue.max_wait_ms:
        return give_back(turn, contact, QueueOutcome.TIMED_OUT, TimedOut())
    step = waiting.step
    while (ends := queue.step_ends_at(step)) is not None and ends <= waited:
        step += 1
    if step != waiting.step:
        turn.happened(c.RequirementRelaxed(at=turn.now, contact=contact.id, queue=queue.name, step=step))
    return None


def move(turn: Turn, contact: Contact, to: QueueName, outcome: QueueOutcome) -> None:
    """The contact, to whom nobody is offered, waits on in another queue of the rules: with its clock, place and
    priority. `outcome`: OVERFLOWED or MOVED. The next turn of thought offers it there. While a phone rings for it it is
    not to be moved: that agent may still answer (as with `max_wait`)."""
    waiting = contact.waiting
    assert waiting is not None
    passed = (*waiting.passed, waiting.queue) if outcome is QueueOutcome.OVERFLOWED else waiting.passed
    music = turn.state.rules.queues[to].music
    before = turn.state.rules.queues.get(waiting.queue)
    leave_queue(turn, contact.id, outcome)
    turn.happened(
        c.ContactQueued(
            at=turn.now,
            contact=contact.id,
            queue=to,
            segment=contact.segments + 1,
            since=waiting.queued_at,
            place=waiting.place,
            offers=waiting.offers,
            credit_s=waiting.credit_s,
            last_agent=waiting.last_agent,
            entered_at=turn.now,
            passed=passed,
        )
    )
    if isinstance(contact.verb, EnterQueue):  # for a plane that knows less
        verb = replace(contact.verb, queue=to, credit_s=waiting.credit_s)
        clock = waiting.queued_at
        told = journal.write(contact.step, verb, clock, contact, contact.attempt, entered_at=turn.now, passed=passed)
        turn.do(WriteJournal(contact.id, told))
    if before is None or before.music != music:
        turn.do(StartMusic(contact.id, contact.channel, music))
