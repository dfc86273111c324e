"""All rows of ours as one moment has them, and back: COPY, table by table, within one transaction.

Not pg_dump: it must be as new as the server, which is the operator's own. The schema is not copied but made by our
migrations, those of the copy first; so a copy of an older schema becomes a database of this one.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Final

import asyncpg
import msgspec

from ccplane.errors import RequestError, SetupError, StoreError
from ccplane.postgres.migrate import LOCK, bring_up, migrations
from ccplane.postgres.pool import DATABASE_ERRORS, as_store_error, connect, place
from ccplane.postgres.queries import query
from ccplane.postgres.store import make_partition

LONG: Final = 7 * 86_400.0
"""Seconds; a table may be large."""
UNHURRIED: Final = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET datestyle = 'ISO'"
MIGRATION: Final = "migration"
MADE_FILLED: Final = (MIGRATION, "pseudonym_key")
"""Tables that have rows as soon as there is a schema."""
UNFINISHED: Final = "of a restore that is not finished"
"""Who holds the lease of a database that is not whole."""
RESTORED_EPOCHS: Final = 1_000
"""So far ahead a copy goes on: beyond every epoch that its original has had since, whose ids the switch may know."""


class Table(msgspec.Struct, frozen=True):
    """A table and the columns that are copied."""

    name: str
    columns: tuple[str, ...]


class Applied(msgspec.Struct, frozen=True):
    """A migration that a database has had."""

    name: str
    checksum: str


class Sound(msgspec.Struct, frozen=True):
    """A file that a row speaks of. `kind`: recordings, messages or faxes; `file`: within that folder."""

    kind: str
    id: str
    contact: str
    file: str


def made_by_migrations() -> tuple[list[str], list[str]]:
    """The names of all tables and of all functions that were ever ours."""
    text = "\n".join(each.sql for each in migrations())
    tables = re.findall(r"^CREATE TABLE (?:IF NOT EXISTS )?(\w+)", text, re.MULTILINE)
    routines = re.findall(r"^CREATE (?:OR REPLACE )?(?:FUNCTION|AGGREGATE) (\w+)", text, re.MULTILINE)
    return [*tables, MIGRATION], routines


class Moment:
    """The database as one moment had it, for as long as it takes to read."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def watermark(self, outbox: str) -> int:
        return int(await self._connection.fetchval(query("read_watermark"), outbox))

    async def epoch(self) -> int:
        """The last under which a plane led; 0 if none did."""
        return int(await self._connection.fetchval("SELECT coalesce(max(epoch), 0) FROM lease"))

    async def server(self) -> str:
        return str(await self._connection.fetchval("SHOW server_version"))

    async def applied(self) -> tuple[Applied, ...]:
        rows = await self._connection.fetch("SELECT name, checksum FROM migration ORDER BY name")
        return tuple(Applied(row["name"], row["checksum"]) for row in rows)

    async def tables(self) -> tuple[Table, ...]:
        rows = await self._connection.fetch(query("our_tables"), made_by_migrations()[0])
        return tuple(Table(row["name"], tuple(row["columns"])) for row in rows)

    async def days(self) -> tuple[date, ...]:
        """Those that have a partition for their facts."""
        return tuple(row["day"] for row in await self._connection.fetch(query("days_of_facts")))

    async def numbers(self) -> dict[str, int]:
        return await numbers(self._connection)

    async def copy(self, table: Table, write: Callable[[bytes], Coroutine[Any, Any, None]]) -> int:
        """Writes all its rows as COPY's text; how many."""
        rows = f"SELECT {_listed(table.columns)} FROM {_quoted(table.name)}"
        return _count(await self._connection.copy_from_query(rows, output=write, timeout=LONG))

    async def sounds(self) -> AsyncIterator[Sound]:
        async for row in self._connection.cursor(query("sounds"), prefetch=1_000, timeout=LONG):
            yield Sound(**row)


@asynccontextmanager
async def moment(dsn: str) -> AsyncIterator[Moment]:
    """The database as it is now: whatever is written while we read, we don't see. StoreError if it can't be had."""
    connection = await connect(dsn)
    try:
        await connection.execute(UNHURRIED)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            if await connection.fetchval("SELECT to_regclass('migration')") is None:
                raise SetupError(
                    "no-database",
                    f"The database {place(dsn)} has no tables of ccplane's: name another with CCPLANE_DATABASE_URL.",
                )
            yield Moment(connection)
    except DATABASE_ERRORS as error:
        raise as_store_error(error, dsn) from error
    finally:
        connection.terminate()


