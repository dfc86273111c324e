"""A report as it is asked for, made of what Postgres keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Protocol

import msgspec
from msgspec.structs import replace

from ccplane.days import Calendar, Span
from ccplane.errors import RequestError
from ccplane.facts import AnyFact
from ccplane.kpi.measures import Sums, summed
from ccplane.kpi.slices import QUARTER_MS, By, Grain, Slice
from ccplane.reports import brief
from ccplane.reports import faults as faults_
from ccplane.reports.faults import READ_MOST
from ccplane.reports.paper import PAPERS, Paper
from ccplane.reports.report import ROWS_MOST, Interval, Report, intervals, made
from ccplane.reports.tables import TABLES

DAYS_MOST = 366
"""Of a paper: it is about a time that somebody remembers."""


class Kept(Protocol):
    """Figures of the past."""

    async def count(self, now: int) -> int: ...
    async def calendar(self) -> Calendar: ...
    async def slices(self, since: int, until: int, grain: Grain, by: By, *, most: int | None = None) -> list[Slice]: ...
    async def sums(self, spans: Sequence[Span], grain: Grain, by: By, *, most: int) -> list[Slice]: ...


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`first`, `last`: days of the site's clock, both in it. `by`: None is what the table is grouped by unless told."""

    table: str
    first: date
    last: date
    interval: Interval
    by: By | None = None


class Faults(Protocol):
    """What went wrong."""

    async def faults(self, since: int, until: int, most: int) -> list[AnyFact]: ...


async def paper(kept: Kept, faults: Faults, asked: Asked, now: int) -> Paper:
    """The faults, or the brief: RequestError "not-by", "wrong-way", "too-long"; StoreError: no Postgres."""
    if asked.by is not None:
        raise RequestError("not-by", f"{asked.table} is about the site, and is not counted by {asked.by}.")
    calendar, since, until = await _days(kept, asked, now)
    timezone = calendar.timezone(since)
    told = await faults.faults(since, until, READ_MOST)
    hours = await kept.slices(since, until, Grain.HOUR, By.SITE)
    lost = sum(each.counters.lost for each in hours)
    if asked.table == "faults":
        return faults_.paper(told, since, until, timezone, now, lost)
    whole = [(since, until)]
    time = brief.Time(
        hours=hours,
        queues=await kept.sums(whole, Grain.DAY, By.QUEUE, most=ROWS_MOST),
        numbers=await kept.sums(whole, Grain.DAY, By.NUMBER, most=ROWS_MOST),
        before=await _before(kept, asked, calendar, now - since),
    )
    some = faults_.summary(faults_.found(told, since, until, now), since, until, lost)
    return brief.paper(time, replace(some, key="faults", en="Faults", zh="故障"), since, until, timezone, now)


async def _before(kept: Kept, asked: Asked, calendar: Calendar, elapsed: int) -> Sums | None:
    """Of as many days just before, and of no more of them than of these is over: a morning is not held against a day.
    None: nothing is known of all of that time, so there is nothing to compare with."""
    length = asked.last - asked.first + timedelta(days=1)
    since, until = calendar.dates(asked.first - length, asked.last - length)
    until = min(until, since + elapsed // QUARTER_MS * QUARTER_MS)
    if since < calendar.begins or until <= since:
        return None
    return summed(await kept.sums([(since, until)], Grain.QUARTER, By.SITE, most=1))


async def _days(kept: Kept, asked: Asked, now: int) -> tuple[Calendar, int, int]:
    if asked.last < asked.first:
        raise RequestError("wrong-way", f"{asked.last} comes before {asked.first}.")
    if (asked.last - asked.first).days >= DAYS_MOST:
        raise RequestError("too-long", f"{DAYS_MOST} days are the most at once.")
    await kept.count(now)
    calendar = await kept.calendar()
    return calendar, *calendar.dates(asked.first, asked.last)


async def report(kept: Kept, asked: Asked, now: int) -> Report:
    """RequestError "no-such-table", "not-by", "too-long" or "wrong-way"; StoreError: no Postgres."""
    table = TABLES.get(asked.table)
    if table is None:
        raise RequestError("no-such-table", f"`{asked.table}` is none of {', '.join((*TABLES, *PAPERS))}.")
    by = table.by[0] if asked.by is None else asked.by
    if by not in table.by:
        raise RequestError("not-by", f"{asked.table} is not counted by {by}, but by {', '.join(table.by)}.")
    if asked.last < asked.first:
        raise RequestError("wrong-way", f"{asked.last} comes before {asked.first}.")
    await kept.count(now)
    calendar = await kept.calendar()
    since, until = calendar.dates(asked.first, asked.last)
    spans = intervals(calendar, since, until, asked.interval)
    grain, most = asked.interval.grain, ROWS_MOST + 1
    if asked.interval.value == grain.value:  # as it is kept
        slices = await kept.slices(since, until, grain, by, most=most)
    else:
        slices = await kept.sums(spans, grain, by, most=most)
    return made(table, by, asked.interval, spans, calendar.timezone(since), slices, now)
