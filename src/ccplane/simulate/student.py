"""How sure a figure is: intervals of Student's t over independent days, of rates that are sums over sums."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import msgspec

from ccplane.simulate.outcome import Rate


class Interval(msgspec.Struct, frozen=True):
    """A figure, and how far the true one may be off (half the interval's width); None with fewer than two days."""

    value: float | None
    margin: float | None = None

    @property
    def low(self) -> float | None:
        return None if self.value is None or self.margin is None else self.value - self.margin

    @property
    def high(self) -> float | None:
        return None if self.value is None or self.margin is None else self.value + self.margin


def interval(rates: Sequence[Rate], confidence: float = 0.95) -> Interval:
    """Of a rate over days: Σ sums ÷ Σ overs, never a mean of rates, with the margin of that quotient (delta method)."""
    days, over = len(rates), sum(each.over for each in rates)
    if not over:
        return Interval(None)
    value = sum(each.sum for each in rates) / over
    if days < 2:
        return Interval(value)
    spread = sum((each.sum - value * each.over) ** 2 for each in rates) / (days - 1)
    return Interval(value, quantile(days - 1, confidence) * math.sqrt(spread / days) / (over / days))


def interval_of_mean(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Of a figure that each day has one of."""
    return interval([Rate(value, 1) for value in values], confidence)


@cache
def quantile(freedom: int, confidence: float) -> float:
    """How many standard errors to both sides hold this share of Student's t with so many degrees of freedom."""
    if freedom < 1 or not 0.0 < confidence < 1.0:
        raise ValueError(f"{freedom} degrees of freedom and a confidence of {confidence}: at least 1, and 0 to 1")
    low, high = 0.0, 1.0
    while _within(high, freedom) < confidence:
        high *= 2.0
    for _ in range(80):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _within(middle, freedom) < confidence else (low, middle)
    return (low + high) / 2.0


def _within(t: float, freedom: int) -> float:
    """P(|T| <= t): Abramowitz and Stegun 26.7.3 and 26.7.4; above 200 degrees nearly normal, by Cornish and Fisher."""
    if freedom > 200:
        normal = t * (1 - 1 / (4 * freedom)) / math.sqrt(1 + t * t / (2 * freedom))
        return math.erf(normal / math.sqrt(2))
    angle = math.atan(t / math.sqrt(freedom))
    cosine = math.cos(angle)
    term, total = (cosine, cosine) if freedom % 2 else (1.0, 1.0)
    for n in range(3 if freedom % 2 else 2, freedom - 1, 2):
        term *= cosine * cosine * (n - 1) / n
        total += term
    if freedom % 2 == 0:
        return math.sin(angle) * total
    return 2.0 / math.pi * (angle + (math.sin(angle) * total if freedom > 1 else 0.0))
