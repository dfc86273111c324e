"""Numbers that stand for many."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.routing.patterns import exactness, is_pattern, matches

patterns = st.from_regex(r"\+?[0-9]{2}[0-9X]{0,6}\*?", fullmatch=True).filter(is_pattern)
dialled = st.from_regex(r"\+?[0-9]{0,10}", fullmatch=True)


@given(patterns, dialled)
def test_a_pattern_takes_what_a_regular_expression_takes(pattern, number):
    expression = re.escape(pattern).replace("X", "[0-9]").replace(r"\*", ".*")
    assert matches(pattern, number) is bool(re.fullmatch(expression, number))


@given(st.lists(patterns, min_size=2, max_size=5), dialled)
def test_the_most_exact_pattern_comes_first(several, number):
    ordered = sorted(several, key=exactness)
    given_digits = [len(each.removesuffix("*").partition("X")[0]) for each in ordered]
    assert given_digits == sorted(given_digits, reverse=True)


@pytest.mark.parametrize(("number", "is_one"), [("*45", False), ("4001", False), ("400X", True), ("40*", True)])
def test_feature_codes_are_no_patterns(number, is_one):
    assert is_pattern(number) is is_one
