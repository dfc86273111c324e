"""Figures that are made of whole contacts and days, and not of counters: so far, first contacts and what came after."""

from __future__ import annotations

from typing import Final

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
        async with self._database.connection() as connection:
            (row,) = await connection.fetch(
                query("first_contacts"), since, until, before_ms, after_ms, now, timeout=LONG_S
            )
        return Resolved(**row)
