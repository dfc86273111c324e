"""Sums of chances: exactly as counting all cases does, and approximately as adding up exactly does."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.dialer.chances import EXACT_MOST, counts_of, moments, shortfall, shortfall_of_many

CHANCES = st.lists(st.floats(0, 1), max_size=6)


def every_case(chances):
    for case in product((0, 1), repeat=len(chances)):
        yield sum(case), math.prod(p if up else 1 - p for up, p in zip(case, chances, strict=True))


@given(CHANCES)
def test_counts_are_those_of_all_cases(chances):
    expected = [0.0] * (len(chances) + 1)
    for many, weight in every_case(chances):
        expected[many] += weight
    assert counts_of(chances) == pytest.approx(expected, abs=1e-9)
    assert moments(chances)[0] == pytest.approx(sum(n * each for n, each in enumerate(expected)), abs=1e-9)


@given(CHANCES, CHANCES, st.integers(0, 4))
def test_a_shortfall_is_that_of_all_cases(more, less, sure):
    expected = sum(
        max(0, x - sure - y) * weight * other for x, weight in every_case(more) for y, other in every_case(less)
    )
    assert shortfall(counts_of(more), counts_of(less), sure) == pytest.approx(expected, abs=1e-9)


@given(st.integers(40, 90), st.floats(0.1, 0.6), st.floats(0.02, 0.5), st.integers(0, 20), st.integers(5, 40))
def test_of_many_the_normal_is_near_enough(lines, p, q, busy, free):
    """Where exact sums end: to a twentieth of an agent."""
    assert lines + busy <= EXACT_MOST + 10
    (mean, variance), (fewer, also) = moments([p] * lines), moments([q] * busy)
    exact = shortfall(counts_of([p] * lines), counts_of([q] * busy), free)
    assert shortfall_of_many(mean - fewer - free, variance + also) == pytest.approx(exact, abs=0.05)


def test_without_any_doubt_it_is_the_difference():
    assert shortfall_of_many(3.0, 0.0) == 3.0
    assert shortfall_of_many(-3.0, 0.0) == 0.0
