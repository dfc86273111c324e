"""What an operator may say of holidays and single days, and how each slip is told."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from ccplane.contacts.verbs import Closed, Open
from ccplane.site import parse
from ccplane.site.holidays import YEARS, calendar_of
from ccplane.site.special_days import date_of
from tests.site.sites import a_site, faults

WEEK = '[main]\nmon-fri = "09:00-18:00"\n'


def with_hours(text: str) -> dict[str, str]:
    return a_site() | {"ivr/hours.toml": text}


def hours(text: str):
    return parse(with_hours(text)).hours("main")


def at(zone: str, *clock: int) -> int:
    return round(datetime(*clock, tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def test_chinas_golden_week_is_closed_and_the_weekends_worked_for_it_are_open_as_on_a_monday():
    ours = hours(WEEK + 'timezone = "Asia/Shanghai"\nholidays = "CN"\n')
    closed = [day for day in range(1, 12) if not ours.open_at(at("Asia/Shanghai", 2026, 10, day, 10))]
    assert closed == [1, 2, 3, 4, 5, 6, 7, 11]
    assert ours.now(at("Asia/Shanghai", 2026, 10, 2, 10)).reason == "国庆节"
    assert ours.now(at("Asia/Shanghai", 2026, 10, 10, 10)) == Open(at("Asia/Shanghai", 2026, 10, 10, 18), "调休上班")


def test_every_weekend_worked_instead_that_the_calendar_knows_is_a_weekend_and_no_holiday():
    calendar = calendar_of("CN")
    assert calendar is not None
    days = [date_of(each) for each in calendar.worked]
    assert {day.weekday() for day in days} <= {5, 6}
    assert not {each for each, _ in calendar.holidays} & set(calendar.worked)
    assert [day for day in days if day.year == 2026] == [
        date(2026, month, day) for month, day in [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)]
    ]


def test_a_part_of_a_country_has_its_own_holidays():
    bavaria, berlin = hours(WEEK + 'holidays = "DE-BY"\n'), hours(WEEK + 'holidays = "DE-BE"\n')
    epiphany = at("UTC", 2027, 1, 6, 12)
    assert (bavaria.open_at(epiphany), berlin.open_at(epiphany)) == (False, True)


def test_several_calendars_hold_together():
    both = hours(WEEK + 'holidays = ["US", "GB-ENG"]\n')
    assert not both.open_at(at("UTC", 2027, 8, 30, 12)), "summer bank holiday"
    assert not both.open_at(at("UTC", 2027, 11, 25, 12)), "Thanksgiving"


def test_what_the_file_says_of_a_day_goes_before_the_calendar():
    ours = hours(
        WEEK
        + 'holidays = "DE"\non_holidays = "10:00-14:00"\n[main.days]\n2026-12-24 = "09:00-12:00"\n'
        + '2026-12-25 = { hours = "closed", reason = "Weihnachten" }\n2026-12-31 = ["09:00-10:00", "11:00-12:00"]\n'
        + '"2027-07-05..2027-07-16" = { hours = "closed", reason = "works holiday" }\n2026-12-26 = "00:00-24:00"\n'
    )
    assert ours.closes_after(at("UTC", 2026, 12, 24, 9)) == at("UTC", 2026, 12, 24, 12)
    assert ours.now(at("UTC", 2026, 12, 25, 11)) == Closed("Weihnachten", at("UTC", 2026, 12, 26))
    assert ours.now(at("UTC", 2026, 12, 26, 1)) == Open(at("UTC", 2026, 12, 27), "Zweiter Weihnachtstag")
    assert ours.opens_after(at("UTC", 2026, 12, 31, 10)) == at("UTC", 2026, 12, 31, 11)
    assert ours.opens_after(at("UTC", 2027, 7, 2, 20)) == at("UTC", 2027, 7, 19, 9)
    assert ours.now(at("UTC", 2027, 5, 17, 12)) == Open(at("UTC", 2027, 5, 17, 14), "Pfingstmontag")


def test_hours_may_have_another_clock_than_the_site():
    ours = hours(WEEK + 'timezone = "America/New_York"\n')
    assert ours.opens_after(at("UTC", 2027, 3, 15, 1)) == at("UTC", 2027, 3, 15, 13)


def test_a_worked_weekend_may_be_as_on_another_day_or_have_hours_of_its_own():
    late = '[main]\nmon-thu = "09:00-18:00"\nfri = "09:00-15:00"\ntimezone = "Asia/Shanghai"\nholidays = "CN"\n'
    there = at("Asia/Shanghai", 2026, 10, 10, 10)
    assert hours(late + 'make_up = "fri"\n').closes_after(there) == at("Asia/Shanghai", 2026, 10, 10, 15)
    assert hours(late + 'make_up = "10:00-12:00"\n').closes_after(there) == at("Asia/Shanghai", 2026, 10, 10, 12)
    assert hours(late + 'make_up = "closed"\n').opens_after(there) == at("Asia/Shanghai", 2026, 10, 12, 9)


@pytest.mark.parametrize("place", ["CN", "DE-BY", "US-CA", "JP", "IN", "BR", "AE"])
def test_every_holiday_of_thirty_years_is_closed_and_no_other_working_day_is(place):
    """Against the calendar, day by day; on a clock that is changed twice a year."""
    ours = hours(WEEK + f'timezone = "Europe/Berlin"\nholidays = "{place}"\n')
    calendar = calendar_of(place)
    assert calendar is not None
    holidays, worked = {each for each, _ in calendar.holidays} - set(calendar.worked), set(calendar.worked)
    day = date(YEARS.start, 1, 1)
    while day.year in YEARS:
        number = (day - date(1970, 1, 1)).days
        expected = number in worked or (day.weekday() < 5 and number not in holidays)
        noon = at("Europe/Berlin", day.year, day.month, day.day, 12)
        assert ours.open_at(noon) is expected, day
        day += timedelta(days=1)
    assert all(before.date < after.date for before, after in pairwise(ours.days))


def test_what_a_day_is_called_does_not_depend_on_the_machines_language():
    code = (
        "from ccplane.site.holidays import calendar_of as c; print(ascii((c('CN').holidays[:9], c('FR').holidays[:9])))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"LANGUAGE": one, "LC_ALL": one},
            capture_output=True,
            check=True,
        ).stdout
        for one in ("C", "en_US.UTF-8", "th")
    }
    assert len(told) == 1


@pytest.mark.parametrize(
    ("more", "code", "key", "sentence"),
    [
        ('holidays = "XX"', "no-such-calendar", "main.holidays", "no calendar is known for `XX`; write the country's"),
        ('holidays = "DE-BX"', "no-such-calendar", "main.holidays", "did you mean `DE-"),
        ('holidays = ["CN", "ZZ"]', "no-such-calendar", "main.holidays[1]", "no calendar is known for `ZZ`"),
        ('on_holidays = "10:00-14:00"', "holidays-missing", "main.on_holidays", "of which country?"),
        ('make_up = "fri"', "holidays-missing", "main.make_up", "of which country?"),
        ('timezone = "Europe/Berln"', "no-such-timezone", "main.timezone", "did you mean `Europe/Berlin`?"),
        ('holydays = "CN"', "bad-day", "main.holydays", "did you mean `holidays`?"),
        ('days.2026-02-30 = "closed"', "bad-date", "main.days.2026-02-30", "is no day: write 2026-12-24"),
        ('days.christmas = "closed"', "bad-date", "main.days.christmas", "is no day: write 2026-12-24"),
        ('days."2026-02-03..2026-02-01" = "closed"', "bad-date", 'main.days."2026-02-03..2026-02-01"', "400 days"),
        ('days.2026-02-03 = "shut"', "bad-hours", "main.days.2026-02-03", 'is written "08:00-18:00"'),
        ('days.2026-02-03 = { hours = "shut" }', "bad-hours", "main.days.2026-02-03.hours", "is written"),
        ('days.2026-02-03 = { reason = "x" }', "missing", "main.days.2026-02-03.hours", "is missing"),
        ('days.2026-02-03 = ["09:00-12:00", "11:00-13:00"]', "hours-twice", "main.days.2026-02-03", "same time twice"),
    ],
)
def test_a_slip_is_told_with_its_line_and_key(more, code, key, sentence):
    [fault] = faults(with_hours(WEEK + more + "\n"))
    assert (fault.path, fault.line, fault.code) == ("ivr/hours.toml", 3, code)
    assert fault.key == key
    assert sentence in fault.sentence


def test_the_same_files_read_twice_are_the_same_rules():
    text = with_hours(WEEK + 'holidays = ["CN", "US"]\n')
    assert parse(text).rules == parse(text).rules
    assert date_of(parse(text).hours("main").days[0].date).year == YEARS.start
