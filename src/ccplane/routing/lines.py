"""Those who wait without an open offer, in lines: in one stand all who ask for the same, so that a freed agent looks at
the first of each line that they may serve, and at no other.

Lines are found by what an agent must have for them: an agent asked for by name, else the rarest skill, else the queue.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec
from immutables import Map

from ccplane.agents.facts import Profile
from ccplane.ids import ContactId, QueueName
from ccplane.routing.asking import Asking, Candidate, step_of
from ccplane.routing.ordered import Ordered
from ccplane.routing.roster import NO_LEVELS, Roster
from ccplane.routing.rules import Queue, Step

Anchor = tuple[str, str]
"""("agent", id), ("skill", name) or ("queue", name); ("queue", "") for agents who name no queue."""
ANY_QUEUE: Final[Anchor] = ("queue", "")


class Place(NamedTuple):
    """Where a contact stands in its line. `claim`: the moment by which it does, its credit taken off, ms."""

    claim: int
    queued_at: int
    length: int
    contact: ContactId
    candidate: Candidate


class Rank(NamedTuple):
    """Where a contact stands among all who wait: the lowest is served first."""

    strict: int
    claim: int
    queued_at: int
    length: int
    contact: ContactId


class Line(msgspec.Struct, frozen=True):
    """Those who ask for the same, in order."""

    waiting: Ordered[Place]
    first: tuple[Any, ...]
    """The rank of who stands first."""
    queue: Queue | None
    """None where it is no more; then nobody of them is served."""
    step: Step | None
    anchors: tuple[Anchor, ...]

    def holding(self, waiting: Ordered[Place], place: Place) -> Line:
        """With these waiting, after `place` came or went."""
        at, queue = waiting.first, self.queue
        first = self.first if queue is None or (at is not place and at[3] == self.first[4]) else rank(queue, at)
        return Line(waiting, first, queue, self.step, self.anchors)


class Lines(msgspec.Struct, frozen=True):
    """All lines; an empty one is none. Begin with `Lines()`."""

    lines: Map[Asking, Line] = Map()
    anchors: Map[Anchor, Map[Asking, None]] = Map()
    queues: Map[QueueName, Map[Asking, None]] = Map()
    size: int = 0

    def add(self, what: Asking, queue: Queue | None, roster: Roster, candidate: Candidate) -> Lines:
        """With this contact, in the line of those who ask for `what`."""
        line, place = self.lines.get(what), place_of(candidate)
        if line is not None:
            line = line.holding(line.waiting.add(place), place)
            return Lines(self.lines.set(what, line), self.anchors, self.queues, self.size + 1)
        step = step_of(queue, what.step) if queue is not None else None
        first = rank(queue, place) if queue is not None else ()
        line = Line(Ordered((place,), 1), first, queue, step, _anchors(what, step, roster))
        anchors = self.anchors
        for anchor in line.anchors:
            anchors = anchors.set(anchor, anchors.get(anchor, _NONE).set(what, None))
        queues = self.queues.set(what.queue, self.queues.get(what.queue, _NONE).set(what, None))
        return Lines(self.lines.set(what, line), anchors, queues, self.size + 1)

    def remove(self, what: Asking, candidate: Candidate) -> Lines:
        """Without this contact."""
        line, place = self.lines[what], place_of(candidate)
        waiting = line.waiting.remove(place)
        if waiting:
            line = line.holding(waiting, place)
            return Lines(self.lines.set(what, line), self.anchors, self.queues, self.size - 1)
        anchors = self.anchors
        for anchor in line.anchors:
            anchors = _less(anchors, anchor, what)
        return Lines(self.lines.delete(what), anchors, _less(self.queues, what.queue, what), self.size - 1)

    def found_anew(self, queue: Queue, roster: Roster) -> Lines:
        """With the lines of this queue found by what its steps ask now; who stands in them stays there."""
        lines, anchors = self.lines, self.anchors
        for what in self.queues.get(queue.name, _NONE):
            line = lines[what]
            for anchor in line.anchors:
                anchors = _less(anchors, anchor, what)
            step = step_of(queue, what.step)
            line = Line(line.waiting, rank(queue, line.waiting.first), queue, step, _anchors(what, step, roster))
            for anchor in line.anchors:
                anchors = anchors.set(anchor, anchors.get(anchor, _NONE).set(what, None))
            lines = lines.set(what, line)
        return Lines(lines, anchors, self.queues, self.size)

    def found_by(self, profile: Profile) -> Iterator[Asking]:
        """The lines that an agent might serve. For some of them they may yet lack something; one of a queue with a
        further group may come twice."""
        for anchor in _anchors_for(profile):
            yield from self.anchors.get(anchor, _NONE)

    def in_queue(self, queue: QueueName) -> Iterator[Candidate]:
        """Those who wait in one queue, in the order in which they are served."""
        lines = [self.lines[what].waiting for what in self.queues.get(queue, _NONE)]
        each = lines[0] if len(lines) == 1 else heapq.merge(*lines)
        return (place.candidate for place in each)

    def count(self, queue: QueueName) -> int:
        """How many wait in one queue, but for those who wait for one agent alone."""
        return sum(len(self.lines[what].waiting) for what in self.queues.get(queue, _NONE) if not what.only)

    def before(self, candidate: Candidate, queue: QueueName | None = None, weight_s: int = 0) -> int:
        """How many of its queue, or of this other one, are served before this contact, if any agent may serve all of
        them; who waits for one agent alone is before nobody. `weight_s`: how much more the other queue weighs."""
        place = place_of(candidate)
        place = place._replace(claim=place.claim + 1000 * weight_s) if weight_s else place
        there = self.queues.get(queue or candidate.queue, _NONE)
        return sum(self.lines[what].waiting.before(place) for what in there if not what.only)


_NONE: Final[Map[Asking, None]] = Map()


def _anchors_for(profile: Profile) -> Iterator[Anchor]:
    yield "agent", profile.id
    for skill in profile.skills:
        yield "skill", skill
    if not profile.queues:
        yield ANY_QUEUE
    for queue in profile.queues:
        yield "queue", queue


def place_of(candidate: Candidate) -> Place:
    at, contact = candidate.queued_at, candidate.contact
    return Place(at - 1000 * candidate.credit_s, at, len(contact), contact, candidate)


def rank(queue: Queue, place: Place) -> Rank:
    """Strict queues first, then who has waited longest, credit and weight counted as waiting; then who came first."""
    claim, queued_at, length, contact, _ = place
    return Rank(-queue.strict, claim - 1000 * queue.weight_s, queued_at, length, contact)


def rank_of(queue: Queue, candidate: Candidate) -> Rank:
    return rank(queue, place_of(candidate))


def score_ms(queue: Queue, candidate: Candidate, now: int) -> int:
    """A contact's claim on a free agent: the time waited, its credit and the queue's weight, in ms."""
    return now - candidate.queued_at + 1000 * (candidate.credit_s + queue.weight_s)


def _anchors(what: Asking, step: Step | None, roster: Roster) -> tuple[Anchor, ...]:
    if step is None:
        return ()
    if what.only:
        return (("agent", what.only),)
    every = (anchor for each in (step, *step.also) for anchor in _anchors_of(each, what, roster))
    return tuple(dict.fromkeys(every))


def _anchors_of(step: Step, what: Asking, roster: Roster) -> tuple[Anchor, ...]:
    if step.last_agent_ms is not None:
        return (("agent", what.agent),) if what.agent else ()
    if step.agents:
        return tuple(("agent", each) for each in dict.fromkeys(step.agents))
    needed = [name for name, level in step.skills.items() if level >= 1]
    if needed:
        return (("skill", min(needed, key=lambda name: _owners(roster, name))),)
    return (("queue", what.queue), ANY_QUEUE)


def _owners(roster: Roster, skill: str) -> tuple[int, str]:
    return roster.skills.get(skill, NO_LEVELS)[1].bit_count(), skill


def _less(index: Map, by: object, what: Asking) -> Map:  # type: ignore[type-arg]
    rest = index[by].delete(what)
    return index.set(by, rest) if rest else index.delete(by)


def waiting(lines: Lines) -> Mapping[QueueName, tuple[Candidate, ...]]:
    """All who wait, by queue, in the order in which they are served."""
    return {queue: tuple(lines.in_queue(queue)) for queue in lines.queues}
