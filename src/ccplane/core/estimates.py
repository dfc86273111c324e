"""How long one waits: for who comes to a queue now, and for who waits in it already.

Agents are often several queues' own. Those before somebody are therefore all who come first and whom the same agents
serve, each counted by the share of their agents that are these too; and what keeps these agents busy is measured over
all queues that they serve. Two queues of the same agents are one line; two of different ones are nothing to each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from ccplane.contacts.contact import Contact
from ccplane.core.follows import as_candidate
from ccplane.core.state import State
from ccplane.ids import ContactId, QueueName
from ccplane.routing.asking import VOICE, Candidate, whoever
from ccplane.routing.estimate import CHANGED, NO_PACE, wait_ms
from ccplane.routing.rules import Queue


class Expected(msgspec.Struct, frozen=True):
    """`position`: 1 is who is served next of this queue. `wait_ms`: how long they will yet wait, None if that cannot be
    told: nobody works there, or nothing was measured."""

    position: int
    wait_ms: int | None


def by_rates_ms(state: State, queue: QueueName, now: int) -> int | None:
    """How long who enters this queue now will wait until they talk, by what was measured alone, also right after agents
    came or went; None if that cannot be told. It changes with facts, never with time alone, so that who acts on
    it need not look at it again before the next one."""
    known = state.rules.queues.get(queue)
    return None if known is None else _Crowds(state).wait(known, _newcomer(queue, now))


def for_newcomers(state: State, now: int, queues: Iterable[QueueName] | None = None) -> dict[QueueName, int | None]:
    """How long who enters each of these queues now, or of all, will wait until they talk; None where that cannot be
    told. Each looks at every other: 1.5 µs a pair at 5,000 agents."""
    crowds = _Crowds(state)
    wanted = state.rules.queues if queues is None else queues
    return {name: _at_entry(crowds, _newcomer(name, now), now) for name in wanted}


def at_entry(state: State, newcomer: Candidate, now: int) -> int | None:
    """The same of somebody with this clock and credit. They are not in the line yet."""
    return _at_entry(_Crowds(state), newcomer, now)


def expected(state: State, contact: Contact) -> Expected | None:
    """Where a contact stands that waits, and for how much longer; None if it does not wait."""
    if contact.waiting is None or (queue := state.rules.queues.get(contact.waiting.queue)) is None:
        return None
    if contact.offers:
        ring = state.paces.get(queue.name, NO_PACE).ring
        return Expected(1, None if ring is None else round(ring))
    waiting = as_candidate(contact)
    return Expected(1 + state.engine.lines.before(waiting), _Crowds(state).wait(queue, waiting))


def _newcomer(queue: QueueName, now: int) -> Candidate:
    return Candidate(ContactId(""), queue, now + 1)  # after all who are here


def _at_entry(crowds: _Crowds, newcomer: Candidate, now: int) -> int | None:
    queue = crowds.state.rules.queues.get(newcomer.queue)
    if queue is None:
        return None
    head = crowds.head_of_line(queue, now) if crowds.changed(queue, now) else None
    return crowds.wait(queue, newcomer) if head is None else head


class _Crowds:
    """Who works for each queue, looked at once."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._masks: dict[QueueName, int] = {}
        self._changed: tuple[int, int] | None = None

    def working(self, queue: Queue) -> int:
        mask = self._masks.get(queue.name)
        if mask is None:
            mask = self._masks[queue.name] = whoever(self.state.engine.roster, queue) & self.state.working
        return mask

    def wait(self, queue: Queue, who: Candidate) -> int | None:
        """How long who waits in that queue will yet wait."""
        state, theirs = self.state, self.working(queue)
        if not theirs:
            return None
        own = state.paces.get(queue.name, NO_PACE)
        free = (theirs & state.engine.may_offer(VOICE).mask).bit_count()
        if free and not state.engine.lines.size and own.ring is not None:
            return round(own.ring)  # the usual case, without a look at any other queue
        before, pace = 0.0, own
        for other, others in self._sharing(queue, theirs):
            both = (others & theirs).bit_count()
            before += both / others.bit_count() * self._before(queue, other, who)
            if other is not queue and (more := state.paces.get(other.name)):
                pace = pace.with_share(more, both / theirs.bit_count())
        ring, cycle = pace.ring if own.ring is None else own.ring, pace.cycle
        if free > before:
            return None if ring is None else round(ring)
        told = None if cycle is None else wait_ms(before - free, theirs.bit_count(), cycle, pace.giving_up)
        return None if told is None else round(told + (ring or 0.0))

    def _sharing(self, queue: Queue, theirs: int) -> Iterator[tuple[Queue, int]]:
        """The queues that these agents serve, this one first, and who works for each."""
        yield queue, theirs
        state = self.state
        for name in sorted({*state.paces, *state.engine.lines.queues}):  # so that all who add up get the same
            other = state.rules.queues.get(name)
            if other is not None and other is not queue and (others := self.working(other)) & theirs:
                yield other, others

    def _before(self, queue: Queue, other: Queue, who: Candidate) -> int:
        """How many wait in the other queue who are served before them."""
        lines = self.state.engine.lines
        if other.strict != queue.strict:
            return lines.count(other.name) if other.strict > queue.strict else 0
        return lines.before(who, other.name, other.weight_s - queue.weight_s)

    def changed(self, queue: Queue, now: int) -> bool:
        """Whether so many agents came or went of late that what was measured tells of another floor."""
        if self._changed is None or self._changed[0] != now:
            self._changed = now, self.state.engine.roster.only(self.state.restaffed.agents(now))
        who = self._changed[1]
        if not who:
            return False
        changed = (who & whoever(self.state.engine.roster, queue)).bit_count()
        return changed > CHANGED * max(1, self.working(queue).bit_count())

    def head_of_line(self, queue: Queue, now: int) -> int | None:
        """How long who is first in the line has waited; None if nobody waits, or somebody is free."""
        if self.working(queue) & self.state.engine.may_offer(VOICE).mask:
            return None
        first = next(self.state.engine.lines.in_queue(queue.name), None)
        return None if first is None else max(0, now - first.queued_at)
