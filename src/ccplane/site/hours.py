"""ivr/hours.toml: when which queues are open, on the clock of the site's time zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from ccplane.routing.hours import DAY, Hours, Shift, Span
from ccplane.site.document import Document
from ccplane.site.faults import did_you_mean
from ccplane.site.shapes import DAYS, HoursTable, Name
from ccplane.site.special_days import MINUTES, special_days, stretches_in, worked_until

NAME: Final = TypeAdapter(Name)
MORE: Final = TypeAdapter(HoursTable)
WEEK: Final = 7 * MINUTES
FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)
"""Between these the zone's clock is known to the ms; before and after it is as it was then."""


def hours_in(document: Document, timezone: str) -> dict[str, Hours]:
    """The hours of ivr/hours.toml that are without fault."""
    found = {}
    for name, table in document.tables():
        document.validated(NAME, name, name)
        week = {line: times for line, times in table.items() if line not in HoursTable.model_fields}
        rest = {key: value for key, value in table.items() if key not in week}
        more = document.validated(MORE, rest, name) or HoursTable()
        spans = [span for days, times in week.items() for span in _spans(document, name, days, times)]
        if not table:
            document.fault("empty", "names no day; who is never open needs no hours", name)
        zone = more.timezone or timezone
        lines = tuple(sorted(spans, key=lambda each: each.opens))
        days = special_days(document, name, more, lines)
        found[name] = Hours(
            name,
            _in_order(document, name, spans),
            shifts_of(zone),
            lines if days else (),
            days,
            more.timezone or "",
            worked_until(more),
        )
    return found


def _spans(document: Document, name: str, days: str, times: object) -> list[Span]:
    """What one line says: its days, and when it is open on each."""
    which = _days(document, name, days)
    stretches = stretches_in(document, times, name, days) if which else []
    return [Span(day * MINUTES + each.opens, day * MINUTES + each.closes) for day in which for each in stretches]


def _days(document: Document, name: str, days: str) -> Sequence[int]:
    """`mon`, or `mon-fri`; `fri-mon` goes over the week's end."""
    first, _, last = days.partition("-")
    if first not in DAYS or (last or first) not in DAYS:
        wrong = last if first in DAYS else first
        hint = did_you_mean(wrong, (*DAYS, *HoursTable.model_fields))
        sentence = f"is no day: mon, tue, wed, thu, fri, sat, sun, or several in a row, mon-fri{hint}"
        document.fault("bad-day", sentence, name, days)
        return ()
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return [day % 7 for day in range(begin, end + 1 + (7 if end < begin else 0))]


def _in_order(document: Document, name: str, spans: list[Span]) -> tuple[Span, ...]:
    """In order, what touches joined; a fault where two say something of the same time."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda each: each.opens):
        before = joined[-1] if joined else None
        if before and span.opens < before.closes:
            _twice(document, name, span.opens)
        if before and span.opens <= before.closes:
            joined[-1] = Span(before.opens, max(before.closes, span.closes))
        else:
            joined.append(span)
    if joined and joined[-1].closes > WEEK + joined[0].opens:
        _twice(document, name, joined[0].opens)
    return tuple(joined)


def _twice(document: Document, name: str, minute: int) -> None:
    day, rest = divmod(minute, MINUTES)
    when = f"{DAYS[day % 7]} {rest // 60:02}:{rest % 60:02}"
    document.fault("hours-twice", f"two lines are about the same time, {when}; say it once", name)


@lru_cache(maxsize=8)
def shifts_of(timezone: str) -> tuple[Shift, ...]:
    """What the clock of this zone does between FIRST and LAST."""
    zone = UTC if timezone == "UTC" else ZoneInfo(timezone)

    def offset(at: int) -> int:
        ahead = datetime.fromtimestamp(at / 1000, zone).utcoffset()
        return round(ahead.total_seconds() * 1000) if ahead is not None else 0

    first = round(FIRST.timestamp() * 1000)
    shifts = [Shift(first, offset(first))]
    for today, tomorrow in pairwise(range(first, round(LAST.timestamp() * 1000), DAY)):
        if offset(tomorrow) != offset(today):
            low, high = today, tomorrow
            while high - low > 1_000:
                middle = (low + high) // 2_000 * 1_000
                low, high = (middle, high) if offset(middle) == offset(today) else (low, middle)
            shifts.append(Shift(high, offset(high)))
    return tuple(shifts)
