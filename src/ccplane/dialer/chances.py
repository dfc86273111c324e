"""How many of several uncertain things happen: the sum of independent chances, and how far it exceeds another.

Few of them are added up exactly; many as a normal distribution of the same mean and variance, which then is as good
(`tests/dialer/test_chances.py` holds the one against the other).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

EXACT_MOST: Final = 100
"""So many chances, on both sides together, are still added up one by one."""


def added(counts: Sequence[float], chance: float) -> list[float]:
    """`counts[k]`: how likely k of them happen. The same with one more that happens with `chance`."""
    grown = [0.0] * (len(counts) + 1)
    for k, weight in enumerate(counts):
        grown[k] += weight * (1 - chance)
        grown[k + 1] += weight * chance
    return grown


def counts_of(chances: Iterable[float]) -> list[float]:
    """How likely none of these happen, one, two …"""
    counts = [1.0]
    for chance in chances:
        counts = added(counts, chance)
    return counts


def shortfall(more: Sequence[float], less: Sequence[float], sure: int) -> float:
    """E[(X − sure − Y)⁺]: by how much X exceeds what is `sure` and Y on average. `more`, `less`: of X and Y, as
    `counts_of` gives them."""
    found = 0.0
    for y, weight in enumerate(less):
        if weight > 0.0:
            limit = sure + y
            found += weight * math.fsum((x - limit) * more[x] for x in range(limit + 1, len(more)))
    return found


def shortfall_of_many(mean: float, variance: float) -> float:
    """E[W⁺] of a normal W."""
    if variance <= 0.0:
        return max(0.0, mean)
    spread = math.sqrt(variance)
    z = mean / spread
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return max(0.0, mean * (1 + math.erf(z / math.sqrt(2))) / 2 + spread * density)


def moments(chances: Iterable[float]) -> tuple[float, float]:
    """Mean and variance of how many happen."""
    mean = variance = 0.0
    for chance in chances:
        mean += chance
        variance += chance * (1 - chance)
    return mean, variance
