"""The curve of a day: how many call when. Pure; chance is an argument."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Final

OPENS, CLOSES = 8.0, 20.0
"""Hours."""

CURVE: Final[tuple[tuple[float, float], ...]] = (
    (8.0, 1.0), (8.3, 0.65), (10.5, 1.0), (12.0, 0.65), (13.0, 0.5),
    (14.5, 0.9), (16.0, 0.75), (18.0, 0.4), (20.0, 0.15),
)  # fmt: skip
"""Hour → how many call, against the busiest moment; straight lines between. Some wait for the doors to open; then two
humps, as in most centres."""


@dataclass(frozen=True, slots=True)
class Day:
    """A working day, pressed into some minutes; after it closes the next one opens at once."""

    minutes: float

    @property
    def seconds(self) -> float:
        return self.minutes * 60

    def hour(self, elapsed: float) -> float:
        """The hour of the day so many seconds after the first day opened."""
        return OPENS + (elapsed % self.seconds) / self.seconds * (CLOSES - OPENS)


def load(hour: float) -> float:
    """How many call at this hour: 1 at the busiest."""
    after = min(bisect_right(CURVE, hour, key=lambda point: point[0]), len(CURVE) - 1)
    (before, low), (then, high) = CURVE[after - 1], CURVE[after]
    return low + (high - low) * (hour - before) / (then - before)


def arrivals(day: Day, busiest: float, random: Random) -> Iterator[float]:
    """When callers come, in seconds since the first day opened, for ever: a Poisson process that follows the curve.

    `busiest`: callers a second at the busiest moment. Thinning (Lewis and Shedler 1979): candidates at the highest
    rate, each kept with the curve's share.
    """
    elapsed = 0.0
    while True:
        elapsed += random.expovariate(busiest)
        if random.random() < load(day.hour(elapsed)):
            yield elapsed


assert all(one[0] < other[0] for one, other in pairwise(CURVE))
assert max(share for _, share in CURVE) == 1.0
