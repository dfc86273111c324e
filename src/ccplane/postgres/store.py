"""Where facts are kept for good: a batch, its watermark and all that follows from it, in one transaction.

The transaction is one message to Postgres: it wakes either side once, and holds no lock while it waits for us. So a
batch is stored once or not at all. The message of a connection that we gave up may still be carried out: whoever comes
after it waits for it, finds the watermark moved and stores nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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
PROJECTIONS: Final = (
    "apply_queue_rules",
    "apply_site_rules",
    "apply_teams",
    "apply_contacts",
    "apply_segments",
    "apply_offers",
    "apply_agents",
    "apply_messages",
    "apply_faxes",
    "apply_recordings",
    "apply_gaps",
    "apply_callbacks",
    "apply_surveys",
    "apply_quarters",
)
OUTGOING: Final = ("apply_notices",)
"""What is done once with a batch, and never again: these rows don't follow from facts alone; `rebuild` leaves them."""
DAY_MS: Final = 86_400_000
EPOCH_DAY: Final = date(1970, 1, 1)
NO_NUL: Final = (b"\\u0000", b"\\ufffd")
"""jsonb can't hold a NUL; a caller's name may."""

SESSION: Final = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;"
"""Plans are made once, perhaps while all tables are empty, and must serve when these are full. What a batch touches is
found by keys; but to read an empty table from end to end looks cheaper."""

Row = tuple[date, int, int, int, str, str | None, str | None, str]

