"""Counts by bucket, and what of them is of the last looks."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ccplane.histogram import Histogram, Recent

BUCKETS = (0.01, 0.1, 1.0)


def test_what_was_counted_before_the_first_look_that_is_remembered_is_left_out():
    whole = Histogram(BUCKETS)
    recent = Recent(BUCKETS, lambda: whole.counts, looks=2)
    whole.observe(0.5)
    assert recent.read().count == 0, "nobody has looked yet: how old those are is not known"
    recent.look()
    whole.observe(0.05)
    assert (recent.read().count, recent.read().quantile(0.99)) == (1, 0.1)
    recent.look()
    whole.observe(5.0)
    assert recent.read().counts == [0, 1, 0, 1]
    assert recent.read(1).counts == [0, 0, 0, 1], "since the last look"
    assert recent.read(9).counts == recent.read().counts, "no more than is remembered"
    recent.look()
    assert recent.read().counts == [0, 0, 0, 1], "the first look is forgotten"


@given(st.lists(st.one_of(st.none(), st.floats(0, 3)), max_size=60), st.integers(1, 5))
def test_it_has_what_came_since_the_oldest_look_and_nothing_else(steps, looks):
    """None is a look."""
    whole = Histogram(BUCKETS)
    recent = Recent(BUCKETS, lambda: whole.counts, looks)
    for step in steps:
        recent.look() if step is None else whole.observe(step)
    places = [place for place, step in enumerate(steps) if step is None][-looks:]
    since = steps[places[0] :] if places else []
    expected = Histogram(BUCKETS)
    for step in since:
        if step is not None:
            expected.observe(step)
    assert (recent.read().counts, recent.read().count) == (expected.counts, expected.count)


@given(st.lists(st.floats(0, 3), min_size=1))
def test_a_quantile_is_never_below_a_lower_one(values):
    told = Histogram(BUCKETS)
    for value in values:
        told.observe(value)
    assert all(low <= high for low, high in pairwise(told.quantile(share / 20) for share in range(21)))
