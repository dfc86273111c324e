"""Times are made readable, and a whole page of them holds up the loop of all calls for no more than 5 ms (law 13)."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.http.views import iso, with_times

LARGEST_PAGE = 500
ROW = {f"text_{n}": "abc" for n in range(15)} | {"cause": 16, "arrived_at": 0, "answered_at": None, "ended_at": 1}


@given(st.integers(0, 4_102_444_800_000))
def test_a_time_is_told_as_iso_8601_in_utc_with_milliseconds(at):
    seconds, ms = divmod(at, 1000)
    assert iso(at) == f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03}Z"


@pytest.mark.parametrize(
    ("plain", "told"),
    [
        ({"at": 0}, {"at": "1970-01-01T00:00:00.000Z"}),
        ({"ended_at": None, "rest_until": 1}, {"ended_at": None, "rest_until": "1970-01-01T00:00:00.001Z"}),
        ({"since": True, "at": "noon", "ms": 5}, {"since": True, "at": "noon", "ms": 5}),
        ([{"in": ({"deadline": 0},)}], [{"in": [{"deadline": "1970-01-01T00:00:00.000Z"}]}]),
        ({1: {"at": 0}}, {1: {"at": "1970-01-01T00:00:00.000Z"}}),
    ],
)
def test_times_are_known_by_their_names_wherever_they_stand(plain, told):
    before = repr(plain)
    assert with_times(plain) == told
    assert repr(plain) == before, "what was given is left as it was"


def test_a_page_costs_little_for_what_is_no_time():
    """17 ms of a page of 500 were a call for each of its 10,000 values; counted, as a loaded machine's clock lies."""
    page, calls = [dict(ROW, arrived_at=n, ended_at=n * 1_000_000) for n in range(LARGEST_PAGE)], 0

    def count(_frame, event, _what):
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        with_times(page)
    finally:
        sys.setprofile(None)
    assert calls <= 6 * LARGEST_PAGE
