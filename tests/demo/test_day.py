"""The curve of a day."""

from __future__ import annotations

from itertools import islice, pairwise
from random import Random

import pytest

from ccplane.demo.day import CLOSES, CURVE, OPENS, Day, arrivals, load

HOUR = 5 * 60 / (CLOSES - OPENS)
"""Seconds that an hour of a day of five minutes takes."""


def test_a_day_goes_from_opening_to_closing_and_then_the_next_one_opens():
    day = Day(minutes=5)
    assert day.hour(0) == OPENS
    assert day.hour(150) == (OPENS + CLOSES) / 2
    assert day.hour(299.999) == pytest.approx(CLOSES, abs=0.001)
    assert day.hour(300) == OPENS


def test_the_curve_goes_through_its_points_in_straight_lines():
    for (hour, share), (later, other) in pairwise(CURVE):
        assert load(hour) == pytest.approx(share)
        assert load((hour + later) / 2) == pytest.approx((share + other) / 2)
        assert load(later - 1e-9) == pytest.approx(other)


def test_the_same_seed_gives_the_same_day_and_another_one_another():
    first, again, other = (list(islice(arrivals(Day(5), 2.0, Random(seed)), 200)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_callers_come_as_often_as_the_curve_says():
    """Over a hundred days; the seed is fixed, so that this is no matter of luck."""
    days, per_second = 100, 2.0
    counts = dict.fromkeys(range(int(OPENS), int(CLOSES)), 0)
    for at in arrivals(Day(5), per_second, Random(1)):
        if at > days * 300:
            break
        counts[int(Day(5).hour(at))] += 1
    for hour, count in counts.items():
        expected = days * HOUR * per_second * sum(load(hour + n / 60) for n in range(60)) / 60
        assert count == pytest.approx(expected, rel=0.06), f"at {hour}"


def test_they_never_go_back_in_time():
    times = list(islice(arrivals(Day(1), 50.0, Random(3)), 5_000))
    assert all(before < after for before, after in pairwise(times))
