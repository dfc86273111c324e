"""One day, event by event: arrivals, ends of talks, hang-ups, steps, shifts. Nothing here decides who gets whom."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from heapq import heappop, heappush
from typing import Final

import msgspec

from ccplane.agents.facts import Profile
from ccplane.contacts.facts import QueueOutcome
from ccplane.ids import AgentId, ContactId
from ccplane.routing.asking import Candidate
from ccplane.simulate.day import Arrival, Day, Shift
from ccplane.simulate.floor import Floor
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
    STEP = 6
    ARRIVES = 7


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
        self._events: list[Event] = []
        self._number = 0
        for shift in day.shifts:
            self._at(shift.begins, What.SHIFT_BEGINS, shift)
            if shift.ends is not None:
                self._at(shift.ends, What.SHIFT_ENDS, shift)

    def run(self, progress: Callable[[int], None] | None) -> Outcome:
        """All events in order. Arrivals that are known beforehand are not put into the heap: they come in order."""
        events, arrivals = self._events, self._day.arrivals
        coming = at = 0
        while events or coming < len(arrivals):
            if coming < len(arrivals) and (not events or arrivals[coming].at < events[0][0]):
                at = arrivals[coming].at
                self._arrives(at, arrivals[coming])
                coming += 1
                if progress is not None and coming % TOLD_EVERY == 0:
                    progress(coming)
            else:
                at, what, _, subject = heappop(events)
                self._happens(at, What(what), subject)
        for contact in self._arrivals:
            self._kept.still_waits(self._arrivals[contact])
        return self._kept.outcome(at)

    def _at(self, at: int, what: What, subject: object) -> None:
        self._number += 1
        heappush(self._events, (at, what, self._number, subject))

    def _happens(self, now: int, what: What, subject: object) -> None:
        if isinstance(subject, _Work):
            self._done(now, what, subject)
        elif isinstance(subject, Arrival):
            self._arrives(now, subject)
        elif what is What.HANGS_UP or what is What.TIMED_OUT or what is What.STEP:
            contact = ContactId(str(subject))
            if contact in self._arrivals:
                self._wait_changes(now, what, contact)
        elif isinstance(subject, Shift):
            self._shift(now, what, subject)

    def _arrives(self, now: int, arrival: Arrival) -> None:
        self._number += 1
        contact = ContactId(str(self._number))
        candidate = Candidate(contact, arrival.queue, now, 0, arrival.credit_s, arrival.language)
        agent = self._floor.arrives(candidate, now)
        if agent is not None:
            self._offered(now, contact, arrival, agent)
            return
        if not self._day.wait_without_agents and not self._floor.could_be_served(candidate):
            self._floor.leaves(contact)
            self._kept.ended(arrival, QueueOutcome.NO_AGENTS, 0)
            return
        self._arrivals[contact] = arrival
        queue = self._day.queues[arrival.queue]
        if arrival.patience_ms is not None:
            self._at(now + arrival.patience_ms, What.HANGS_UP, contact)
        if queue.max_wait_ms is not None:
            self._at(now + queue.max_wait_ms, What.TIMED_OUT, contact)
        self._next_step(contact)

    def _next_step(self, contact: ContactId) -> None:
        candidate = self._floor.waiting[contact]
        ends = self._day.queues[candidate.queue].step_ends_at(candidate.step)
        if ends is not None:
            self._at(candidate.queued_at + ends, What.STEP, contact)

    def _wait_changes(self, now: int, what: What, contact: ContactId) -> None:
        arrival = self._arrivals[contact]
        if what is What.STEP:
            agent = self._floor.relaxes(contact, now)
            if agent is None:
                self._next_step(contact)
            else:
                del self._arrivals[contact]
                self._offered(now, contact, arrival, agent)
            return
        del self._arrivals[contact]
        self._floor.leaves(contact)
        if what is What.HANGS_UP:
            self._hangs_up(now, contact, arrival)
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
        self._kept.answered(arrival, joined - arrival.at, busy)
        self._kept.busy(agent, now, joined + busy)
        self._at(joined + busy, What.DONE, _Work(agent, busy))

    def _done(self, now: int, what: What, work: _Work) -> None:
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
                arrival = self._arrivals.pop(contact)
                self._floor.leaves(contact)
                self._kept.ended(arrival, QueueOutcome.NO_AGENTS, now - arrival.at)
