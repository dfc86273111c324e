"""In which order a log's contacts were served, and how much of it a rule explains."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

import msgspec

from ccplane.contacts.facts import QueueOutcome
from ccplane.simulate.recorded import Stay


class Explained(msgspec.Struct, frozen=True):
    """`served`: how often somebody was served while others of the same queue waited; `first`: how often the rule says
    that it was their turn."""

    served: int
    first: int

    @property
    def share(self) -> float | None:
        return self.first / self.served if self.served else None

    def plus(self, other: Explained) -> Explained:
        return Explained(self.served + other.served, self.first + other.first)


def explained(stays: Iterable[Stay], credit_s: Callable[[Stay], int]) -> Explained:
    """By the rule that who has waited longest is first, each one's credit counted as waiting. Who was served without a
    wait, or had nobody beside them, says nothing of the order. `stays`: of one day."""
    queues: dict[str, list[tuple[int, int, int, bool]]] = defaultdict(list)
    for stay in stays:
        if stay.waited_ms > 0:
            answered = stay.outcome is QueueOutcome.ANSWERED
            claim = stay.at - 1000 * credit_s(stay)
            queues[stay.queue].append((stay.at, stay.at + stay.waited_ms, claim, answered))
    total = Explained(0, 0)
    for waited in queues.values():
        total = total.plus(_of_queue(sorted(waited)))
    return total


def _of_queue(waited: list[tuple[int, int, int, bool]]) -> Explained:
    """Each is (from, to, claim, answered), in the order in which they came."""
    served = first = begin = 0
    longest = max(to - since for since, to, _, _ in waited)
    for _, now, claim, answered in sorted(waited, key=lambda each: each[1]):
        while waited[begin][0] < now - longest:
            begin += 1
        if not answered:
            continue
        others = []
        for other in waited[begin:]:
            if other[0] > now:
                break
            if other[1] > now:
                others.append(other[2])
        if others:
            served += 1
            first += claim <= min(others)
    return Explained(served, first)
