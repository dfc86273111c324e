"""Open data as Parquet: each view of the schema `open_data` (docs/open-data.md), a file a day of the site's.

Postgres sends a day of a view as CSV into a file; DuckDB makes Parquet of it, so memory is bounded however large the
day. A file is written beside its place and moved there whole. One that is there already stays as it is unless its rows
are others now, and what has changed is told: facts that come late correct the past.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import asyncpg
import msgspec

from ccplane.errors import RequestError
from ccplane.postgres.history import SliceStore
from ccplane.postgres.pool import DATABASE_ERRORS, Database, as_store_error
from ccplane.postgres.queries import query

if TYPE_CHECKING:
    import duckdb

VERSION: Final = "1"
"""Of the columns' meaning; it stands in each file."""
SORTED: Final = {
    "contacts": ("arrived_at", "contact"),
    "stays": ("entered_at", "contact", "segment"),
    "talks": ("started_at", "contact", "segment"),
    "offers": ("made_at", "offer"),
    "agent_states": ("started_at", "agent"),
    "callbacks": ("asked_at", "callback"),
    "surveys": ("asked_at", "contact"),
    "survey_answers": ("at", "contact", "question"),
    "messages": ("left_at", "message"),
    "recordings": ("first_at", "recording"),
    "gaps": ("began_at", "node"),
    "figures": ("began_at", "grain", "by", "name"),
}
"""The views; each by what its rows are sorted, first of all by the time that says their day."""
TYPES: Final = {
    "text": "VARCHAR",
    "bigint": "BIGINT",
    "integer": "INTEGER",
    "boolean": "BOOLEAN",
    "timestamp with time zone": "TIMESTAMPTZ",
}
LONG_S: Final = 3_600.0
MEMORY: Final = "256MB"


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """A file. `changed`: how many rows are others than those it had, gone ones counted too; None: it is new."""

    view: str
    day: date
    rows: int
    changed: int | None


Tell = Callable[[Exported], None]


async def export(
    database: Database, first: date, last: date, to: Path, now: int, tell: Tell, *, missing: bool = False
) -> None:
    """The days from `first` to `last`, each of them over, into folders under `to`. `missing`: only files that are not
    there. RequestError "not-over"; StoreError: no Postgres; OSError: the disk."""
    connection = await database.connect()
    try:
        await connection.execute("SET statement_timeout = 0; SET datestyle = 'ISO'")
        figures = SliceStore(database)
        await figures.count(now)
        calendar = await figures.calendar()
        if calendar.dates(last, last)[1] > now:
            raise RequestError("not-over", f"{last} is not over where the site is; its rows still change.")
        columns = {view: await _columns(connection, view) for view in SORTED}
        with _duck() as duck:
            for day in _days(first, last):
                for view in SORTED:
                    place = to / view / f"day={day}" / "data.parquet"
                    if not (missing and place.exists()):
                        tell(await _one(connection, duck, view, columns[view], day, calendar.dates(day, day), place))
    except DATABASE_ERRORS as error:
        raise as_store_error(error, database.dsn) from error
    finally:
        connection.terminate()


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


async def _columns(connection: asyncpg.Connection, view: str) -> dict[str, str]:
    """Name to DuckDB's type, in their order."""
    return {row["name"]: TYPES[row["type"]] for row in await connection.fetch(query("columns_of_view"), view)}


def _duck() -> duckdb.DuckDBPyConnection:
    """What makes the files; it fetches nothing from anywhere."""
    import duckdb

    offline = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    return duckdb.connect(config={**offline, "memory_limit": MEMORY, "threads": 1})


async def _one(
    connection: asyncpg.Connection,
    duck: duckdb.DuckDBPyConnection,
    view: str,
    columns: dict[str, str],
    day: date,
    span: Sequence[int],
    place: Path,
) -> Exported:
    place.parent.mkdir(parents=True, exist_ok=True)
    rows, made = place.with_suffix(".csv.part"), place.with_suffix(".parquet.part")
    when = SORTED[view][0]
    try:
        sent = await connection.copy_from_query(
            f"SELECT {', '.join(columns)} FROM open_data.{view} "
            f"WHERE {when} >= instant({span[0]}) AND {when} < instant({span[1]}) ORDER BY {', '.join(SORTED[view])}",
            output=rows,
            format="csv",
            timeout=LONG_S,
        )
        _make(duck, rows, made, columns, day)
        changed = _taken_over(duck, place, made)
    finally:
        for each in (rows, made):
            each.unlink(missing_ok=True)
    return Exported(view=view, day=day, rows=int(sent.rpartition(" ")[2]), changed=changed)


def _make(duck: duckdb.DuckDBPyConnection, rows: Path, made: Path, columns: dict[str, str], day: date) -> None:
    """An empty field is null, a quoted one is an empty text: so Postgres writes them."""
    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    read = (
        f"read_csv({_quoted(rows)}, header = false, auto_detect = false, nullstr = '', allow_quoted_nulls = false, "
        f"columns = {{{listed}}})"
    )
    about = f"{{ccplane_version: '{VERSION}', day: '{day}'}}"
    duck.execute(f"COPY (SELECT * FROM {read}) TO {_quoted(made)} (FORMAT parquet, CODEC zstd, KV_METADATA {about})")


def _taken_over(duck: duckdb.DuckDBPyConnection, place: Path, made: Path) -> int | None:
    """Put the new file in its place, if it is new or says another thing; how many rows changed, None: it is new."""
    changed = _changed(duck, place, made) if place.exists() else None
    if changed != 0:
        made.replace(place)
    return changed


def _changed(duck: duckdb.DuckDBPyConnection, old: Path, new: Path) -> int:
    """How many rows are in one of them alone; of files with other columns all."""
    columns = [
        [each[:2] for each in duck.execute(f"DESCRIBE FROM read_parquet({_quoted(each)})").fetchall()]
        for each in (old, new)
    ]
    one, other = (f"SELECT * FROM read_parquet({_quoted(each)}, hive_partitioning = false)" for each in (old, new))
    if columns[0] != columns[1]:
        sides = f"({one})", f"({other})"
    else:
        sides = f"({one} EXCEPT ALL {other})", f"({other} EXCEPT ALL {one})"
    counts = [duck.execute(f"SELECT count(*) FROM {each}").fetchall()[0][0] for each in sides]
    return max(int(max(counts)), int(columns[0] != columns[1]))


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