async def numbers(connection: asyncpg.Connection) -> dict[str, int]:
    """What people go by, by name."""
    return {row["what"]: row["number"] for row in await connection.fetch(query("numbers"), timeout=LONG)}


# ---------------------------------------------------------------------------------------------------------- and back


def fits(applied: Iterable[Applied]) -> None:
    """StoreError if a copy with these migrations is none that this version can take."""
    ours = {each.name: each.checksum for each in migrations()}
    wanted = {each.name: each.checksum for each in applied}
    newer = sorted(wanted.keys() - ours.keys())
    if newer:
        raise StoreError(
            "backup-newer",
            f"This backup was made by a newer ccplane ({', '.join(newer)}): restore it with that version.",
        )
    changed = sorted(name for name, checksum in wanted.items() if ours[name] != checksum)
    if changed:
        raise StoreError(
            "backup-other",
            f"This backup was made by a ccplane whose {', '.join(changed)} is another: use that version.",
        )


class Refill:
    """A database that is being made anew, in one transaction."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def empty(self, *, force: bool) -> None:
        """Takes away what is ours. StoreError "database-in-use"; RequestError "database-not-empty" unless `force`."""
        tables, routines = made_by_migrations()
        present = await self._connection.fetch(query("our_tables"), tables)
        names = [row["name"] for row in present]
        unfinished = "lease" in names and await self._unfinished()
        filled = [name for name in names if name not in MADE_FILLED and await self._has_rows(name)]
        if filled and not force and not unfinished:
            raise RequestError(
                "database-not-empty",
                f"This database is not empty (it has rows in {', '.join(filled)}). Name a fresh one with "
                "CCPLANE_DATABASE_URL; --force replaces all that ccplane has in this one.",
            )
        if names:
            await self._connection.execute(f"DROP TABLE {_listed(names)} CASCADE")
        for name in routines:
            await self._connection.execute(f"DROP ROUTINE IF EXISTS {_quoted(name)} CASCADE")

    async def _has_rows(self, name: str) -> bool:
        return bool(await self._connection.fetchval(f"SELECT EXISTS (SELECT FROM {_quoted(name)})"))

    async def _unfinished(self) -> bool:
        row = await self._connection.fetchrow(query("who_is_here"))
        if row is not None and row["live"] and row["holder"] != UNFINISHED:
            raise StoreError(
                "database-in-use",
                f"The plane over outbox {row['holder']} leads this database: end it first, or name a fresh database.",
            )
        return row is not None and row["holder"] == UNFINISHED

    async def build(self, applied: Sequence[Applied], days: Iterable[date]) -> None:
        """The tables as they were, with nothing in them."""
        await bring_up(self._connection, {each.name for each in applied})
        names = [row["name"] for row in await self._connection.fetch(query("our_tables"), made_by_migrations()[0])]
        await self._connection.execute(f"TRUNCATE {_listed(names)}")
        for day in days:
            await make_partition(self._connection, day)

    async def fill(self, table: Table, rows: AsyncIterator[bytes]) -> int:
        """All its rows again; how many."""
        told = await self._connection.copy_to_table(table.name, source=rows, columns=table.columns, timeout=LONG)
        return _count(told)

    async def bring_up(self) -> None:
        """To this version's schema."""
        await bring_up(self._connection)

    async def numbers(self) -> dict[str, int]:
        return await numbers(self._connection)

    async def mark(self, epoch: int, before: str, after: str) -> None:
        """It is outbox `after`'s from here on, and nobody's to lead until `finish`."""
        await self._connection.execute(query("rename_outbox"), before, after)
        await self._connection.execute(query("bring_under_mark"), UNFINISHED, epoch)


@asynccontextmanager
async def refill(dsn: str) -> AsyncIterator[Refill]:
    """Whatever is done inside is done at its end, or not at all."""
    connection = await connect(dsn)
    try:
        await connection.execute(UNHURRIED)
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            yield Refill(connection)
    except DATABASE_ERRORS as error:
        raise as_store_error(error, dsn) from error
    finally:
        connection.terminate()


async def finish(dsn: str, outbox: str) -> None:
    """The database is whole, and this outbox may lead it."""
    connection = await connect(dsn)
    try:
        await connection.execute(query("lift_mark"), outbox, UNFINISHED)
        await connection.execute("ANALYZE", timeout=LONG)
    except DATABASE_ERRORS as error:
        raise as_store_error(error, dsn) from error
    finally:
        await connection.close()


def _count(told: str) -> int:
    """Of `COPY 12`."""
    return int(told.rpartition(" ")[2])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _listed(names: Iterable[str]) -> str:
    return ", ".join(_quoted(name) for name in names)
