"""Brings a database to the schema of this version: migrations/*.sql in order, each once, each in a transaction.

What was applied is remembered with its checksum, since a migration that was changed afterwards would leave two
databases of the same version unlike each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from importlib.resources import files
from typing import Final, NamedTuple

import asyncpg

from ccplane.errors import StoreError
from ccplane.postgres.pool import as_store_error, connect, is_away

LOCK: Final = 0x6363706C616E65  # "ccplane"
TABLE: Final = """
CREATE TABLE migration (
    name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
"""


class Migration(NamedTuple):
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Those of this version, in order."""
    folder = files(__package__).joinpath("migrations")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))
    return [Migration(name, folder.joinpath(name).read_text("utf-8")) for name in names]


async def migrate(dsn: str) -> list[str]:
    """Applies what is missing and returns the names. Two planes may do it at once: one waits for the other."""
    connection = await connect(dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        return await bring_up(connection)
    finally:
        await connection.close()


async def bring_up(connection: asyncpg.Connection, only: Collection[str] | None = None) -> list[str]:
    """Applies what is missing, of these names alone if some are given; within the caller's transaction, if in one.

    Where nothing is missing nothing is written: it needs no right to create, nor a Postgres that takes writes."""
    if not await _is_known(connection):
        await connection.execute(TABLE)
    missing = [each for each in await _missing(connection, migrations()) if only is None or each.name in only]
    for each in missing:
        await _apply(connection, each)
    return [each.name for each in missing]


async def pending(dsn: str) -> list[str]:
    """What `migrate` would apply."""
    connection = await connect(dsn)
    try:
        if not await _is_known(connection):
            return [each.name for each in migrations()]
        return [each.name for each in await _missing(connection, migrations())]
    finally:
        await connection.close()


async def _is_known(connection: asyncpg.Connection) -> bool:
    """Whether this database remembers what was applied."""
    return await connection.fetchval("SELECT to_regclass('migration')") is not None


async def _missing(connection: asyncpg.Connection, wanted: list[Migration]) -> list[Migration]:
    applied = {row["name"]: row["checksum"] for row in await connection.fetch("SELECT name, checksum FROM migration")}
    for each in wanted:
        if each.name in applied and applied[each.name] != each.checksum:
            raise StoreError(
                "migration-changed",
                f"{each.name} was changed after this database was migrated with it. Put the file back as it was.",
                migration=each.name,
            )
    newer = sorted(applied.keys() - {each.name for each in wanted})
    if newer:
        raise StoreError(
            "migration-unknown",
            f"This database was migrated by a newer ccplane ({', '.join(newer)}): run that version.",
            migrations=newer,
        )
    return [each for each in wanted if each.name not in applied]


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO migration (name, checksum) VALUES ($1, $2)", migration.name, migration.checksum
            )
    except asyncpg.PostgresError as error:
        if is_away(as_store_error(error, "")):  # it is not the file's fault, and may go well in a moment
            raise
        line, statement = _place(migration.sql, error)
        raise StoreError(
            "migration-failed",
            f"{migration.name}:{line}: {error}. Nothing of this file was applied. The statement: {statement}",
            migration=migration.name,
            line=line,
            statement=statement,
        ) from error


def _place(sql: str, error: asyncpg.PostgresError) -> tuple[int, str]:
    """The line, and the statement around the place that Postgres gives (in characters from 1, if it gives one)."""
    position = int(getattr(error, "position", None) or 1) - 1
    start = sql.rfind(";\n", 0, position) + 1
    end = sql.find(";\n", position)
    return sql.count("\n", 0, position) + 1, sql[start : end if end >= 0 else None].strip()
