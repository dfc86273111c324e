"""ivr/hours.toml: when which queues are open, on the clock of the site's time zone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from ccplane.routing.hours import DAY, Hours, Shift, Span
from ccplane.site.document import Document
from ccplane.site.faults import did_you_mean
from ccplane.site.shapes import Name

NAME: Final = TypeAdapter(Name)
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES: Final = 24 * 60
WEEK: Final = 7 * MINUTES
TIMES: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)
FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)
"""Between these the zone's clock is known to the ms; before and after it is as it was then."""


def hours_in(document: Document, timezone: str) -> dict[str, Hours]:
    """The hours of ivr/hours.toml that are without fault."""
    found = {}
    for name, table in document.tables():
        document.validated(NAME, name, name)
        spans = [span for days, times in table.items() for span in _spans(document, name, days, times)]
        if not table:
            document.fault("empty", "names no day; who is never open needs no hours", name)
        found[name] = Hours(name, _in_order(document, name, spans), shifts_of(timezone))
    return found


def _spans(document: Document, name: str, days: str, times: object) -> list[Span]:
    """What one line says: its days, and when it is open on each."""
    which = _days(document, name, days)
    spans = []
    for number, text in enumerate(times if isinstance(times, list) else [times]):
        at = (name, days, number) if isinstance(times, list) else (name, days)
        told = TIMES.fullmatch(text) if isinstance(text, str) else None
        if told is None:
            sentence = 'is written "08:00-18:00", or a list of such; up to "24:00", and over midnight "22:00-06:00"'
            document.fault("bad-hours", sentence, *at)
            continue
        opens = int(told[1]) * 60 + int(told[2])
        closes = int(told[3]) * 60 + int(told[4]) if told[3] else MINUTES
        if opens == closes:
            document.fault("bad-hours", 'opens and closes at once; a whole day is "00:00-24:00"', *at)
            continue
        lasts = (closes - opens) % MINUTES or MINUTES
        spans += [Span(day * MINUTES + opens, day * MINUTES + opens + lasts) for day in which]
    return spans


def _days(document: Document, name: str, days: str) -> Iterable[int]:
    """`mon`, or `mon-fri`; `fri-mon` goes over the week's end."""
    first, _, last = days.partition("-")
    if first not in DAYS or (last or first) not in DAYS:
        wrong = last if first in DAYS else first
        sentence = (
            f"is no day: mon, tue, wed, thu, fri, sat, sun, or several in a row, mon-fri{did_you_mean(wrong, DAYS)}"
        )
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
