"""Days that are not as their day of the week: held against a calendar and a clock that are read minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccplane.contacts.verbs import Closed, Open
from ccplane.routing.hours import Day, Hours, Span
from ccplane.site.hours import shifts_of

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "Pacific/Apia")
MINUTES = 1_440
MONDAY = date(2027, 3, 15)
"""Two weeks before the clock is put forward in Berlin, and one day after it is in New York."""
AUTUMN = date(2027, 10, 18)
DAYTIME = Span(540, 1_080)
NIGHT = Span(1_320, 1_800)


def number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def weekly(spans: list[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for span in spans:
        if joined and span.opens <= joined[-1].closes:
            joined[-1] = Span(joined[-1].opens, max(joined[-1].closes, span.closes))
        else:
            joined.append(span)
    return tuple(joined)


def hours(zone: str, per_day: dict[int, tuple[Span, ...]], days: dict[date, tuple[Span, ...]], why: str = "") -> Hours:
    lines = [
        Span(weekday * MINUTES + span.opens, weekday * MINUTES + span.closes)
        for weekday in sorted(per_day)
        for span in per_day[weekday]
    ]
    special = tuple(Day(number(day), days[day], why) for day in sorted(days))
    return Hours("main", weekly(lines), shifts_of(zone), tuple(lines), special)


def instant(zone: str, *clock: int) -> int:
    return round(datetime(*clock, tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def open_by_the_wall(zone: str, per_day: dict, days: dict, at: int) -> bool:
    """What somebody says who looks at the clock and the calendar on the wall; knows nothing of instants."""
    there = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone))
    wall = there.hour * 60 + there.minute
    for back in (0, 1):
        day = there.date() - timedelta(days=back)
        spans = days[day] if day in days else per_day.get(day.weekday(), ())
        if any(span.opens <= wall + back * MINUTES < span.closes for span in spans):
            return True
    return False


stretches = st.sampled_from([(), (DAYTIME,), (NIGHT,), (Span(0, MINUTES),), (Span(480, 720), Span(780, 1_020))])
weeks = st.dictionaries(st.integers(0, 6), stretches, max_size=7).filter(
    lambda per_day: (
        not any(NIGHT in spans and Span(0, MINUTES) in per_day.get((day + 1) % 7, ()) for day, spans in per_day.items())
    )
)
"""No two lines of the week are about the same time: the site is refused otherwise."""


@pytest.mark.parametrize("zone", ZONES)
@given(data=st.data())
@settings(max_examples=60)
def test_it_is_open_when_clock_and_calendar_on_the_wall_say_so(zone, data):
    """Days of changed clocks included, wherever no stretch begins or ends in the hour that is changed."""
    begin = data.draw(st.sampled_from([MONDAY, AUTUMN]))
    per_day = data.draw(weeks)
    days = data.draw(st.dictionaries(st.integers(0, 20).map(lambda each: begin + timedelta(days=each)), stretches))
    ours = hours(zone, per_day, days)
    at = instant(zone, begin.year, begin.month, begin.day) + data.draw(st.integers(0, 21 * MINUTES)) * 60_000
    assert ours.open_at(at) is open_by_the_wall(zone, per_day, days, at)


@pytest.mark.parametrize("zone", ZONES)
@given(data=st.data())
@settings(max_examples=60)
def test_it_opens_and_closes_exactly_at_the_moments_that_it_names_also_about_such_days(zone, data):
    begin = data.draw(st.sampled_from([MONDAY, AUTUMN]))
    per_day = data.draw(weeks)
    days = data.draw(st.dictionaries(st.integers(0, 60).map(lambda each: begin + timedelta(days=each)), stretches))
    ours = hours(zone, per_day, days)
    at = instant(zone, begin.year, begin.month, begin.day) + data.draw(st.integers(-9 * MINUTES, 70 * MINUTES)) * 60_000
    closes, opens = ours.closes_after(at), ours.opens_after(at)
    if closes is not None:
        assert at < closes
        assert (ours.open_at(closes - 1), ours.open_at(closes)) == (True, False)
    if opens is not None:
        assert at < opens
        assert (ours.open_at(opens - 1), ours.open_at(opens)) == (False, True)
    change = min((each for each in (closes, opens) if each is not None), default=at + 100 * MINUTES * 60_000)
    step = 4 * 3_600_000
    nothing_between = {ours.open_at(each) for each in range(at, change, step)} | {ours.open_at(change - 1)}
    assert nothing_between == {ours.open_at(at)}, "nothing between, and nothing ever if neither is named"


WORKDAYS = dict.fromkeys(range(5), (DAYTIME,))


def test_a_holiday_is_closed_by_its_name_until_the_next_working_day():
    ours = hours("Europe/Berlin", WORKDAYS, {date(2027, 5, 6): ()}, "Christi Himmelfahrt")
    said = ours.now(instant("Europe/Berlin", 2027, 5, 6, 10))
    assert said == Closed("Christi Himmelfahrt", instant("Europe/Berlin", 2027, 5, 7, 9))
    assert ours.now(instant("Europe/Berlin", 2027, 5, 5, 10)) == Open(instant("Europe/Berlin", 2027, 5, 5, 18))
    assert ours.now(instant("Europe/Berlin", 2027, 5, 5, 19)) == Closed("", instant("Europe/Berlin", 2027, 5, 7, 9))


def test_a_weekend_that_is_worked_instead_is_open():
    ours = hours("Asia/Shanghai", WORKDAYS, {date(2026, 10, 10): (DAYTIME,)}, "调休上班")
    assert ours.now(instant("Asia/Shanghai", 2026, 10, 10, 10)) == Open(
        instant("Asia/Shanghai", 2026, 10, 10, 18), "调休上班"
    )
    assert not ours.open_at(instant("Asia/Shanghai", 2026, 10, 11, 10))


def test_a_night_before_a_holiday_is_worked_to_its_end_and_none_begins_on_it():
    ours = hours("UTC", dict.fromkeys(range(7), (NIGHT,)), {date(2027, 6, 10): ()})
    assert ours.open_at(instant("UTC", 2027, 6, 10, 5))
    assert ours.closes_after(instant("UTC", 2027, 6, 9, 23)) == instant("UTC", 2027, 6, 10, 6)
    assert ours.opens_after(instant("UTC", 2027, 6, 10, 7)) == instant("UTC", 2027, 6, 11, 22)


def test_who_is_always_open_but_for_one_day_in_ten_years_closes_then():
    always = dict.fromkeys(range(7), (Span(0, MINUTES),))
    ours = hours("Europe/Berlin", always, {date(2037, 1, 1): ()})
    at = instant("Europe/Berlin", 2027, 1, 1, 12)
    assert ours.closes_after(at) == instant("Europe/Berlin", 2037, 1, 1)
    assert ours.opens_after(at) == instant("Europe/Berlin", 2037, 1, 2)
    assert ours.closes_after(instant("Europe/Berlin", 2037, 1, 3)) is None


def test_who_opens_once_in_ten_years_opens_then_and_never_again():
    ours = hours("Europe/Berlin", {}, {date(2037, 1, 1): (DAYTIME,)})
    assert ours.opens_after(0) == instant("Europe/Berlin", 2037, 1, 1, 9)
    assert ours.opens_after(instant("Europe/Berlin", 2037, 1, 1, 12)) is None
