"""What is asked of agents' time, made of what Postgres keeps."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice
from typing import Final

import msgspec
from msgspec.structs import replace

from ccplane.days import Calendar
from ccplane.errors import RequestError
from ccplane.kpi.schedule import Terms
from ccplane.kpi.slices import By, Grain
from ccplane.kpi.workforce import Kept
from ccplane.postgres.figures import FigureStore
from ccplane.postgres.history import SliceStore
from ccplane.postgres.outside import TABLES, OutsideStore
from ccplane.postgres.pool import Database
from ccplane.postgres.workforce import WorkforceStore
from ccplane.workforce.made import COLUMNS, Cost, Day, Given, Heads, Row, Seats, is_month, keeping, made, planned

MOST_DAYS: Final = 366
AGENTS_AT_ONCE: Final = 50


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """`first`, `last`: days of the site's clock, both in it. `columns`: keys of kpi/definitions."""

    by: By
    first: date
    last: date
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


async def figures(
    database: Database, first: date, last: date, by: By, now: int, terms: Terms, timezone: str = "UTC"
) -> Figures:
    """RequestError "not-by", "wrong-way", "too-long"; StoreError: no Postgres."""
    if by not in COLUMNS:
        raise RequestError("not-by", f"Agents' time is not counted by {by}, but by {', '.join(COLUMNS)}.")
    if last < first:
        raise RequestError("wrong-way", f"{last} comes before {first}.")
    if (last - first).days >= MOST_DAYS:
        raise RequestError("too-long", f"{MOST_DAYS} days are the most at once.")
    history, outside, store = SliceStore(database), OutsideStore(database), WorkforceStore(database)
    await history.count(now)
    calendar = await history.calendar(timezone)
    days = _days(first, last, calendar)
    since, until = days[0].began_at, days[-1].ends_at
    of_agents = await history.slices(since, until, Grain.DAY, By.AGENT)
    window = {"before_ms": terms.before_ms, "after_ms": terms.after_ms}
    given = Given(
        days=days,
        now=now,
        terms=terms,
        of_agents=of_agents,
        of_group=of_agents if by is By.AGENT else await history.slices(since, until, Grain.DAY, by),
        teams=await store.teams(),
        paid={(row[0], row[1]): row[2] for row in await outside.rows("paid_hours", (first, last + timedelta(days=1)))},
        seats=[Seats(*row) for row in await outside.reaching("seats", (since, until))],
        costs=await _costs(outside, first, last),
        heads=await _heads(outside, days),
        resolved=await FigureStore(database).resolved(since, until, **window, now=now) if by is By.SITE else None,
    )
    rows = made(replace(given, kept=await _kept(store, given, by)), by)
    return Figures(by=by, first=first, last=last, columns=COLUMNS[by], rows=tuple(rows))


async def _kept(store: WorkforceStore, given: Given, by: By) -> dict[str, Kept]:
    """Some agents at a time: what they did in a month is a lot."""
    plans = await store.plans(*given.span)
    spans, found = list(planned(given.days, plans)), dict[str, Kept]()
    for first in range(0, len(plans), AGENTS_AT_ONCE):
        some = dict(islice(plans.items(), first, first + AGENTS_AT_ONCE))
        did = await store.did(some, *given.span, given.now)
        for name, each in keeping(given, by, spans, some, did).items():
            found[name] = found[name].plus(each) if name in found else each
    return found


def _days(first: date, last: date, calendar: Calendar) -> tuple[Day, ...]:
    dates = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return tuple(Day(each, *calendar.dates(each, each)) for each in dates)


async def _costs(outside: OutsideStore, first: date, last: date) -> dict[str, list[Cost]]:
    found: dict[str, list[Cost]] = {}
    for row in await outside.reaching("cost", (first, last + timedelta(days=1))):
        table = TABLES["cost"]
        found.setdefault(table.of(row, "team"), []).append(Cost(row[0], row[1], row[3]))
    return found


async def _heads(outside: OutsideStore, days: tuple[Day, ...]) -> dict[str, Heads]:
    if not is_month([each.date for each in days]):
        return {}
    month = days[0].date
    rows = await outside.rows("headcount", (month, month + timedelta(days=1)))
    return {str(team): Heads(*counts) for _, team, *counts in rows}
