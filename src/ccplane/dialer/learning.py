"""What a campaign has learned: how long talks and rings take, and how likely an answer is.

All of it is bounded: what is old counts less and less, few observations lean on a prior, and nothing is ever taken for
certain. Immutable; each observation makes a new one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from functools import cached_property
from itertools import accumulate
from typing import Final

import msgspec
from msgspec.structs import replace

BOUNDS_MS: Final = tuple(round(1_000 * 1.25**n) for n in range(40))
"""From a second to an hour and a half; each a quarter longer than the one before."""
MEMORY: Final = 500.0
"""Observations: one counts 1/e of what it did after so many more."""
PRIOR: Final = 20.0
"""So many observations weigh as much as what was assumed before."""
LEAST, MOST = 0.005, 0.98
"""No answer is ever less, or more, likely."""


class Lengths(msgspec.Struct, frozen=True, dict=True):
    """How long something takes: weights by BOUNDS_MS, the last of what is longer than all of them."""

    weights: tuple[float, ...]

    @staticmethod
    def assumed(mean_ms: float, weight: float = PRIOR) -> Lengths:
        """Before anything was seen: memoryless, with this mean."""
        kept = [2.718281828 ** (-bound / mean_ms) for bound in BOUNDS_MS]
        shares = [before - after for before, after in zip([1.0, *kept], [*kept, 0.0], strict=True)]
        return Lengths(tuple(weight * share for share in shares))

    def seen(self, ms: int) -> Lengths:
        """With one more."""
        at = bisect_right(BOUNDS_MS, ms)
        fade = 1 - 1 / MEMORY
        return Lengths(tuple(weight * fade + (n == at) for n, weight in enumerate(self.weights)))

    def survival(self, ms: float) -> float:
        """The share that takes longer; between two bounds as if spread evenly, beyond the last by halves each time as
        long again."""
        tails = self._tails
        total, at = tails[0], bisect_right(BOUNDS_MS, ms)
        low = BOUNDS_MS[at - 1] if at else 0
        if at == len(BOUNDS_MS):
            return float(self.weights[-1] / total * 0.5 ** (ms / low - 1))
        return (tails[at + 1] + self.weights[at] * (1 - (ms - low) / (BOUNDS_MS[at] - low))) / total

    @cached_property
    def _tails(self) -> tuple[float, ...]:
        """The weight of each step and of all after it."""
        return tuple(accumulate(reversed(self.weights)))[::-1]

    def over_within(self, age_ms: float, more_ms: float) -> float:
        """How likely what has taken `age_ms` already is over within `more_ms`."""
        now = self.survival(age_ms)
        return 1.0 if now <= 0.0 else 1 - self.survival(age_ms + more_ms) / now

    @property
    def mean_ms(self) -> float:
        """By the middle of each step."""
        middles = [(low + high) / 2 for low, high in zip((0, *BOUNDS_MS), BOUNDS_MS, strict=False)]
        sums = sum(weight * middle for weight, middle in zip(self.weights, (*middles, BOUNDS_MS[-1]), strict=True))
        return sums / sum(self.weights)

    def quantile_ms(self, share: float) -> int:
        """What this share of them keeps: a bound, the last one for the longest."""
        wanted = share * sum(self.weights)
        for bound, below in zip(BOUNDS_MS, accumulate(self.weights), strict=False):
            if below >= wanted:
                return bound
        return BOUNDS_MS[-1]


class Share(msgspec.Struct, frozen=True):
    """How often something happened of how many tries, the older ones faded."""

    yes: float = 0.0
    of: float = 0.0

    def seen(self, happened: bool) -> Share:
        fade = 1 - 1 / MEMORY
        return Share(self.yes * fade + happened, self.of * fade + 1)


class Answers(msgspec.Struct, frozen=True):
    """How likely an answer is: of the whole list, and by hour of the customer's day and by attempt, each of which leans
    on the list as long as little is known of it."""

    assumed: float = 0.2
    whole: Share = Share()
    parts: Mapping[str, Share] = {}

    def seen(self, hour: int, attempt: int, answered: bool) -> Answers:
        """One line more came to an end. `attempt`: from 1 on."""
        key = self._key(hour, attempt)
        parts = {**self.parts, key: self.parts.get(key, Share()).seen(answered)}
        return replace(self, whole=self.whole.seen(answered), parts=parts)

    def chance(self, hour: int, attempt: int) -> float:
        """That this line is answered."""
        whole = _leaning(self.whole, self.assumed)
        return _leaning(self.parts.get(self._key(hour, attempt), Share()), whole)

    @staticmethod
    def _key(hour: int, attempt: int) -> str:
        return f"{hour}/{min(attempt, 4)}"


def _leaning(share: Share, otherwise: float) -> float:
    return min(MOST, max(LEAST, (PRIOR * otherwise + share.yes) / (PRIOR + share.of)))


def still_answered(chance: float, answers: Lengths, age_ms: float) -> float:
    """How likely a line that has rung for so long is still answered. `chance`: when it began to ring."""
    left = chance * answers.survival(age_ms)
    return left / (1 - chance + left) if left > 0.0 else 0.0
