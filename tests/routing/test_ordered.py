"""The ordered set: what a sorted list would say, and every older one still says it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.routing.ordered import FULL, Inner, Ordered

MOVES = st.lists(st.tuples(st.booleans(), st.integers(0, 300)), max_size=600)


@given(MOVES)
def test_after_any_moves_it_holds_what_a_set_would_in_order(moves):
    kept, reference = Ordered(), set()
    for adds, number in moves:
        item = (number,)
        before, was = kept, tuple(kept)
        if adds:
            kept, reference = kept.add(item), reference | {item}
        elif item in reference:
            kept, reference = kept.remove(item), reference - {item}
        assert tuple(before) == was
    assert tuple(kept) == tuple(sorted(reference))
    assert len(kept) == len(reference)
    assert not reference or kept.first == min(reference)


@given(st.sets(st.integers(0, 10_000), max_size=900), st.integers(0, 10_000))
def test_it_counts_who_stands_before_one(numbers, asked):
    kept = Ordered.of((each,) for each in numbers)
    assert kept.before((asked,)) == sum(each < asked for each in numbers)
    assert ((asked,) in kept) == (asked in numbers)


@given(st.lists(st.integers(0, 5_000), max_size=900, unique=True))
def test_made_at_once_or_one_by_one_it_is_equal(numbers):
    one_by_one = Ordered()
    for each in numbers:
        one_by_one = one_by_one.add((each,))
    assert one_by_one == Ordered.of((each,) for each in numbers)


def test_a_queue_of_many_stays_low_whatever_comes_and_goes():
    kept = Ordered.of((each,) for each in range(20_000))
    for each in range(60_000):
        kept = kept.remove(kept.first).add((20_000 + each,))
    assert depth(kept.root) <= 3
    assert len(kept) == 20_000
    for each in range(60_000, 80_000 - 3):
        kept = kept.remove((each,))
    assert depth(kept.root) == 0, "three fit into one node"


def test_who_is_not_there_cannot_be_removed():
    with pytest.raises(KeyError):
        Ordered.of([(1,)]).remove((2,))


def test_who_is_there_is_not_added_again():
    kept = Ordered.of((each,) for each in range(FULL * 3))
    assert kept.add((7,)) is kept


def depth(node):
    return 1 + max(depth(each) for each in node.children) if isinstance(node, Inner) else 0
