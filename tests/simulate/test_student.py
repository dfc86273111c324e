"""Intervals are as wide as the tables of Student's t say."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.simulate.outcome import Rate
from ccplane.simulate.student import interval, interval_of_mean, quantile


@pytest.mark.parametrize(
    ("freedom", "confidence", "wide"),
    [(1, 0.95, 12.7062), (2, 0.95, 4.30265), (9, 0.95, 2.26216), (10, 0.99, 3.16927), (29, 0.90, 1.69913),
     (200, 0.95, 1.97190), (999, 0.95, 1.96234)],
)  # fmt: skip
def test_the_quantiles_are_those_of_the_tables(freedom, confidence, wide):
    assert quantile(freedom, confidence) == pytest.approx(wide, rel=1e-5)


def test_a_mean_of_five_days_has_the_textbook_interval():
    made = interval_of_mean([10.0, 12.0, 9.0, 11.0, 13.0])
    assert made.value == 11.0
    assert made.margin == pytest.approx(2.776445 * math.sqrt(2.5 / 5), rel=1e-5)


def test_a_rate_is_of_sums_and_not_a_mean_of_rates():
    assert interval([Rate(1, 1), Rate(0, 99)]).value == 0.01


def test_no_data_is_no_figure_and_one_day_has_no_interval():
    assert interval([]).value is None
    assert interval([Rate(0, 0), Rate(0, 0)]).value is None
    assert interval([Rate(1, 2)]) == interval([Rate(2, 4)])
    assert interval([Rate(1, 2)]).low is None


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(1, 100)), min_size=2, max_size=30))
def test_the_figure_is_always_within_its_interval(days):
    made = interval([Rate(part * whole / 100, whole) for part, whole in days])
    assert made.low <= made.value <= made.high
