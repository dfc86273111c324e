"""What ends, eases or moves a wait without an agent: nobody left who could come, `max_wait`, a requirement that
relaxes, another queue."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import QueueOutcome
from ccplane.contacts.verbs import NotReached, TimedOut
from ccplane.contacts.waiting import Waiting
from ccplane.core import direct_waits
from ccplane.core.commands import StartMusic
from ccplane.core.direct import BUSY
from ccplane.core.follows import as_candidate, candidate
from ccplane.core.limits import RESULTS, as_told, closed, instead, way_on
from ccplane.core.route import anyone_for
from ccplane.core.stays import change_queue
from ccplane.core.steps import give_back
from ccplane.core.turn import Turn
from ccplane.ids import ContactId, NodeName, QueueName
from ccplane.routing.asking import Asking, Candidate, asking, passed_over
from ccplane.routing.lines import Line
from ccplane.routing.rules import Queue


def settle(turn: Turn) -> None:
    """Before anyone is offered anew: what fell due while their phone rang comes first."""
    for contact_id in list(turn.unserved):
        turn.attempt(contact_id, _settle, turn, contact_id)
    for contact_id in list(turn.wanting):
        contact = turn.state.contacts.get(contact_id)
        if contact is not None and contact_id in turn.state.wanting and turn.state.nodes.get(contact.node, False):
            turn.attempt(contact_id, wait_due, turn, contact)


def _settle(turn: Turn, of: ContactId) -> None:
    contact = turn.state.contacts.get(of)
    waiting = candidate(contact)
    if contact is None or waiting is None:
        return
    if contact.absent and waiting.queue not in turn.state.rules.queues:
        to = turn.state.rules.queue_for(waiting.queue)
        if to is not None:
            move(turn, contact, to, QueueOutcome.MOVED)
    elif not contact.absent and (why := _not_kept(turn, waiting)):  # who is called back waits until the promise ends
        give_way(turn, contact, why)
    elif turn.state.nodes.get(contact.node, False):
        wait_due(turn, contact)


def _not_kept(turn: Turn, waiting: Candidate) -> QueueOutcome | None:
    """Why they wait in their queue no longer; None: they may."""
    queue = turn.state.rules.queues.get(waiting.queue) if waiting.only is None else None
    if queue is not None and queue.closes_on_them and closed(turn.state, queue, turn.now):
        return QueueOutcome.CLOSED
    return None if anyone_for(turn.state, waiting) else QueueOutcome.NO_AGENTS


def release_unservable(turn: Turn) -> None:
    """Those who wait where the last agent who could serve them has signed out, or where by the rules as they are now
    it is closed, go where the file says, else their programs decide: first who came first. Where nobody is left of
    those whom a step asks for by name, the next one holds."""
    lines, look = turn.state.engine.lines.lines, _Look(turn)
    concerned = [each for what, line in lines.items() for each in look.concerned(what, line)]
    for waiting in sorted(concerned, key=lambda each: each.place):
        turn.attempt(waiting.contact, _settle, turn, waiting.contact)


class _Look:
    """One look at all lines, now that somebody has gone: what is alike for many is judged once."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._kept: dict[Asking, bool] = {}
        """By what a queue's last step asks for them."""
        self._all_kept: dict[QueueName, bool] = {}
        """By queue, of those whose last step asks the same for all."""

    def concerned(self, what: Asking, line: Line) -> Iterable[Candidate]:
        """Those in a line who do not wait on in it as they do: all or none, unless the last step asks for something
        that differs from one to the next."""
        state = self._turn.state
        queue = state.rules.queues.get(what.queue)
        every = (place.candidate for place in line.waiting)
        if queue is None or what.only or passed_over(state.engine.roster, queue, what):
            return every
        if queue.widest.language or queue.widest.last_agent_ms is not None:
            return [each for each in every if not self._is_kept(queue, each)]
        kept = self._all_kept.get(queue.name)
        if kept is None:
            kept = self._all_kept[queue.name] = _not_kept(self._turn, line.waiting.first.candidate) is None
        return () if kept else every

    def _is_kept(self, queue: Queue, waiting: Candidate) -> bool:
        widest = asking(queue, replace(waiting, step=len(queue.steps) - 1))._replace(node=NodeName(""))
        if widest not in self._kept:
            self._kept[widest] = _not_kept(self._turn, waiting) is None
        return self._kept[widest]


def give_way(turn: Turn, contact: Contact, why: QueueOutcome) -> None:
    """Their queue keeps them no longer: another takes them over, as the file says, or their program decides."""
    waiting = contact.waiting
    assert waiting is not None
    queue, state = turn.state.rules.queues.get(waiting.queue), turn.state
    if waiting.direct is not None:
        if not direct_waits.over(turn, contact, waiting):  # their queue is no more
            give_back(turn, contact, why, NotReached(BUSY))
        return
    if queue is not None:
        to, how = way_on(state, queue, why, turn.now, waiting.passed, as_candidate(contact)), why
    else:  # whoever took it out of the file has moved them
        to = instead(state, waiting.queue, turn.now, waiting.passed, as_candidate(contact))
        how = QueueOutcome.MOVED
    if to is not None:
        move(turn, contact, to, how)
    else:
        give_back(turn, contact, why, as_told(state, waiting.queue, RESULTS[why], turn.now))


def wait_due(turn: Turn, contact: Contact) -> None:
    """What ends the wait first; never while an offer is open: an agent who is being rung may still answer. What is
    asked of further ones who may be rung meanwhile relaxes all the same."""
    waiting = contact.waiting
    assert waiting is not None
    if waiting.direct is not None:
        if not contact.offers:
            direct_waits.over(turn, contact, waiting)
        return
    if not contact.offers and not contact.callback and _over(turn, contact, waiting):
        return
    queue, waited = turn.state.rules.queues[waiting.queue], turn.now - waiting.here_since
    step, saved = waiting.step, waiting.saved_ms
    while (ends := queue.step_ends_at(step)) is not None:
        if ends > waited + saved:
            what = asking(queue, replace(as_candidate(contact), step=step))
            if not passed_over(turn.state.engine.roster, queue, what):
                break
            saved = ends - waited
        step += 1
    if step != waiting.step:
        turn.happened(
            c.RequirementRelaxed(at=turn.now, contact=contact.id, queue=queue.name, step=step, saved_ms=saved)
        )


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
