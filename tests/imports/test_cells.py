"""What stands in a cell, and that what cannot be is refused and never guessed."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.days import Calendar, Since
from ccplane.imports import cells
from ccplane.imports.cells import Unreadable

BERLIN = Calendar([Since(0, "Europe/Berlin")])
SHANGHAI = Calendar([Since(0, "Asia/Shanghai")])


def at(iso):
    return round(datetime.fromisoformat(iso).timestamp() * 1000)


@pytest.mark.parametrize(
    "text",
    ["2026-11-23 09:00", "2026/11/23 9:00", "2026-11-23T09:00:00", "2026年11月23日 9:00", "2026.11.23 09:00:00.000"],
)
def test_a_time_is_that_of_the_sites_clock_however_it_is_written(text):
    assert cells.moment(text, SHANGHAI) == at("2026-11-23T09:00+08:00")


def test_an_offset_says_which_time_it_is_wherever_the_site_is():
    assert cells.moment("2026-11-23T09:00Z", SHANGHAI) == at("2026-11-23T09:00+00:00")
    assert cells.moment("2026-11-23 09:00-0530", SHANGHAI) == at("2026-11-23T09:00-05:30")


def test_24_o_clock_is_the_midnight_after():
    assert cells.moment("2026-12-31 24:00", SHANGHAI) == at("2027-01-01T00:00+08:00")


def test_an_hour_that_never_comes_is_refused():
    with pytest.raises(Unreadable, match="never comes where the site is"):
        cells.moment("2026-03-29 02:30", BERLIN)
    assert cells.moment("2026-03-29 03:00", BERLIN) == at("2026-03-29T03:00+02:00")


def test_an_hour_that_comes_twice_needs_its_offset():
    with pytest.raises(Unreadable, match=r"comes twice .* \+02:00 or \+01:00"):
        cells.moment("2026-10-25 02:30", BERLIN)
    assert cells.moment("2026-10-25 02:30+01:00", BERLIN) - cells.moment("2026-10-25 02:30+02:00", BERLIN) == 3_600_000


@given(st.integers(at("2020-01-01T00:00+00:00") // 1000, at("2030-01-01T00:00+00:00") // 1000))
def test_a_time_that_was_written_is_read_again_also_where_the_clock_is_put_back(seconds):
    assert cells.moment(cells.moment_told(seconds * 1000, BERLIN), BERLIN) == seconds * 1000


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("7.5", 27_000_000),
        ("7,5", 27_000_000),
        ("7:30", 27_000_000),
        ("0", 0),
        ("7:20:05", 26_405_000),
        ("25", 90_000_000),
    ],
)
def test_hours_are_a_number_or_hours_and_minutes(text, ms):
    assert cells.hours(text) == ms


@given(st.integers(0, 25 * 3600))
def test_hours_that_were_written_are_read_again(seconds):
    assert cells.hours(cells.hours_told(seconds * 1000)) == seconds * 1000


@given(st.integers(0, 10**13))
def test_money_that_was_written_is_read_again(cents):
    assert cells.money(cells.money_told(cents)) == cents


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (cells.hours, "26"),
        (cells.hours, "-1"),
        (cells.hours, "7:75"),
        (cells.hours, "seven"),
        (cells.hours, "٧"),
        (cells.money, "1,200"),
        (cells.money, "1,200.50"),
        (cells.money, "1e3"),
        (cells.count, "-3"),
        (cells.count, "3.5"),
        (cells.count, ""),
        (cells.day, "2026-02-30"),
        (cells.day, "23.11.2026"),
        (cells.day, "1026-01-01"),
        (cells.month, "2026-13"),
        (cells.month, "2026-11-02"),
    ],
)
def test_what_cannot_be_is_refused(read, text):
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert f"`{text}`" in str(refused.value)


@pytest.mark.parametrize(
    "text", ["2026-11-23", "09:00", "2026-11-23 25:00", "2026-11-23 09:60", "2026-11-23 09:00+99:00"]
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(Unreadable):
        cells.moment(text, SHANGHAI)


@pytest.mark.parametrize("text", ["2026-11", "2026/11", "2026年11月", "2026-11-01"])
def test_a_month_is_known_by_its_first_day(text):
    assert cells.month(text) == date(2026, 11, 1)
