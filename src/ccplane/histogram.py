"""Counts by bucket: what `/metrics` and the bench read, without keeping every value."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

SECONDS: Final = (
    0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.125, 0.15, 0.175, 0.2,
    0.225, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0,
)  # fmt: skip
"""Fine where the promise is (250 ms from fact to Postgres), coarse where only the order of size matters."""


@dataclass(slots=True)
class Histogram:
    """`counts[i]` values were at most `buckets[i]` and above the bucket before; the last count is of all above."""

    buckets: tuple[float, ...] = SECONDS
    counts: list[int] = field(default_factory=list)
    sum: float = 0.0
    count: int = 0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.buckets) + 1)

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.buckets, value)] += 1
        self.sum += value
        self.count += 1

    def quantile(self, q: float) -> float:
        """The upper bound of the bucket in which the quantile lies; 0 of nothing, infinity above the last bucket."""
        rank, seen = q * self.count, 0
        for bound, count in zip(self.buckets, self.counts, strict=False):
            seen += count
            if seen >= rank:
                return bound if self.count else 0.0
        return float("inf")


class Recent:
    """What was counted by bucket in about the last `looks` looks, of counts that only ever rise. It remembers them as
    they were at each look; before the first there is nothing."""

    def __init__(self, buckets: tuple[float, ...], counts: Callable[[], Sequence[int]], looks: int) -> None:
        self._buckets, self._counts = buckets, counts
        self._before: deque[tuple[int, ...]] = deque(maxlen=looks)

    def look(self) -> None:
        """Remember them."""
        self._before.append(tuple(self._counts()))

    def read(self, looks: int | None = None) -> Histogram:
        """Those since so many looks ago; since the oldest that is remembered, if that is later, or none is said."""
        now = self._counts()
        held = len(self._before)
        before = self._before[held - min(looks or held, held)] if held else now
        counts = [count - earlier for count, earlier in zip(now, before, strict=True)]
        return Histogram(self._buckets, counts, count=sum(counts))
