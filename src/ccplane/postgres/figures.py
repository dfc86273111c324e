"""Figures that are made of whole contacts and days, and not of counters: so far, first contacts and what came after."""

from __future__ import annotations

from typing import Any, Final

import asyncpg

from ccplane.errors import RequestError
from ccplane.kpi.slices import By
from ccplane.kpi.workforce import Resolved
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query

LONG_S: Final = 600.0


class FigureStore:
    """What one database says."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def resolved(self, since: int, until: int, *, before_ms: int, after_ms: int, now: int) -> Resolved:
        """First contacts in [since, until), ms UTC: of numbers that had not called within `before_ms`, and of these
        how many did not call again within `after_ms`; both inclusive. StoreError without Postgres."""
        windows = {"before_ms": before_ms, "after_ms": after_ms}
        return (await self.resolved_by(since, until, By.SITE, **windows, now=now))[""]

    async def resolved_by(
        self, since: int, until: int, by: By, *, before_ms: int, after_ms: int, now: int
    ) -> dict[str, Resolved]:
        """The same by the queue that a first contact entered last, or by the number that it dialled; "" is the site, or
        of those that came into no queue. Whoever calls again, wherever, was not helped."""
        if by not in (By.SITE, By.QUEUE, By.NUMBER):
            raise RequestError("not-by", f"First contacts are not counted by {by}, but by site, queue and number.")
        asked = since, until, before_ms, after_ms, now, by.value
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute("SET LOCAL statement_timeout = 0")
            rows = await connection.fetch(query("first_contacts"), *asked, timeout=LONG_S)
        found = {name: Resolved(**counts) for name, counts in ((row["name"], _counts(row)) for row in rows)}
        return found or ({"": Resolved()} if by is By.SITE else {})


def _counts(row: asyncpg.Record) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "name"}
