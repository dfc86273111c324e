"""The surge index (KPI `surge_index`): arrivals in a slot ÷ the median of the same slot on the same day of the week,
in the weeks before.

A surge begins at the threshold, if at least so many have called, and is over once neither the slot that runs nor the
one before it is near the threshold any more: a slot that has just begun proves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import nlargest
from statistics import median
from typing import Final

import msgspec

from ccplane.days import day_of, zone
from ccplane.routing.rules import SurgeRule

NUMBERS_MOST: Final = 500
"""Somebody may dial every number there is: of 10,000 that is 9 ms on the loop, and would be 38."""
OVER: Final = 0.75
"""Of the threshold: what is below is as usual."""
Slot = tuple[int, int]
"""[from, to) in ms UTC."""


class Measure(msgspec.Struct, frozen=True):
    """Of a number dialled ("": all): arrivals in the slot that runs and in the last whole one, each with those of the
    weeks before."""

    number: str
    now: int
    before: int
    usual_now: float
    usual_before: float

    @property
    def index(self) -> float:
        """The higher of the two. Where nobody called before, one call counts as usual."""
        return max(_ratio(self.now, self.usual_now), _ratio(self.before, self.usual_before))

    @property
    def of_now(self) -> bool:
        """Whether the index is that of the slot that runs."""
        return _ratio(self.now, self.usual_now) >= _ratio(self.before, self.usual_before)

    @property
    def arrivals(self) -> int:
        return self.now if self.of_now else self.before

    @property
    def usual(self) -> float:
        return self.usual_now if self.of_now else self.usual_before


class Measured(msgspec.Struct, frozen=True):
    """What was found at `at`, ms UTC, by this rule: of all numbers together first. `now`, `before`: the slot that ran,
    and the last whole one."""

    at: int
    rule: SurgeRule
    measures: tuple[Measure, ...]
    now: Slot
    before: Slot

    def slot(self, of: Measure) -> Slot:
        """That of the index."""
        return self.now if of.of_now else self.before

    @property
    def of_site(self) -> Measure:
        return self.measures[0]


def _ratio(arrivals: int, usual: float) -> float:
    return arrivals / max(usual, 1.0)


def slots(at: int, timezone: str, rule: SurgeRule) -> tuple[tuple[Slot, ...], tuple[Slot, ...]]:
    """The slot that runs, and the one before it; each followed by the same of the weeks before, by the clock: a slot at
    nine is at nine also where the clocks were changed between."""
    began, _ = day_of(at, timezone)
    start = began + (at - began) // rule.slot_ms * rule.slot_ms
    return _weeks(start, timezone, rule), _weeks(start - rule.slot_ms, timezone, rule)


def _weeks(start: int, timezone: str, rule: SurgeRule) -> tuple[Slot, ...]:
    there = zone(timezone)
    local = datetime.fromtimestamp(start / 1000, there).replace(tzinfo=None)
    found = [(start, start + rule.slot_ms)]
    for week in range(1, rule.weeks + 1):
        began = round((local - timedelta(weeks=week)).replace(tzinfo=there).timestamp() * 1000)
        found.append((began, began + rule.slot_ms))
    return tuple(found)


def measured(
    counts_now: Sequence[Mapping[str, int]], counts_before: Sequence[Mapping[str, int]]
) -> tuple[Measure, ...]:
    """What slots brought by number dialled, in the order of `slots`; and of all together. Of more than NUMBERS_MOST
    numbers those that brought most are measured."""
    both = Counter(counts_now[0])
    both.update(counts_before[0])
    numbers = set(nlargest(NUMBERS_MOST, both, key=lambda each: (both[each], each)))
    return tuple(_one(number, counts_now, counts_before) for number in ("", *sorted(numbers - {""})))


def _one(number: str, now: Sequence[Mapping[str, int]], before: Sequence[Mapping[str, int]]) -> Measure:
    (here, *usual_here), (there, *usual_there) = ([_of(each, number) for each in slots] for slots in (now, before))
    return Measure(number, here, there, median(usual_here), median(usual_there))


def _of(counts: Mapping[str, int], number: str) -> int:
    return counts.get(number, 0) if number else sum(counts.values())


def changes(
    measures: Iterable[Measure], held: Iterable[str], rule: SurgeRule
) -> tuple[tuple[Measure, ...], tuple[str, ...]]:
    """Which surges begin, and which of those that hold are over."""
    found = {each.number: each for each in measures}
    known = set(held)
    begin = tuple(
        each
        for each in found.values()
        if each.number not in known and each.index >= rule.threshold and each.arrivals >= rule.least
    )
    over = (number for number in known if number not in found or found[number].index < rule.threshold * OVER)
    return begin, tuple(sorted(over))
