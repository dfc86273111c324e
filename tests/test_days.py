"""A site's hours and days, through clock changes and changes of its zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.days import HOUR_MS, Calendar, Since, day_of

QUARTER = HOUR_MS // 4
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/Havana",
    "Asia/Shanghai",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
)


def ms(text, zone="UTC"):
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


MOMENTS = st.integers(ms("2001-01-01"), ms("2036-01-01"))


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/Havana", "2026-11-01", 25),  # midnight itself comes twice
        ("America/Sao_Paulo", "2018-11-04", 23),  # there is no midnight
        ("Asia/Shanghai", "2026-03-29", 24),
    ],
)
def test_days_of_23_and_25_hours(zone, day, hours):
    began_at, ends_at = Calendar([Since(0, zone)]).day(ms(f"{day}T12:00", zone))
    assert ends_at - began_at == hours * HOUR_MS


def test_an_hour_that_comes_twice_is_two_hours():
    calendar = Calendar([Since(0, "Europe/Berlin")])
    first, second = ms("2026-10-25T00:30"), ms("2026-10-25T01:30")  # both are half past two in Berlin
    assert calendar.hour(first) == (first - HOUR_MS // 2, first + HOUR_MS // 2)
    assert calendar.hour(second) == (second - HOUR_MS // 2, second + HOUR_MS // 2)


def test_where_the_clock_is_half_an_hour_off_so_are_the_hours():
    at = ms("2026-11-22T09:10")
    assert Calendar([Since(0, "Asia/Kolkata")]).hour(at) == (ms("2026-11-22T08:30"), ms("2026-11-22T09:30"))


def test_in_a_new_zone_the_day_that_runs_ends_at_its_midnight():
    changed = ms("2026-06-10T12:00")
    calendar = Calendar([Since(0, "UTC"), Since(changed, "Asia/Shanghai")])
    long = ms("2026-06-10T00:00"), ms("2026-06-10T16:00")  # midnight in Shanghai
    assert calendar.day(changed - 1) == calendar.day(changed) == calendar.day(ms("2026-06-10T15:59")) == long
    assert calendar.day(long[0]) == long
    assert calendar.day(ms("2026-06-10T16:00"))[0] == ms("2026-06-10T16:00")
    assert calendar.day(ms("2026-06-09T23:59"))[1] == long[0]


def test_before_the_first_rules_their_zone_held_too_and_without_any_utc():
    assert Calendar([Since(ms("2026-06-10"), "Asia/Shanghai")]).day(ms("2020-01-01T12:00"))[0] == ms("2019-12-31T16:00")
    assert Calendar([]).day(ms("2020-01-01T12:00"))[0] == ms("2020-01-01")


@given(MOMENTS, st.sampled_from(ZONES))
def test_days_and_hours_are_whole_quarters_follow_on_one_another_and_hold_their_moment(at, zone):
    calendar = Calendar([Since(0, zone)])
    for span_of in (calendar.day, calendar.hour):
        began_at, ends_at = span_of(at)
        assert began_at <= at < ends_at
        assert began_at % QUARTER == ends_at % QUARTER == 0
        assert span_of(began_at) == span_of(ends_at - 1) == (began_at, ends_at)
    assert calendar.day(at) == day_of(at, zone)


@given(MOMENTS, st.lists(st.tuples(MOMENTS, st.sampled_from(ZONES)), max_size=4))
def test_however_often_the_zone_changes_each_moment_is_in_one_day(at, changes):
    calendar = Calendar([Since(*each) for each in sorted(changes)])
    began_at, ends_at = calendar.day(at)
    assert began_at <= at < ends_at
    assert calendar.day(began_at) == calendar.day(ends_at - 1) == (began_at, ends_at)
    assert calendar.day(ends_at)[0] == ends_at
    assert datetime.fromtimestamp(began_at / 1000, UTC)
