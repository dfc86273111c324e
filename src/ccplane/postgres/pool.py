"""Connections to Postgres. Every way in which it can't be reached becomes a StoreError that says what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Self
from urllib.parse import parse_qs, urlsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from ccplane.addresses import database_address, hosts
from ccplane.errors import StoreError

SETTINGS: Final = {
    "application_name": "ccplane",
    "timezone": "UTC",
    "jit": "off",
    "standard_conforming_strings": "on",
    "synchronous_commit": "on",  # what Postgres has acknowledged is deleted from the outbox
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "30s",
}
CONNECT_WITHIN: Final = 3.0
COMMAND_WITHIN: Final = 30.0
ANSWER_WITHIN: Final = 8.0
"""For whoever asks over the pool: somebody waits for the answer, and a Postgres that hangs gives none."""

AWAY: Final = frozenset({"postgres-unreachable", "postgres-read-only", "postgres-full", "postgres-refuses-us"})
"""The codes with which Postgres is away for us. It may do the same in a moment, or after somebody has mended it; it
does not say that what we asked was wrong."""

AWAY_CLASSES: Final = ("08", "40", "53", "57", "58", "XX")
"""Of SQLSTATEs: the connection, a transaction that gave way to another, no resources (memory, connections), the
operator (shutting down, starting, a time limit), the machine under it, and its own faults."""
AWAY_STATES: Final = frozenset({"25P03", "55P03"})
"""A session that was idle for too long, a lock that was not to be had."""
REFUSES_US_CLASS: Final = "28"
REFUSES_US_STATES: Final = frozenset({"42501", "3D000", "3F000", "55000"})
"""Class 28: a password, a role, a rule of pg_hba.conf. Then: a right that was revoked; a database or a schema that has
another name now; a database that takes no connections."""
READ_ONLY: Final = "25006"
FULL: Final = "53100"

DATABASE_ERRORS: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""All that asyncpg raises for what is Postgres's or the network's doing."""


def place(dsn: str) -> str:
    """The address without its password, for sentences."""
    try:
        parts = urlsplit(database_address(dsn))
    except ValueError:  # where the password ends in it nobody can say
        return "an address that cannot be read"
    host = ",".join(hosts(parts)) or parse_qs(parts.query).get("host", ["a local socket"])[0]
    return f"{host}{parts.path}"


def as_store_error(error: Exception, dsn: str) -> StoreError:
    """With a code of `AWAY` if it does nothing for us now, whatever is asked; `postgres-refused` said no to this."""
    what, state = str(error) or type(error).__name__, _sqlstate(error)
    at = f"Postgres at {place(dsn)}"
    if state == READ_ONLY:
        return StoreError("postgres-read-only", f"{at} takes no writes at present: {what}", sqlstate=state)
    if state == FULL:
        return StoreError("postgres-full", f"{at} has no disk space left: {what}", sqlstate=state)
    if not state and isinstance(error, TimeoutError):
        what = f"it does not answer ({what})"
    if state[:2] == REFUSES_US_CLASS or state in REFUSES_US_STATES:
        return StoreError("postgres-refuses-us", f"{at} refuses us: {what}", sqlstate=state)
    ours = isinstance(error, ValueError)  # an address, or a value, that cannot be
    if (not state and not ours) or state[:2] in AWAY_CLASSES or state in AWAY_STATES:  # without: the network's doing
        return StoreError("postgres-unreachable", f"{at} cannot be reached: {what}", sqlstate=state)
    return StoreError("postgres-refused", f"{at} refused: {what}", sqlstate=state)


def is_away(error: StoreError) -> bool:
    """Whether Postgres is away for us, as against one that is there and says no to what we asked."""
    return error.code in AWAY


def _sqlstate(error: Exception) -> str:
    return str(getattr(error, "sqlstate", None) or "")


async def connect(dsn: str, within: float = CONNECT_WITHIN) -> asyncpg.Connection:
    """One connection of the caller's own."""
    try:
        return await asyncpg.connect(
            dsn, timeout=within, command_timeout=COMMAND_WITHIN, server_settings=SETTINGS, ssl=None
        )
    except (*DATABASE_ERRORS, ValueError) as error:
        raise as_store_error(error, dsn) from error


class Database:
    """The pool of one database. It can be opened while Postgres is away, and lives through its restarts."""

    def __init__(self, dsn: str, *, max_size: int = 6) -> None:
        self.dsn = dsn
        self.last_error = ""
        """Why it could not be reached when last tried; empty if it could."""
        self.troubles = 0
        """How often it was away when it was tried, ever."""
        self._max_size = max_size
        self._pool: asyncpg.Pool | None = None

    @property
    def reachable(self) -> bool:
        return self._pool is not None and not self.last_error

    async def open(self) -> None:
        """Makes the pool; connects to nothing yet."""
        try:
            self._pool = await asyncpg.create_pool(
                self.dsn,
                min_size=0,
                max_size=self._max_size,
                timeout=CONNECT_WITHIN,
                command_timeout=ANSWER_WITHIN,
                server_settings=SETTINGS,
            )
        except (*DATABASE_ERRORS, ValueError) as error:
            raise as_store_error(error, self.dsn) from error

    async def close(self) -> None:
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), CONNECT_WITHIN)
            except TimeoutError:
                self._pool.terminate()
            self._pool = None

    async def __aenter__(self) -> Self:
        """Opened, for as long as the block takes."""
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def check(self) -> None:
        """StoreError if it can't be used now."""
        async with self.connection() as connection:
            await connection.execute("SELECT 1")

    async def connect(self, within: float = CONNECT_WITHIN) -> asyncpg.Connection:
        """A connection outside the pool, for who needs one for good."""
        try:
            connection = await connect(self.dsn, within)
        except StoreError as error:
            self.last_error, self.troubles = error.sentence, self.troubles + 1
            raise
        self.last_error = ""
        return connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[PoolConnectionProxy[asyncpg.Record]]:
        """One of the pool's. What Postgres says inside the block becomes a StoreError, too."""
        if self._pool is None:
            raise StoreError("postgres-not-opened", "The database was not opened.")
        reached = False
        try:
            async with self._pool.acquire(timeout=CONNECT_WITHIN) as connection:
                reached = True
                yield connection
        except DATABASE_ERRORS as error:
            failure = as_store_error(error, self.dsn)
            reached = reached and not is_away(failure)
            self.troubles += not reached
            self.last_error = "" if reached else failure.sentence
            raise failure from error
        self.last_error = ""
