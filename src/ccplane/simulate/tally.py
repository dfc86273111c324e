"""Counts while a day runs. Mutable, and of one run alone; what is given out is frozen."""

from __future__ import annotations

from collections import defaultdict

from ccplane.contacts.facts import QueueOutcome
from ccplane.ids import AgentId, QueueName
from ccplane.kpi.counters import Counters, for_answered, for_ended
from ccplane.simulate.chance import FOREVER
from ccplane.simulate.day import Arrival, Day
from ccplane.simulate.outcome import Outcome, Slot, Staff


class Tallies:
    """Of one day."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self._slots: dict[tuple[QueueName, int], dict[str, int]] = {}
        self._kinds: dict[str, dict[str, int]] = {}
        self._group = {shift.agent.id: shift.group for shift in day.shifts}
        self._busy: dict[str, int] = defaultdict(int)
        self._signed_in: dict[str, int] = defaultdict(int)
        self._since: dict[AgentId, int] = {}
        self._handle = self._abandoned = self._waiting = self._longest = 0
        self.again = 0

    def answered(self, arrival: Arrival, waited_ms: int, handle_ms: int, contact_waited_ms: int | None = None) -> None:
        """`contact_waited_ms`: by its clock, if another queue took it over."""
        within_ms = self._day.queues[arrival.queue].within_ms
        self._count(arrival, for_answered(waited_ms, within_ms, contact_waited_ms), contact_waited_ms or waited_ms)
        self._handle += handle_ms

    def ended(self, arrival: Arrival, outcome: QueueOutcome, waited_ms: int) -> None:
        """Without an answer."""
        self._count(arrival, for_ended(outcome, waited_ms, self._day.queues[arrival.queue].within_ms), waited_ms)
        if outcome is QueueOutcome.ABANDONED:
            self._abandoned += waited_ms

    def still_waits(self, arrival: Arrival) -> None:
        self._count(arrival, {}, 0)
        self._waiting += 1

    def busy(self, agent: AgentId, begins: int, ends: int) -> None:
        """Ringing that was answered, talk and wrap-up; within opening hours it counts."""
        self._busy[self._group[agent]] += max(0, min(ends, self._day.closes) - begins)

    def comes(self, agent: AgentId, now: int) -> None:
        self._since.setdefault(agent, now)

    def leaves(self, agent: AgentId, now: int) -> None:
        since = self._since.pop(agent, None)
        if since is not None:
            self._signed_in[self._group[agent]] += max(0, min(now, self._day.closes) - since)

    def outcome(self, at: int = 0) -> Outcome:
        """At the end of all; `at`: when that was."""
        for agent in tuple(self._since):
            self.leaves(agent, at if self._day.closes == FOREVER else self._day.closes)
        groups = dict.fromkeys(self._group.values())
        return Outcome(
            slots=tuple(Slot(*key, Counters(**counts)) for key, counts in sorted(self._slots.items())),
            staff={group: Staff(self._busy[group], self._signed_in[group]) for group in groups},
            handle_ms=self._handle,
            abandoned_wait_ms=self._abandoned,
            still_waiting=self._waiting,
            again=self.again,
            longest_ms=self._longest,
            kinds={kind: Counters(**counts) for kind, counts in sorted(self._kinds.items())},
        )

    def _count(self, arrival: Arrival, more: dict[str, int], waited_ms: int) -> None:
        begins = arrival.at // self._day.slot_ms * self._day.slot_ms
        _add(self._slots.setdefault((arrival.queue, begins), {}), more)
        if arrival.kind:
            _add(self._kinds.setdefault(arrival.kind, {}), more)
        self._longest = max(self._longest, waited_ms)


def _add(counts: dict[str, int], more: dict[str, int]) -> None:
    counts["entered"] = counts.get("entered", 0) + 1
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count
