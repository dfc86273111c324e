"""A report as it is asked for, made of what Postgres keeps."""

from __future__ import annotations

from datetime import date
from typing import Protocol

import msgspec

from ccplane.days import Calendar
from ccplane.errors import RequestError
from ccplane.kpi.slices import By, Grain, Slice
from ccplane.reports.report import Interval, Report, intervals, made
from ccplane.reports.tables import TABLES


class Kept(Protocol):
    """Figures of the past."""

    async def count(self, now: int) -> int: ...
    async def calendar(self) -> Calendar: ...
    async def slices(self, since: int, until: int, grain: Grain, by: By) -> list[Slice]: ...


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`first`, `last`: days of the site's clock, both in it. `by`: None is what the table is grouped by unless told."""

    table: str
    first: date
    last: date
    interval: Interval
    by: By | None = None


async def report(kept: Kept, asked: Asked, now: int) -> Report:
    """RequestError "no-such-table", "not-by", "too-long" or "wrong-way"; StoreError: no Postgres."""
    table = TABLES.get(asked.table)
    if table is None:
        raise RequestError("no-such-table", f"`{asked.table}` is none of {', '.join(TABLES)}.")
    by = table.by[0] if asked.by is None else asked.by
    if by not in table.by:
        raise RequestError("not-by", f"{asked.table} is not counted by {by}, but by {', '.join(table.by)}.")
    if asked.last < asked.first:
        raise RequestError("wrong-way", f"{asked.last} comes before {asked.first}.")
    await kept.count(now)
    calendar = await kept.calendar()
    since, until = calendar.dates(asked.first, asked.last)
    spans = intervals(calendar, since, until, asked.interval)
    slices = await kept.slices(since, until, asked.interval.grain, by)
    return made(table, by, asked.interval, spans, calendar.timezone(since), slices, now)
