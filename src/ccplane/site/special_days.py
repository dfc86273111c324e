"""Days that are not as their day of the week: holidays, weekends worked instead, and what the file says of single days.

What the file says of a day goes before what a calendar says of it. Calendars are asked here alone, when the site is
read, and for as many years as the zone's clock is known for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from pydantic import TypeAdapter

from ccplane.routing.hours import Day, Span
from ccplane.site.document import Document
from ccplane.site.holidays import Calendar, calendar_of, countries
from ccplane.site.shapes import DAYS, DayTable, HoursTable

MINUTES: Final = 24 * 60
TIMES: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)
DATES: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:\.\.(\d{4}-\d\d-\d\d))?", re.ASCII)
CLOSED: Final = "closed"
LONGEST: Final = 400
"""Days in a row that one line may speak of."""
DAY: Final = TypeAdapter(DayTable)
BEGINNING: Final = date(1970, 1, 1)


def worked_until(table: HoursTable) -> int | None:
    """The last weekend worked instead of a holiday that is known, of the calendar that ends first."""
    known = [calendar_of(place) for place in _places(table)]
    return min((each.worked_until for each in known if each and each.worked_until is not None), default=None)


def _places(table: HoursTable) -> list[str]:
    return [table.holidays] if isinstance(table.holidays, str) else table.holidays


def special_days(document: Document, name: str, table: HoursTable, lines: Sequence[Span]) -> tuple[Day, ...]:
    """All days of these hours that are otherwise, in order."""
    found = _calendar_days(document, name, table, lines)
    for text, said in table.days.items():
        day = document.validated(DAY, said if isinstance(said, dict) else {"hours": said}, name, "days", text)
        dates = list(_dates(document, name, text))
        if day is None:
            continue
        at = (name, "days", text, "hours") if isinstance(said, dict) else (name, "days", text)
        spans = _opening(document, day.hours, *at)
        for each in dates:
            number = (each - BEGINNING).days
            found[number] = Day(number, spans, day.reason or _known_as(found.get(number)))
    return tuple(day for _, day in sorted(found.items()))


def _known_as(day: Day | None) -> str:
    return day.reason if day else ""


def _calendar_days(document: Document, name: str, table: HoursTable, lines: Sequence[Span]) -> dict[int, Day]:
    given = _places(table)
    for which in ("on_holidays", "make_up"):
        if getattr(table, which) is not None and not given:
            document.fault("holidays-missing", 'of which country? Give `holidays`, such as "CN"', name, which)
    closed = _opening(document, table.on_holidays or CLOSED, name, "on_holidays")
    worked = _as_on(document, table.make_up or "mon", lines, name, "make_up")
    found: dict[int, Day] = {}
    for number, place in enumerate(given):
        calendar = calendar_of(place)
        if calendar is None:
            at = (name, "holidays") if isinstance(table.holidays, str) else (name, "holidays", number)
            document.fault("no-such-calendar", f"no calendar is known for `{place}`{countries(place)}", *at)
            continue
        found |= _of_calendar(calendar, closed, worked)
    return found


def _of_calendar(calendar: Calendar, closed: tuple[Span, ...], worked: tuple[Span, ...]) -> Mapping[int, Day]:
    holidays = {number: Day(number, closed, reason) for number, reason in calendar.holidays}
    return holidays | {number: Day(number, worked, calendar.worked_because) for number in calendar.worked}


def _as_on(document: Document, said: object, lines: Sequence[Span], *at: str) -> tuple[Span, ...]:
    """The stretches of a day of the week, by its name; or as they are written."""
    if said not in DAYS:
        return _opening(document, said, *at)
    weekday = DAYS.index(str(said)) * MINUTES
    of_day = [each for each in lines if weekday <= each.opens < weekday + MINUTES]
    return tuple(Span(each.opens - weekday, each.closes - weekday) for each in of_day)


def _opening(document: Document, said: object, *at: str) -> tuple[Span, ...]:
    """The stretches of one day; none if it is closed."""
    if said == CLOSED:
        return ()
    spans = sorted(stretches_in(document, said, *at), key=lambda each: each.opens)
    for before, after in pairwise(spans):
        if after.opens < before.closes:
            document.fault("hours-twice", "says something of the same time twice", *at)
    return tuple(spans)


def _dates(document: Document, name: str, text: str) -> Iterator[date]:
    """`2026-12-24`, or "2026-07-05..2026-07-16", the last included."""
    told = DATES.fullmatch(text)
    try:
        first = date.fromisoformat(told[1]) if told else None
        last = date.fromisoformat(told[2]) if told and told[2] else first
    except ValueError:
        first = last = None
    if first is None or last is None:
        sentence = 'is no day: write 2026-12-24, or several in a row, "2026-07-05..2026-07-16"'
        document.fault("bad-date", sentence, name, "days", text)
    elif not first <= last < first + timedelta(days=LONGEST):
        sentence = f"goes from the first day to the last, {LONGEST} days at the most"
        document.fault("bad-date", sentence, name, "days", text)
    else:
        yield from (first + timedelta(days=each) for each in range((last - first).days + 1))


def stretches_in(document: Document, times: object, *at: str | int) -> list[Span]:
    """What is written of a day, "08:00-18:00" or a list of such, in minutes since its 00:00; a fault otherwise."""
    spans = []
    for number, text in enumerate(times if isinstance(times, list) else [times]):
        here: tuple[str | int, ...] = (*at, number) if isinstance(times, list) else at
        told = TIMES.fullmatch(text) if isinstance(text, str) else None
        if told is None:
            sentence = 'is written "08:00-18:00", or a list of such; up to "24:00", and over midnight "22:00-06:00"'
            document.fault("bad-hours", sentence, *here)
            continue
        opens = int(told[1]) * 60 + int(told[2])
        closes = int(told[3]) * 60 + int(told[4]) if told[3] else MINUTES
        if opens == closes:
            document.fault("bad-hours", 'opens and closes at once; a whole day is "00:00-24:00"', *here)
            continue
        spans.append(Span(opens, opens + ((closes - opens) % MINUTES or MINUTES)))
    return spans


def date_of(number: int) -> date:
    """The day on the calendar, of a `Day.date`."""
    return BEGINNING + timedelta(days=number)
