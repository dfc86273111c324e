"""Stretches of time in which a customer may choose to be called back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ccplane.routing.callbacks import windows
from ccplane.routing.hours import Hours, Shift, Span

HOUR = 3_600_000
DAY = 24 * HOUR
MIDNIGHT = 19_700 * DAY
MINUTES = 24 * 60

DAYTIME = Hours("day", tuple(Span(day * MINUTES + 8 * 60, day * MINUTES + 20 * 60) for day in range(7)))


def the(at, length=2 * HOUR, count=3, hours=(DAYTIME,), until=None):
    until = at + 7 * DAY if until is None else until
    found = windows(hours, at, until, at - at % DAY, length, count)
    return [((begin - MIDNIGHT) / HOUR, (end - MIDNIGHT) / HOUR) for begin, end in found]


def test_they_begin_at_even_times_within_the_hours():
    assert the(MIDNIGHT + 9 * HOUR + 1) == [(10, 12), (12, 14), (14, 16)]


def test_over_night_they_go_on_when_it_opens():
    assert the(MIDNIGHT + 17 * HOUR) == [(18, 20), (32, 34), (34, 36)]


def test_one_that_is_cut_by_the_hours_to_less_than_half_is_none():
    late = Hours("day", (Span(0, 9 * 60), Span(20 * 60 + 30, 21 * 60)))
    monday = MIDNIGHT - (MIDNIGHT // DAY - 4) % 7 * DAY
    found = list(windows((late,), monday + 7 * DAY, monday + 8 * DAY, monday + 7 * DAY, 2 * HOUR, 9))
    assert [(begin - monday - 7 * DAY) / HOUR for begin, _ in found] == [0, 2, 4, 6, 8]


def test_where_it_is_never_open_there_are_none():
    assert the(MIDNIGHT, hours=(Hours("never", ()),)) == []


@given(
    at=st.integers(0, 14 * DAY),
    length=st.integers(1, 24).map(lambda half: half * HOUR // 2),
    count=st.integers(0, 5),
    spans=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 23), st.integers(1, 12)), max_size=4),
    shift=st.sampled_from([0, 3_600_000, -3_600_000]),
)
def test_they_are_in_order_apart_open_throughout_and_no_longer_than_asked_for(at, length, count, spans, shift):
    week = sorted({(day * MINUTES + hour * 60, day * MINUTES + min(hour + long, 24) * 60) for day, hour, long in spans})
    apart = [Span(*each) for place, each in enumerate(week) if not place or week[place - 1][1] < each[0]]
    hours = Hours("any", tuple(apart), (Shift(0, 0), Shift(MIDNIGHT + 7 * DAY, shift)))
    at += MIDNIGHT
    found = list(windows((hours, None), at, at + 7 * DAY, at - at % DAY, length, count))
    assert len(found) <= count
    before = at
    for begin, end in found:
        assert before <= begin < end <= begin + length
        assert end - begin >= length // 2
        assert hours.open_at(begin)
        assert hours.open_at(end - 1)
        closes = hours.closes_after(begin)
        assert closes is None or closes >= end
        before = end
