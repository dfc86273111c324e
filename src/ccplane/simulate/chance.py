"""How long things take: the shapes of service, patience and delay. Each draws milliseconds from a given `Random`."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from random import Random
from typing import Final, Protocol

import msgspec


class Shape(Protocol):
    """A distribution of lengths of time."""

    def draw(self, rng: Random) -> int | None:
        """ms, zero or more; None for ever."""
        ...


class Fixed(msgspec.Struct, frozen=True):
    """Always the same."""

    ms: int

    def draw(self, rng: Random) -> int:
        return self.ms


class Never(msgspec.Struct, frozen=True):
    """It does not happen: nobody hangs up."""

    def draw(self, rng: Random) -> None:
        return None


class Exponential(msgspec.Struct, frozen=True):
    """Memoryless, of this mean."""

    mean_ms: float

    def draw(self, rng: Random) -> int:
        return round(rng.expovariate(1.0) * self.mean_ms)


class LogNormal(msgspec.Struct, frozen=True):
    """What handle times mostly look like. `cv`: standard deviation ÷ mean."""

    mean_ms: float
    cv: float

    def draw(self, rng: Random) -> int:
        variance = math.log1p(self.cv * self.cv)
        return round(math.exp(rng.gauss(math.log(self.mean_ms) - variance / 2, math.sqrt(variance))))


class Gamma(msgspec.Struct, frozen=True):
    """Of this mean; `cv`: standard deviation ÷ mean; 1 is exponential, less is more regular."""

    mean_ms: float
    cv: float

    def draw(self, rng: Random) -> int:
        shape = 1.0 / (self.cv * self.cv)
        return round(rng.gammavariate(shape, self.mean_ms / shape))


class Empirical(msgspec.Struct, frozen=True):
    """As it was: one of these values, each with the weight beside it; `ends` are the weights summed up."""

    values: tuple[int | None, ...]
    ends: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[int | None], weights: Sequence[float] | None = None) -> Empirical:
        """Equally likely, if no weights are given. ValueError if there is nothing to draw from."""
        kept = tuple(values)
        ends = tuple(accumulate(weights if weights is not None else [1.0] * len(kept)))
        if not kept or len(ends) != len(kept) or ends[-1] <= 0:
            raise ValueError("an empirical distribution needs at least one value, and a weight for each")
        return cls(kept, ends)

    def draw(self, rng: Random) -> int | None:
        return self.values[min(bisect_right(self.ends, rng.random() * self.ends[-1]), len(self.values) - 1)]


FOREVER: Final = 1 << 62


def stream(seed: int, *of: object) -> Random:
    """Chance for one purpose alone: what is drawn for it does not depend on what else is drawn."""
    return Random("/".join(map(str, (seed, *of))))
