"""Promises to call back: kept and claimed here, each in one statement; and callbacks as the API shows them.

Instants are integer ms UTC; None where there is none yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from ccplane.contacts.callback import Callback
from ccplane.ids import CallbackId
from ccplane.postgres.cursors import cursor, place
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query

MOST = 500


class Claim(NamedTuple):
    """What came of a claim: the `tries`-th, or none, and `why`."""

    tries: int
    why: str


class PromiseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A promise that is live: what a plane needs that knows nothing of it."""

    id: str
    number: str
    queue: str
    since: int
    expires_at: int
    caller_name: str
    number_dialled: str
    language: str
    turn: int
    tries: int
    not_before: int | None = None


class CallbackRow(msgspec.Struct, frozen=True, kw_only=True):
    """A callback. `state`: asked, pending, waiting, claiming, dialling, reached, refused; or how it ended."""

    id: str
    number: str
    queue: str
    asked_in: str | None
    asked_by: str | None
    state: str
    why: str | None
    contact: str | None
    agent: str | None
    tries: int
    waited_ms: int | None
    since: int
    asked_at: int
    expires_at: int
    next_at: int | None
    reached_at: int | None
    ended_at: int | None
    not_before: int | None = None


class CallbacksWanted(msgspec.Struct, frozen=True, kw_only=True):
    """A filter; what is None is not asked for. `state`: one of a row's, or `open`: all that are not over."""

    queue: str | None = None
    state: str | None = None
    number: str | None = None


class CallbackPage(msgspec.Struct, frozen=True):
    """A list, and the cursor of what follows; None on the last page."""

    callbacks: list[CallbackRow]
    next: str | None


class BarredNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A number that is not called. `until`: None: for good."""

    number: str
    why: str
    by: str
    since: int
    until: int | None


class Ledger:
    """Promises and claims. StoreError if Postgres can't be asked: then nothing is promised and nothing dialled."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, callback: Callback) -> str:
        """Why it is not kept; "" once it is committed."""
        async with self._database.connection() as connection:
            return str(await connection.fetchval(query("keep_promise"), *kept_as(callback)))

    async def release(self, number: str, over: Sequence[CallbackId]) -> bool:
        """Whether the number was promised by one of these, which are over: it can be promised anew."""
        async with self._database.connection() as connection:
            return await connection.fetchval(query("release_promise"), number, list(over)) is not None

    async def claim(self, callback: CallbackId, turn: int, now: int, most: int) -> Claim:
        """The right to dial in this turn, at most the `most`-th time in all; committed when it returns."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(query("claim_try"), callback, turn, now, most)
        assert row is not None
        return Claim(row["tries"], row["why"])

    @property
    def troubles(self) -> int:
        """How often Postgres was away for anybody who asked it, ever."""
        return self._database.troubles

    async def check(self) -> None:
        """StoreError if nothing could be kept or claimed now."""
        async with self._database.connection() as connection:
            await connection.execute(query("ledger_takes_writes"))

    async def live(self) -> list[PromiseRow]:
        async with self._database.connection() as connection:
            return [PromiseRow(**row) for row in await connection.fetch(query("live_promises"))]


class Callbacks:
    """Callbacks, and numbers that are not called, as far as Postgres has them. StoreError if it can't be asked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def callbacks(self, wanted: CallbacksWanted, *, after: str | None = None, limit: int = 50) -> CallbackPage:
        """A page of at most `limit` (1 to 500), the latest asked first. RequestError `bad-cursor`."""
        limit = max(1, min(limit, MOST))
        asked = (wanted.queue, wanted.state, wanted.number)
        from_there = place(after) if after is not None else (None, None)
        async with self._database.connection() as connection:
            rows = await connection.fetch(query(list_for(wanted)), *asked, *from_there, limit + 1)
        found = [CallbackRow(**row) for row in rows[:limit]]
        return CallbackPage(found, cursor(found[-1].asked_at, found[-1].id) if len(rows) > limit else None)

    async def callback(self, wanted: CallbackId) -> CallbackRow | None:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(query("read_callback"), wanted)
        return None if row is None else CallbackRow(**row)

    async def bar(self, number: str, why: str, by: str, now: int, until: int | None) -> None:
        """From here on this number is not called; a try that is claimed already goes on."""
        async with self._database.connection() as connection:
            await connection.execute(query("bar_number"), number, why, by, now, until)

    async def unbar(self, number: str) -> bool:
        """Whether it was barred."""
        async with self._database.connection() as connection:
            return await connection.fetchval(query("unbar_number"), number) is not None

    async def barred(self, now: int, *, after: str = "", limit: int = 500) -> list[BarredNumber]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(query("barred_numbers"), now, after, limit)
        return [BarredNumber(**row) for row in rows]


def kept_as(callback: Callback) -> tuple[str | int | None, ...]:
    """What `keep_promise` is asked with."""
    row = (callback.id, callback.number, callback.queue, callback.since, callback.asked_at, callback.expires_at)
    return (*row, callback.caller_name, callback.number_dialled, callback.language, callback.not_before)


def list_for(wanted: CallbacksWanted) -> str:
    """The query by whose index the fewest are looked at."""
    if wanted.state == "open":
        return "list_open_callbacks"
    return "list_callbacks" if wanted.number is None else "list_callbacks_of"
