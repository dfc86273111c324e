"""A report as data: rows of figures of a span of days, their sums, and what has to be said of them.

Made of slices alone, so it is pure. Rates are made of summed counters, in each row and below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from ccplane.days import Calendar, Span
from ccplane.errors import RequestError
from ccplane.kpi.measures import Figure, Sums, summed, waiting
from ccplane.kpi.slices import QUARTER_MS, By, Grain, Slice
from ccplane.reports.tables import Table, figure

ROWS_MOST: Final = 100_000
"""A table that is longer is read by nobody; the open data have all of it."""


class Interval(StrEnum):
    """How long a row is."""

    QUARTER = "quarter"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    WHOLE = "whole"

    @property
    def grain(self) -> Grain:
        """Of what it is summed."""
        return Grain(self.value) if self in (Interval.QUARTER, Interval.HOUR, Interval.DAY) else Grain.DAY


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One interval [began_at, ends_at), ms UTC, of one group."""

    began_at: int
    ends_at: int
    name: str
    figures: tuple[Figure, ...]
    """In the order of the report's columns."""
    provisional: bool = False
    corrected_at: int | None = None


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """Entered = ended in some way + still there. `holds`: nothing is missing, and where nothing is provisional nobody
    is still there."""

    entered: int
    ended: int
    waiting: int
    holds: bool


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """`columns`: keys of `kpi/definitions`. `total`: over all rows, of no data where something is in several of them;
    `provisional`: one of them still may change."""

    table: str
    by: By
    interval: Interval
    since: int
    until: int
    timezone: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    total: tuple[Figure, ...]
    balance: Balance
    provisional: bool
    corrected: bool


def intervals(calendar: Calendar, since: int, until: int, interval: Interval) -> list[Span]:
    """All of the site's clock in [since, until). RequestError "too-long" of too many."""
    if interval is Interval.WHOLE:
        return [(since, until)]
    following: Callable[[int], Span]
    if interval is Interval.QUARTER:
        following = lambda at: (at, at + QUARTER_MS)  # noqa: E731
    elif interval is Interval.HOUR:
        following = calendar.hour
    elif interval is Interval.DAY:
        following = calendar.day
    else:
        following = lambda at: calendar.period(at, interval is Interval.MONTH)  # noqa: E731
    found: list[Span] = []
    at = since
    while at < until:
        if len(found) == ROWS_MOST:
            raise RequestError(
                "too-long", f"That is more than {ROWS_MOST:,} rows: take longer intervals, or fewer days."
            )
        began_at, ends_at = following(at)
        found.append((max(began_at, since), min(ends_at, until)))
        at = ends_at
    return found


COUNTED_TWICE: Final = frozenset({By.SKILL})
"""Who asks for two skills counts for each: rows of these have no sum."""


def made(
    table: Table, by: By, interval: Interval, spans: Sequence[Span], timezone: str, slices: Iterable[Slice], now: int
) -> Report:
    """The report of these slices, of whole spans or of parts of them. For the site there is a row for each span, for
    others where there is anything."""
    found: dict[tuple[int, str], list[Slice]] = {}
    at = 0
    for each in sorted(slices, key=lambda one: one.began_at):
        while each.began_at >= spans[at][1]:
            at += 1
        found.setdefault((at, each.name), []).append(each)
    if by is By.SITE:
        found = {(n, ""): found.get((n, ""), []) for n in range(len(spans))}
    if len(found) > ROWS_MOST:
        raise RequestError("too-long", f"That is more than {ROWS_MOST:,} rows: take longer intervals, or fewer days.")
    rows, sums, provisional, corrected = [], [], False, False
    for (n, name), those in sorted(found.items()):
        total = summed(those)
        open_ = spans[n][1] > now or any(each.provisional for each in those)
        late = max((each.corrected_at for each in those if each.corrected_at is not None), default=None)
        rows.append(
            Row(
                began_at=spans[n][0],
                ends_at=spans[n][1],
                name=name,
                figures=_figures(table, by, total),
                provisional=open_,
                corrected_at=late,
            )
        )
        sums.append(total)
        provisional, corrected = provisional or open_, corrected or late is not None
    total = summed(sums)
    left = waiting(total.counters)
    return Report(
        table=table.key,
        by=by,
        interval=interval,
        since=spans[0][0],
        until=spans[-1][1],
        timezone=timezone,
        columns=table.columns,
        rows=tuple(rows),
        total=tuple(None for _ in table.columns) if by in COUNTED_TWICE else _figures(table, by, total),
        balance=Balance(
            entered=total.counters.entered,
            ended=total.counters.ended,
            waiting=left,
            holds=left == 0 or (left > 0 and provisional),
        ),
        provisional=provisional,
        corrected=corrected,
    )


def _figures(table: Table, by: By, sums: Sums) -> tuple[Figure, ...]:
    return tuple(figure(key, by, sums) for key in table.columns)
