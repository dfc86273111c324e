"""Hours are those of the site's clock: on every day of the year, also on those with 23 or 25 hours."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.routing.hours import Hours, Span
from ccplane.site.hours import shifts_of

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "Asia/Kathmandu")
MINUTES = 1_440


def hours(zone, *spans):
    return Hours("main", tuple(Span(*span) for span in spans), shifts_of(zone))


def instant(zone, *clock):
    return round(datetime(*clock, tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def instants(zone):
    """Any minute of twelve years, and those about which the clock is put forward or back."""
    shifts = [shift.at for shift in shifts_of(zone)[1:25]] or [1_704_067_200_000]
    about = st.builds(lambda at, minutes: at + minutes * 60_000, st.sampled_from(shifts), st.integers(-4_000, 4_000))
    return st.one_of(st.integers(0, 12 * 365 * MINUTES).map(lambda each: 1_704_067_200_000 + each * 60_000), about)


EVERY_DAY = tuple((day * MINUTES + 540, day * MINUTES + 1020) for day in range(7))


@pytest.mark.parametrize("zone", ZONES)
@given(data=st.data())
def test_it_is_open_when_the_clock_on_the_wall_says_so(zone, data):
    """Held against the machine's own time zones, over twelve years."""
    at = datetime.fromtimestamp(data.draw(instants(zone)) / 1000, UTC)
    there = at.astimezone(ZoneInfo(zone))
    wall = there.hour * 60 + there.minute
    ours = hours(zone, *EVERY_DAY)
    assert ours.open_at(round(at.timestamp() * 1000)) is (540 <= wall < 1020)


@pytest.mark.parametrize("zone", ZONES)
@given(data=st.data(), spans=st.lists(st.integers(0, 7 * MINUTES), min_size=2, max_size=8, unique=True))
def test_it_opens_and_closes_exactly_at_the_moments_that_it_names(zone, data, spans):
    edges = sorted(spans)
    ours = hours(zone, *zip(edges[::2], edges[1::2], strict=False))
    at = data.draw(instants(zone))
    closes, opens = ours.closes_after(at), ours.opens_after(at)
    if closes is not None:
        assert at < closes
        assert (ours.open_at(closes - 1), ours.open_at(closes)) == (True, False)
    if opens is not None:
        assert at < opens
        assert (ours.open_at(opens - 1), ours.open_at(opens)) == (False, True)
    change = min((each for each in (closes, opens) if each is not None), default=None)
    if change is not None:
        assert ours.open_at(at) is ours.open_at((at + change) // 2) is ours.open_at(change - 1), "nothing between"


def test_a_day_of_23_hours_closes_an_hour_earlier_for_those_who_measure():
    ours = hours("Europe/Berlin", *EVERY_DAY)
    saturday, sunday = instant("Europe/Berlin", 2027, 3, 27, 9), instant("Europe/Berlin", 2027, 3, 28, 9)
    assert sunday - saturday == 23 * 3_600_000
    assert ours.opens_after(saturday) == sunday


def test_what_opens_in_the_hour_that_is_skipped_opens_when_it_is_skipped():
    ours = hours("Europe/Berlin", (6 * MINUTES + 150, 6 * MINUTES + 300))
    assert ours.opens_after(instant("Europe/Berlin", 2027, 3, 28, 0)) == instant("Europe/Berlin", 2027, 3, 28, 3)


def test_what_closes_in_the_hour_that_comes_twice_closes_the_first_time():
    ours = hours("Europe/Berlin", (6 * MINUTES, 6 * MINUTES + 150))
    closes = ours.closes_after(instant("Europe/Berlin", 2027, 10, 31, 1))
    assert datetime.fromtimestamp(closes / 1000, UTC) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_a_night_goes_over_midnight_and_over_the_weeks_end():
    ours = hours("UTC", (6 * MINUTES + 1320, 7 * MINUTES + 360))
    sunday = instant("UTC", 2027, 3, 28, 23)
    assert ours.open_at(sunday)
    assert ours.closes_after(sunday) == instant("UTC", 2027, 3, 29, 6)


def test_what_is_open_round_the_clock_never_closes():
    ours = hours("Europe/Berlin", (0, 7 * MINUTES))
    assert ours.open_at(instant("Europe/Berlin", 2027, 3, 28, 2, 30))
    assert ours.closes_after(0) is None
    assert ours.opens_after(0) is None
