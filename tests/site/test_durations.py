"""Lengths of time as operators write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.site.durations import milliseconds, written


@pytest.mark.parametrize(
    ("text", "ms"),
    [("20s", 20_000), ("3m", 180_000), ("1h30m", 5_400_000), ("500ms", 500), ("1m30s", 90_000), ("0s", 0)],
)
def test_a_number_with_a_unit_is_a_length_of_time(text: str, ms: int):
    assert milliseconds(text) == ms


@pytest.mark.parametrize(
    "text", ["", "20", "s", "20 s", "-5s", "1.5m", "20S", "20s3m", "٣s", "20s\n", "1w", "9" * 20 + "s"]
)
def test_anything_else_is_refused_and_the_sentence_shows_how(text: str):
    with pytest.raises(ValueError, match="write it like 20s, 3m, 1h30m or 500ms"):
        milliseconds(text)


@given(st.integers(min_value=0, max_value=10**9))
def test_what_is_written_reads_back(ms: int):
    assert milliseconds(written(ms)) == ms


@given(st.text(alphabet="0123456789hms ", max_size=12))
def test_what_reads_is_never_negative_and_what_does_not_is_a_value_error(text: str):
    with contextlib.suppress(ValueError):
        assert milliseconds(text) >= 0
