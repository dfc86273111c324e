"""What is learned is bounded, forgets slowly, and leans on what was assumed while little is known."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.dialer.learning import BOUNDS_MS, LEAST, MOST, Answers, Lengths, still_answered

MINUTES = 60_000


@given(st.lists(st.integers(0, 20_000_000), max_size=40), st.integers(0, 10_000_000), st.integers(0, 3_600_000))
def test_survival_falls_from_one_and_what_is_over_within_is_a_chance(seen, age, more):
    lengths = Lengths.assumed(3 * MINUTES)
    for each in seen:
        lengths = lengths.seen(each)
    assert lengths.survival(0) == pytest.approx(1)
    assert 0 <= lengths.survival(age + more) <= lengths.survival(age) + 1e-12 <= 1 + 1e-9
    assert -1e-9 <= lengths.over_within(age, more) <= 1
    assert lengths.over_within(age, more) <= lengths.over_within(age, more + 1_000) + 1e-9


def test_before_anything_is_seen_it_is_memoryless_and_has_the_assumed_mean():
    lengths = Lengths.assumed(3 * MINUTES)
    assert lengths.mean_ms == pytest.approx(3 * MINUTES, rel=0.02)
    for age in (0, MINUTES, 5 * MINUTES):
        assert lengths.over_within(age, 10_000) == pytest.approx(1 - math.exp(-10 / 180), abs=0.01)


def test_talks_of_nearly_one_length_are_not_memoryless():
    chance, lengths = random.Random(1), Lengths.assumed(3 * MINUTES)
    for _ in range(400):
        lengths = lengths.seen(round(chance.gauss(180_000, 15_000)))
    assert lengths.over_within(30_000, 10_000) < 0.03
    assert lengths.over_within(180_000, 10_000) > 0.2
    assert lengths.quantile_ms(0.5) in BOUNDS_MS


def test_what_is_old_is_forgotten():
    answers = Answers(assumed=0.2)
    for n in range(2_000):
        answers = answers.seen(9, 1, n % 2 == 0)
    assert answers.chance(9, 1) == pytest.approx(0.5, abs=0.05)
    for _ in range(1_000):
        answers = answers.seen(9, 1, False)
    assert answers.chance(9, 1) < 0.12


def test_an_hour_of_which_little_is_known_leans_on_the_list_and_this_on_what_was_assumed():
    answers = Answers(assumed=0.2)
    assert answers.chance(9, 1) == 0.2
    for n in range(400):
        answers = answers.seen(9, 1, n % 2 == 0)
    assert answers.chance(18, 2) == pytest.approx(answers.chance(9, 1), abs=0.03)
    for _ in range(60):
        answers = answers.seen(18, 2, False)
    assert answers.chance(18, 2) < 0.2 < answers.chance(9, 1)


@given(st.lists(st.tuples(st.integers(0, 23), st.integers(1, 9), st.booleans()), max_size=60))
def test_nothing_is_ever_certain(lines):
    answers = Answers(assumed=0.9)
    for each in lines:
        answers = answers.seen(*each)
    assert all(LEAST <= answers.chance(hour, attempt) <= MOST for hour, attempt, _ in lines)


@given(st.floats(LEAST, MOST), st.integers(0, 60_000))
def test_a_line_that_rings_longer_is_less_likely_answered(chance, age):
    answered = Lengths.assumed(8_000)
    assert still_answered(chance, answered, 0) == pytest.approx(chance)
    assert still_answered(chance, answered, age + 1_000) <= still_answered(chance, answered, age) + 1e-12
