"""Figures from outside, as they were imported: an import replaces those of its days, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from ccplane.errors import RequestError
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query

Value = str | int | date
Row = tuple[Any, ...]
"""In the order of a table's columns."""
Bounds = tuple[Any, Any]
"""[from, to): days, or ms UTC, as `place` has them."""
LONG_S: Final = 600.0


class Table(NamedTuple):
    """`place`: the column that says to which day a row belongs; `until`: where it ends, of what must not overlap;
    `who`: of whom it is; "" of nobody in particular. The columns of `key` come once."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    place: str
    until: str = ""
    who: str = ""

    def of(self, row: Row, column: str) -> Any:
        return row[self.columns.index(column)]

    def keyed(self, row: Row) -> Row:
        return tuple(row[self.columns.index(each)] for each in self.key)


TABLES: Final = {
    "schedules": Table(
        "schedule", ("agent", "began_at", "ends_at", "activity"), ("agent", "began_at"), "began_at", "ends_at", "agent"
    ),
    "paid_hours": Table("paid_time", ("agent", "day", "paid_ms"), ("agent", "day"), "day", who="agent"),
    "headcount": Table(
        "headcount", ("month", "team", "at_start", "at_end", "leavers"), ("month", "team"), "month", who="team"
    ),
    "cost": Table(
        "cost", ("first_day", "last_day", "team", "cents"), ("first_day", "team"), "first_day", "last_day", "team"
    ),
    "seats": Table("open_seats", ("began_at", "ends_at", "seats"), ("began_at",), "began_at", "ends_at"),
}


class Known(msgspec.Struct, frozen=True):
    """Whom figures may be of: agents, also those who have left, and teams, also those of before."""

    agents: frozenset[str]
    teams: frozenset[str]


class Replaced(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did: rows that are new, that say something else than before, that are gone, and that stay."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    same: int = 0


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What was imported `at` (ms UTC), by whom, in place of which days, and what of it was other than before."""

    at: int
    by: str
    kind: str
    first: date
    last: date
    added: int
    changed: int
    removed: int
    same: int


Judge = Callable[[Sequence[Row]], None]
"""Told of the rows that stay and reach into the days of the new ones; raises if they can't stand together."""


class OutsideStore:
    """What one database has."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self) -> Known:
        async with self._database.connection() as connection:
            agents = await connection.fetch(query("agents_ever"))
            teams = await connection.fetch(query("teams_ever"))
        return Known(frozenset(row["id"] for row in agents), frozenset(row["team"] for row in teams))

    async def imports(self, limit: int) -> list[Imported]:
        """The latest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(query("imports"), limit)
        return [Imported(**row) for row in rows]

    async def rows(self, kind: str, bounds: Bounds) -> list[Row]:
        """Those that belong there, in their order."""
        table = TABLES[kind]
        order = ", ".join(dict.fromkeys((table.place, *table.key)))
        text = f"SELECT {', '.join(table.columns)} FROM {table.name} WHERE {table.place} >= $1 AND {table.place} < $2"
        async with self._database.connection() as connection:
            found = await connection.fetch(f"{text} ORDER BY {order}", *bounds, timeout=LONG_S)
        return [tuple(row.values()) for row in found]

    async def reaching(self, kind: str, bounds: Bounds) -> list[Row]:
        """Those that reach into it, also from before."""
        table = TABLES[kind]
        async with self._database.connection() as connection:
            found = await connection.fetch(f"{_around(table)} ORDER BY {table.place}", *bounds, timeout=LONG_S)
        return [tuple(row.values()) for row in found]

    async def replace(
        self,
        kind: str,
        rows: Sequence[Row],
        bounds: Bounds,
        days: tuple[date, date],
        judge: Judge,
        *,
        by: str,
        only: Collection[str] | None = None,
        trial: bool = False,
    ) -> Replaced:
        """All that belongs to `bounds` gives way to `rows`; with `only`, what is of those alone. `trial`: nothing does.
        What `judge` raises leaves all as it was."""
        table = TABLES[kind]
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(
                "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
            )
            await connection.execute(query("one_imports"), timeout=LONG_S)
            found = await connection.fetch(_around(table), *_reach(table, rows, bounds), timeout=LONG_S)
            kept = [tuple(row.values()) for row in found]
            going = {table.keyed(each): each for each in kept if _goes(table, each, bounds, only)}
            judge([each for each in kept if table.keyed(each) not in going])
            coming = {table.keyed(each): each for each in rows}
            same = {key for key, each in coming.items() if going.get(key) == each}
            changed = sum(1 for key in coming if key in going and key not in same)
            done = Replaced(
                added=len(coming) - len(same) - changed,
                changed=changed,
                removed=sum(1 for key in going if key not in coming),
                same=len(same),
            )
            if not trial:
                gone = [list(column) for column in zip(*(key for key in going if key not in same), strict=True)]
                if gone:
                    await connection.execute(_remove(table), *gone, timeout=LONG_S)
                new = [each for key, each in coming.items() if key not in same]
                await connection.copy_records_to_table(table.name, records=new, columns=table.columns, timeout=LONG_S)
                counts = (done.added, done.changed, done.removed, done.same)
                await connection.execute(query("note_import"), by, kind, *days, *counts)
        return done


def _around(table: Table) -> str:
    """All that belongs to the days, or reaches into the time of the new ones."""
    until, after = (table.until, ">=" if table.until == "last_day" else ">") if table.until else (table.place, ">=")
    return f"SELECT {', '.join(table.columns)} FROM {table.name} WHERE {until} {after} $1 AND {table.place} < $2"


def _reach(table: Table, rows: Sequence[Row], bounds: Bounds) -> Bounds:
    ends = [table.of(each, table.until) for each in rows] if table.until else []
    after = [each + timedelta(days=1) if isinstance(each, date) else each for each in ends]  # a last day is in it
    return bounds[0], max([bounds[1], *after])


def _goes(table: Table, row: Row, bounds: Bounds, only: Collection[str] | None) -> bool:
    named = only is None or not table.who or table.of(row, table.who) in only
    return named and bool(bounds[0] <= table.of(row, table.place) < bounds[1])


def _remove(table: Table) -> str:
    types = {"agent": "text", "team": "text", "began_at": "bigint", "day": "date", "month": "date", "first_day": "date"}
    lists = ", ".join(f"${n}::{types[each]}[]" for n, each in enumerate(table.key, 1))
    keys = ", ".join(table.key)
    return f"DELETE FROM {table.name} WHERE ({keys}) IN (SELECT * FROM unnest({lists}))"


def table_of(kind: str) -> Table:
    """RequestError `no-such-figures`."""
    found = TABLES.get(kind)
    if found is None:
        raise RequestError("no-such-figures", f"`{kind}` is none of {', '.join(TABLES)}.", kind=kind)
    return found
