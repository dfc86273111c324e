"""One day, event by event: arrivals, ends of talks, hang-ups, steps, shifts. Nothing here decides who gets whom."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from heapq import heappop, heappush
from typing import Final

import msgspec
from msgspec.structs import replace

from ccplane.agents.facts import Profile
from ccplane.contacts.facts import QueueOutcome
from ccplane.ids import AgentId, ContactId, QueueName
from ccplane.routing.asking import Candidate
from ccplane.simulate.day import Arrival, Day, Shift
from ccplane.simulate.floor import Floor
from ccplane.simulate.limits import is_limited, refused, way_on
from ccplane.simulate.outcome import Outcome
from ccplane.simulate.tally import Tallies


class What(IntEnum):
    """What happens at a moment; among those of one ms, what frees agents comes before what asks for them."""

    DONE = 0
    """An agent has finished a contact, wrap-up included."""
    FREED = 1
    """The caller hung up while it rang there."""
    SHIFT_ENDS = 2
    SHIFT_BEGINS = 3
    HANGS_UP = 4
    TIMED_OUT = 5
    OVERFLOWS = 6
    STEP = 7
    ARRIVES = 8


Event = tuple[int, int, int, object]
"""(at, What, a number that keeps the order of what is equal, whom or what)"""
FloorOf = Callable[[Day, list[Profile]], Floor]
TOLD_EVERY: Final = 2_000
"""Arrivals between two reports of progress."""


def simulate(day: Day, progress: Callable[[int], None] | None = None, floor: FloorOf | None = None) -> Outcome:
    """What came of the day. `progress` is told now and then how many have arrived; `floor`: another one to compare."""
    return _Run(day, floor or _floor).run(progress)


def _floor(day: Day, agents: list[Profile]) -> Floor:
    return Floor(day.queues, agents)


def _candidate(contact: ContactId, arrival: Arrival, clock: int) -> Candidate:
    return Candidate(contact, arrival.queue, clock, 0, arrival.credit_s, arrival.language)


class _Work(msgspec.Struct, frozen=True, gc=False):
    """What an agent does until `DONE`."""

    agent: AgentId
    busy_ms: int


class _Run:
    def __init__(self, day: Day, floor: FloorOf) -> None:
        self._day = day
        self._floor = floor(day, list({shift.agent.id: shift.agent for shift in day.shifts}.values()))
        self._kept = Tallies(day)
        self._arrivals: dict[ContactId, Arrival] = {}
        """Of those who wait."""
        self._wrap_up = {queue.name: queue.wrap_up.ends_at(0) or 0 for queue in day.queues.values()}
        self._moved: dict[ContactId, tuple[int, tuple[QueueName, ...]]] = {}
        """Of those whom another queue took over: their clock, and the queues out of which overflows took them."""
        self._events: list[Event] = []
        self._number = self._last = 0
        for shift in day.shifts:
            self._at(shift.begins, What.SHIFT_BEGINS, shift)
            if shift.ends is not None:
                self._at(shift.ends, What.SHIFT_ENDS, shift)

    def run(self, progress: Callable[[int], None] | None) -> Outcome:
        """All events in order. Arrivals that are known beforehand are not put into the heap: they come in order."""
        events, arrivals = self._events, self._day.arrivals
        coming = 0
        while events or coming < len(arrivals):
            if coming < len(arrivals) and (not events or arrivals[coming].at < events[0][0]):
                self._arrives(arrivals[coming].at, arrivals[coming])
                coming += 1
                if progress is not None and coming % TOLD_EVERY == 0:
                    progress(coming)
            else:
                at, what, _, subject = heappop(events)
                self._happens(at, What(what), subject)
        for contact in self._arrivals:
            self._kept.still_waits(self._arrivals[contact])
        return self._kept.outcome(self._last)

    def _at(self, at: int, what: What, subject: object) -> None:
        self._number += 1
        heappush(self._events, (at, what, self._number, subject))

    def _happens(self, now: int, what: What, subject: object) -> None:
        if isinstance(subject, _Work):
            self._done(now, what, subject)
        elif isinstance(subject, Arrival):
            self._arrives(now, subject)
        elif what is What.HANGS_UP:
            contact = ContactId(str(subject))
            if contact in self._arrivals:
                self._wait_changes(now, what, contact)
        elif isinstance(subject, tuple):
            contact, queue = subject
            if contact in self._arrivals and self._arrivals[contact].queue == queue:
                self._wait_changes(now, what, contact)
        elif isinstance(subject, Shift):
            self._shift(now, what, subject)

    def _arrives(self, now: int, arrival: Arrival) -> None:
        self._number += 1
        contact = ContactId(str(self._number))
        if is_limited(self._day.queues[arrival.queue]):
            candidate = _candidate(contact, arrival, now)
            why = refused(self._day, self._floor, candidate)
            waits = (
                self._gives_way(now, candidate, arrival, why, ()) if why else self._enters(now, contact, arrival, now)
            )
        else:
            waits = self._enters(now, contact, arrival, now)
        if waits and arrival.patience_ms is not None:
            self._at(now + arrival.patience_ms, What.HANGS_UP, contact)

    def _enters(self, now: int, contact: ContactId, arrival: Arrival, clock: int) -> bool:
        """A queue takes it, and it is served at once or waits: that is what is said. `clock`: since when it waits."""
        candidate = _candidate(contact, arrival, clock)
        agent = self._floor.arrives(candidate, now)
        if agent is not None:
            self._offered(now, contact, arrival, agent)
            return False
        if not self._day.wait_without_agents and not self._floor.could_be_served(candidate):
            self._floor.leaves(contact)
            return self._gives_way(now, candidate, arrival, QueueOutcome.NO_AGENTS, ())
        self._arrivals[contact] = arrival
        queue = self._day.queues[arrival.queue]
        if queue.max_wait_ms is not None:
            self._at(now + queue.max_wait_ms, What.TIMED_OUT, (contact, queue.name))
        if queue.longest_wait_ms is not None:
            self._at(now + queue.longest_wait_ms, What.OVERFLOWS, (contact, queue.name))
        self._next_step(contact, now)
        return True

    def _gives_way(
        self, now: int, contact: Candidate, arrival: Arrival, why: QueueOutcome, passed: tuple[QueueName, ...]
    ) -> bool:
        """Its queue keeps it no longer: another takes it over with its clock, or it leaves. Says whether it waits."""
        to = way_on(self._day, self._floor, contact, why, passed)
        self._kept.ended(arrival, why, now - arrival.at)
        if to is None:
            self._moved.pop(contact.contact, None)
            return False
        self._moved[contact.contact] = (contact.queued_at, (*passed, arrival.queue))
        patience = None if arrival.patience_ms is None else arrival.at + arrival.patience_ms - now
        moved = replace(arrival, queue=to, at=now, patience_ms=patience)
        return self._enters(now, contact.contact, moved, contact.queued_at)

    def _next_step(self, contact: ContactId, now: int) -> None:
        """A step began now: steps before it that were passed over have taken no time."""
        candidate = self._floor.waiting[contact]
        steps = self._day.queues[candidate.queue].steps
        if candidate.step < len(steps) - 1:
            self._at(now + (steps[candidate.step].for_ms or 0), What.STEP, (contact, candidate.queue))

    def _wait_changes(self, now: int, what: What, contact: ContactId) -> None:
        arrival = self._arrivals[contact]
        if what is What.STEP:
            agent = self._floor.relaxes(contact, now)
            if agent is None:
                self._next_step(contact, now)
            else:
                del self._arrivals[contact]
                self._offered(now, contact, arrival, agent)
            return
        del self._arrivals[contact]
        candidate = self._floor.leaves(contact)
        if what is What.HANGS_UP:
            self._hangs_up(now, contact, arrival)
        elif what is What.OVERFLOWS:
            _, passed = self._moved.get(contact, (0, ()))
            self._gives_way(now, candidate, arrival, QueueOutcome.OVERFLOWED, passed)
        else:
            self._kept.ended(arrival, QueueOutcome.TIMED_OUT, now - arrival.at)

    def _hangs_up(self, at: int, contact: ContactId, arrival: Arrival) -> None:
        self._kept.ended(arrival, QueueOutcome.ABANDONED, at - arrival.at)
        again = self._day.again(arrival, int(contact), at) if self._day.again else None
        if again is not None and again.at < self._day.closes:
            self._at(again.at, What.ARRIVES, again)
            self._kept.again += 1

    def _offered(self, now: int, contact: ContactId, arrival: Arrival, agent: AgentId) -> None:
        """It rings; then they talk, unless the caller hangs up before."""
        joined = now + self._day.pickup_ms
        gone = None if arrival.patience_ms is None else arrival.at + arrival.patience_ms
        if gone is not None and gone < joined:
            self._at(gone, What.FREED, _Work(agent, 0))
            self._hangs_up(gone, contact, arrival)
            return
        wrap_up = arrival.wrap_up_ms
        busy = arrival.service_ms + (self._wrap_up[arrival.queue] if wrap_up is None else wrap_up)
        clock, _ = self._moved.pop(contact, (arrival.at, ()))
        self._kept.answered(arrival, joined - arrival.at, busy, joined - clock)
        self._kept.busy(agent, now, joined + busy)
        self._at(joined + busy, What.DONE, _Work(agent, busy))

    def _done(self, now: int, what: What, work: _Work) -> None:
        self._last = now
        if what is What.FREED:
            contact = self._floor.is_freed(work.agent, now)
        else:
            contact = self._floor.is_done(work.agent, now, work.busy_ms)
        if contact is not None:
            self._offered(now, contact, self._arrivals.pop(contact), work.agent)
        elif not self._floor.signed_in(work.agent):
            self._kept.leaves(work.agent, now)

    def _shift(self, now: int, what: What, shift: Shift) -> None:
        agent = shift.agent.id
        if what is What.SHIFT_BEGINS:
            self._kept.comes(agent, now)
            contact = self._floor.signs_in(agent, now)
            if contact is not None:
                self._offered(now, contact, self._arrivals.pop(contact), agent)
            return
        if self._floor.signs_out(agent):
            self._kept.leaves(agent, now)
        if not self._day.wait_without_agents:
            for contact in self._floor.in_vain():
                arrival, candidate = self._arrivals.pop(contact), self._floor.leaves(contact)
                _, passed = self._moved.get(contact, (0, ()))
                self._gives_way(now, candidate, arrival, QueueOutcome.NO_AGENTS, passed)
