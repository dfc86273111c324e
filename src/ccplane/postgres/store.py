"""Where facts are kept for good: a batch, its watermark and all that follows from it, in one transaction.

So a batch is stored once or not at all. A transaction of a connection that we gave up may still commit: it holds the
watermark's row until then, and whoever comes after it finds the watermark moved and stores nothing.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import cache
from itertools import groupby
from typing import Final

import asyncpg
import msgspec
import structlog

from ccplane.errors import StoreError
from ccplane.postgres.pool import DATABASE_ERRORS, Database, as_store_error
from ccplane.postgres.queries import query

COLUMNS: Final = ("day", "epoch", "seq", "at", "kind", "contact", "agent", "body")
PROJECTIONS: Final = ("apply_contacts", "apply_segments", "apply_offers", "apply_agents")
DAY_MS: Final = 86_400_000
EPOCH_DAY: Final = date(1970, 1, 1)
NO_NUL: Final = (b"\\u0000", b"\\ufffd")
"""jsonb can't hold a NUL; a caller's name may."""

Row = tuple[date, int, int, int, str, str | None, str | None, str]
Store = Callable[[asyncpg.Connection, date, int, list[Row]], Awaitable[None]]

UNSTORABLE: Final = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""What a fact's own content can lead to: a number too large for its column, a text too long for an index."""

log = structlog.get_logger()


class _Head(msgspec.Struct):
    """What of a fact has a column of its own."""

    type: str
    at: int
    contact: str | None = None
    agent: str | None = None


_head: Final = msgspec.json.Decoder(_Head)


def as_rows(epoch: int, facts: Sequence[tuple[int, bytes]]) -> Iterator[Row]:
    """The facts as rows of the table."""
    for seq, data in facts:
        if NO_NUL[0] in data:
            data = data.replace(*NO_NUL)
        head = _head.decode(data)
        day = EPOCH_DAY + timedelta(days=head.at // DAY_MS)
        yield day, epoch, seq, head.at, head.type, head.contact, head.agent, data.decode()


def partition(day: date) -> str:
    """The table that holds this day's facts."""
    return f"fact_{day:%Y_%m_%d}"


async def look_at(connection: asyncpg.Connection, day: date) -> None:
    """Let `batch`, which the projections read, be the facts of this day."""
    await connection.execute(f"CREATE OR REPLACE TEMPORARY VIEW batch AS SELECT * FROM {partition(day)}")


async def project(
    connection: asyncpg.Connection, epoch: int, after: int, last: int, kinds: Collection[str] | None = None
) -> None:
    """What follows from the facts of the day looked at, of this epoch, after `after` up to `last`.

    `kinds` are all that are among them, if that is known: a projection that speaks of none of these has nothing to do.
    """
    for name in PROJECTIONS:
        if kinds is None or not spoken_of(name).isdisjoint(kinds):
            await connection.execute(query(name), epoch, after, last)


@cache
def spoken_of(name: str) -> frozenset[str]:
    """The kinds of facts that a statement names; all else that it quotes is written small."""
    return frozenset(re.findall(r"'([A-Z][A-Za-z]+)'", query(name)))


class PostgresFacts:
    """The fact store of the shipper, on a connection of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: asyncpg.Connection | None = None
        self._days: set[date] = set()
        self._viewed: date | None = None

    async def watermark(self, outbox: str) -> int:
        """The last seq of this outbox that is stored; 0 if none is."""
        try:
            return int(await (await self._connected()).fetchval(query("read_watermark"), outbox))
        except DATABASE_ERRORS as error:
            raise as_store_error(error, self._database.dsn) from error

    async def ship(self, outbox: str, epoch: int, after: int, facts: Sequence[tuple[int, bytes]]) -> None:
        """Stores facts that follow on `after`; StoreError `watermark-moved` if others have been stored meanwhile."""
        rows = list(as_rows(epoch, facts))
        try:
            connection = await self._connected()
            await self._ensure_partitions(connection, {row[0] for row in rows})
            try:
                await self._ship(connection, outbox, epoch, after, rows, self._store)
            except UNSTORABLE as error:
                log.warning("a batch of facts was refused; storing them one by one", epoch=epoch, error=str(error))
                self._viewed = None
                await self._ship(connection, outbox, epoch, after, rows, self._store_each)
        except DATABASE_ERRORS as error:
            self._viewed = None
            raise as_store_error(error, self._database.dsn) from error

    async def _ship(
        self, connection: asyncpg.Connection, outbox: str, epoch: int, after: int, rows: list[Row], store: Store
    ) -> None:
        async with connection.transaction():
            await self._advance(connection, outbox, epoch, after, rows[-1][2])
            for day, part in groupby(rows, key=lambda row: row[0]):
                await store(connection, day, epoch, list(part))

    async def close(self) -> None:
        """Gives up the connection, whatever it was doing."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._days.clear()
            self._viewed = None
            self._connection = await self._database.connect()
        return self._connection

    async def _advance(self, connection: asyncpg.Connection, outbox: str, epoch: int, after: int, last: int) -> None:
        if await connection.fetchval(query("advance_watermark"), epoch, outbox, after, last) is not None:
            return
        found = await connection.fetchrow(query("watermark_of_epoch"), epoch)
        if found is not None and found["outbox"] != outbox:
            raise StoreError(
                "epoch-taken",
                f"Epoch {epoch} is of the outbox {found['outbox']} in Postgres; the facts of outbox {outbox} with the "
                "same epoch stay in its file. Start the plane anew, so that it takes an epoch of its own.",
                epoch=epoch,
            )
        raise StoreError(
            "watermark-moved", f"The watermark of epoch {epoch} is not at {after}, where it was.", epoch=epoch
        )

    async def _ensure_partitions(self, connection: asyncpg.Connection, days: set[date]) -> None:
        """The days of the batch, and the day after, so that midnight finds its partition made."""
        for day in sorted(days | {max(days) + timedelta(days=1)}):
            if day in self._days:
                continue
            with suppress(asyncpg.DuplicateTableError, asyncpg.UniqueViolationError):  # another made it just now
                await connection.execute(
                    f"CREATE TABLE IF NOT EXISTS {partition(day)} PARTITION OF fact "
                    f"FOR VALUES FROM ('{day}') TO ('{day + timedelta(days=1)}')"
                )
            self._days.add(day)

    async def _store(self, connection: asyncpg.Connection, day: date, epoch: int, rows: list[Row]) -> None:
        """The rows of one day, and what follows from exactly these.

        The projections read `batch`, a view of the day's partition that this connection alone sees: were they to read
        `fact`, each would be planned over every partition there is (400 days: three times the processor time).
        """
        if self._viewed != day:
            await look_at(connection, day)
            self._viewed = day
        await connection.copy_records_to_table(partition(day), records=rows, columns=COLUMNS)
        await project(connection, epoch, rows[0][2] - 1, rows[-1][2], {row[4] for row in rows})

    async def _store_each(self, connection: asyncpg.Connection, day: date, epoch: int, rows: list[Row]) -> None:
        """One by one: a fact that a projection can't take must not hold up all that come after it for ever.

        It is stored without them, and they are made anew by `rebuild` once their fault is mended.
        """
        for row in rows:
            try:
                async with connection.transaction():
                    await self._store(connection, day, epoch, [row])
            except UNSTORABLE as error:
                log.error("a fact is stored without its projections", epoch=epoch, seq=row[2], error=str(error))
                self._viewed = None
                await connection.copy_records_to_table(partition(day), records=[row], columns=COLUMNS)
