"""What ends, eases or moves a wait without an agent: nobody left who could come, `max_wait`, a requirement that
relaxes, another queue."""

from __future__ import annotations

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import QueueOutcome
from ccplane.contacts.verbs import TimedOut
from ccplane.contacts.waiting import Waiting
from ccplane.core.commands import StartMusic
from ccplane.core.follows import candidate
from ccplane.core.limits import RESULTS, closed, way_on
from ccplane.core.route import anyone_signed_in
from ccplane.core.stays import change_queue
from ccplane.core.steps import give_back
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
    if why := _not_kept(turn, contact.waiting.queue):
        give_way(turn, contact, why)
    elif turn.state.nodes.get(contact.node, False):
        wait_due(turn, contact)


def _not_kept(turn: Turn, name: QueueName) -> QueueOutcome | None:
    """Why nobody waits in this queue any longer; None: they may."""
    queue = turn.state.rules.queues.get(name)
    if queue is not None and queue.closes_on_them and closed(turn.state, queue, turn.now):
        return QueueOutcome.CLOSED
    return None if anyone_signed_in(turn.state, name) else QueueOutcome.NO_AGENTS


def release_unservable(turn: Turn) -> None:
    """Those who wait where the last agent who could serve them has signed out, or where by the rules as they are now
    it is closed, go where the file says, else their programs decide."""
    for name, line in turn.state.lines.items():
        if line and (why := _not_kept(turn, name)):
            for waiting in line:
                turn.attempt(waiting.contact, give_way, turn, turn.state.contacts[waiting.contact], why)


def give_way(turn: Turn, contact: Contact, why: QueueOutcome) -> None:
    """Their queue keeps them no longer: another takes them over, as the file says, or their program decides."""
    waiting = contact.waiting
    assert waiting is not None
    queue = turn.state.rules.queues.get(waiting.queue)
    to = way_on(turn.state, queue, why, turn.now, waiting.passed) if queue else None
    if to is not None:
        move(turn, contact, to, why)
    else:
        give_back(turn, contact, why, RESULTS[why])


def wait_due(turn: Turn, contact: Contact) -> None:
    """What ends the wait first; never while an offer is open: an agent who is being rung may still answer. What is
    asked of further ones who may be rung meanwhile relaxes all the same."""
    waiting = contact.waiting
    assert waiting is not None
    if not contact.offers and _over(turn, contact, waiting):
        return
    queue, waited = turn.state.rules.queues[waiting.queue], turn.now - waiting.here_since
    step = waiting.step
    while (ends := queue.step_ends_at(step)) is not None and ends <= waited:
        step += 1
    if step != waiting.step:
        turn.happened(c.RequirementRelaxed(at=turn.now, contact=contact.id, queue=queue.name, step=step))


def _over(turn: Turn, contact: Contact, waiting: Waiting) -> bool:
    """Whether the wait here was over, and has been ended: by closing time, `max_wait`, or `longest_wait`."""
    rules = turn.state.rules
    queue, waited = rules.queues[waiting.queue], turn.now - waiting.here_since
    closes = rules.closes_on(queue, waiting.here_since)
    if closes is not None and closes <= turn.now:
        give_way(turn, contact, QueueOutcome.CLOSED)
    elif queue.max_wait_ms is not None and waited >= queue.max_wait_ms:
        give_back(turn, contact, QueueOutcome.TIMED_OUT, TimedOut())
    elif queue.longest_wait_ms is not None and waited >= queue.longest_wait_ms:
        give_way(turn, contact, QueueOutcome.OVERFLOWED)
    else:
        return False
    return True


def move(turn: Turn, contact: Contact, to: QueueName, outcome: QueueOutcome) -> None:
    """The contact, to whom nobody is offered, waits on in another queue of the rules: with its clock, place and
    priority. `outcome`: why it leaves the one where it is. The next turn of thought offers it there. While a phone
    rings for it it is not to be moved: that agent may still answer (as with `max_wait`)."""
    assert contact.waiting is not None
    queues = turn.state.rules.queues
    before, music = queues.get(contact.waiting.queue), queues[to].music
    change_queue(turn, contact.id, to, outcome)
    if before is None or before.music != music:
        turn.do(StartMusic(contact.id, contact.channel, music))