UNSTORABLE: Final = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
)
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
        yield _day(head.at // DAY_MS), epoch, seq, head.at, head.type, head.contact, head.agent, data.decode()


@cache
def _day(number: int) -> date:
    return EPOCH_DAY + timedelta(days=number)


def partition(day: date) -> str:
    """The table that holds this day's facts."""
    return f"fact_{day:%Y_%m_%d}"


async def make_partition(connection: asyncpg.Connection, day: date) -> None:
    """The table for this day's facts, if there is none yet."""
    await connection.execute(
        f"CREATE TABLE IF NOT EXISTS {partition(day)} PARTITION OF fact "
        f"FOR VALUES FROM ('{day}') TO ('{day + timedelta(days=1)}')"
    )


async def look_at(connection: asyncpg.Connection, day: date) -> None:
    """Let `batch`, which the projections read, be the facts of this day; only this connection sees it.

    Were they to read `fact`, each would be planned over every partition there is. The day is said once more for the
    partition's key, (day, epoch, seq).
    """
    await connection.execute(
        f"CREATE OR REPLACE TEMPORARY VIEW batch AS SELECT * FROM {partition(day)} WHERE day = '{day}'"
    )


def literal(text: str) -> str:
    """The text as SQL writes it, as long as `standard_conforming_strings` is on (pool.SETTINGS)."""
    return "'" + text.replace("'", "''") + "'"


@cache
def spoken_of(name: str) -> frozenset[str]:
    """The kinds of facts that a statement names; all else that it quotes is written small."""
    return frozenset(re.findall(r"'([A-Z][A-Za-z]+)'", query(name)))


class PostgresFacts:
    """The fact store of the shipper, on a connection of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: asyncpg.Connection | None = None
        self._day: date | None = None
        """What the connection is prepared for."""

    async def watermark(self, outbox: str) -> int:
        """The last seq of this outbox that is stored; 0 if none is. StoreError also of one that takes no facts."""
        try:
            row = await (await self._connected()).fetchrow(query("read_watermark"), outbox)
        except DATABASE_ERRORS as error:
            raise as_store_error(error, self._database.dsn) from error
        assert row is not None
        if row["read_only"]:
            raise as_store_error(asyncpg.ReadOnlySQLTransactionError("it can only be read"), self._database.dsn)
        return int(row["seq"])

    async def ship(self, outbox: str, epoch: int, after: int, facts: Sequence[tuple[int, bytes]]) -> None:
        """Stores facts that follow on `after`; StoreError `watermark-moved` if others have been stored meanwhile.

        All or nothing, but at midnight: then first those of the day that ended, then the others.
        """
        try:
            connection = await self._connected()
            for day, of_the_day in groupby(as_rows(epoch, facts), key=lambda row: row[0]):
                rows = list(of_the_day)
                await self._prepare(connection, day)
                await self._ship(connection, outbox, after, rows)
                after = rows[-1][2]
        except DATABASE_ERRORS as error:
            await self.close()
            raise as_store_error(error, self._database.dsn) from error

    async def close(self) -> None:
        """Gives up the connection, whatever it was doing."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._day = None
            self._connection = await self._database.connect()
        return self._connection

    async def _prepare(self, connection: asyncpg.Connection, day: date) -> None:
        """Partitions for this day and the next, so that midnight finds its own made; and `batch` shows this day.

        The statements are parsed once per connection, and planned anew by Postgres whenever `batch` changes.
        """
        if self._day == day:
            return
        for each in (day, day + timedelta(days=1)):
            with suppress(asyncpg.DuplicateTableError, asyncpg.UniqueViolationError):  # another made it just now
                await make_partition(connection, each)
        await look_at(connection, day)
        if self._day is None:
            statements = (f"PREPARE {name} AS {query(name)}" for name in ("advance_watermark", *PROJECTIONS, *OUTGOING))
            await connection.execute("\n".join((SESSION, *statements)))
        self._day = day

    async def _ship(self, connection: asyncpg.Connection, outbox: str, after: int, rows: list[Row]) -> None:
        try:
            await self._store(connection, outbox, after, rows)
        except UNSTORABLE as error:
            epoch = rows[0][1]
            await self._check_place(connection, outbox, epoch, after)
            log.warning("a batch of facts was refused; storing them one by one", epoch=epoch, error=str(error))
            await self._store_each(connection, outbox, after, rows)

    async def _store(
        self,
        connection: asyncpg.Connection,
        outbox: str,
        after: int,
        rows: list[Row],
        projections: Sequence[str] = (*PROJECTIONS, *OUTGOING),
    ) -> None:
        """The rows of one day, and what follows from exactly these: all in one message, and so in one transaction.

        asyncpg ends its COPY with `where` as it is given, so the other statements may follow there. A projection that
        speaks of none of the batch's kinds of facts has nothing to do.
        """
        _, epoch, last, *_ = rows[-1]
        kinds = {row[4] for row in rows}
        statements = ["true", f"EXECUTE advance_watermark({epoch}, {literal(outbox)}, {after}, {last})"]
        for name in projections:
            if not spoken_of(name).isdisjoint(kinds):
                statements.append(f"EXECUTE {name}({epoch}, {after}, {last})")
        await connection.copy_records_to_table(
            partition(rows[0][0]), records=rows, columns=COLUMNS, where="; ".join(statements)
        )

    async def _store_each(self, connection: asyncpg.Connection, outbox: str, after: int, rows: list[Row]) -> None:
        """One by one: a fact that a projection can't take must not hold up all that come after it for ever.

        It is stored without them, and they are made anew by `rebuild` once their fault is mended.
        """
        for row in rows:
            try:
                await self._store(connection, outbox, after, [row])
            except UNSTORABLE as error:
                await self._store_bare(connection, outbox, after, row)
                log.error("a fact is stored without its projections", epoch=row[1], seq=row[2], error=str(error))
            after = row[2]

    async def _store_bare(self, connection: asyncpg.Connection, outbox: str, after: int, row: Row) -> None:
        """Without projections. If the contact's id is too long even for the facts' own index, then without that: the
        body has it, but the contact is not found by it, and `rebuild` is refused until that column is mended by hand.
        """
        try:
            await self._store(connection, outbox, after, [row], projections=())
        except asyncpg.ProgramLimitExceededError:
            bare = (*row[:5], None, *row[6:])
            await self._store(connection, outbox, after, [bare], projections=())

    async def _check_place(self, connection: asyncpg.Connection, outbox: str, epoch: int, after: int) -> None:
        """StoreError if it was for the watermark that a batch was refused."""
        found = await connection.fetchrow(query("watermark_of_epoch"), epoch)
        if found is not None and found["outbox"] != outbox:
            raise StoreError(
                "epoch-taken",
                f"Epoch {epoch} is of the outbox {found['outbox']} in Postgres; the facts of outbox {outbox} with the "
                "same epoch stay in its file. Start the plane anew, so that it takes an epoch of its own.",
                epoch=epoch,
            )
        if found is not None and found["seq"] != after:
            raise StoreError(
                "watermark-moved", f"The watermark of epoch {epoch} is not at {after}, where it was.", epoch=epoch
            )
