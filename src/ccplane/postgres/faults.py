"""What went wrong, as the log has it."""

from __future__ import annotations

from ccplane.facts import AnyFact, decode
from ccplane.postgres.history import LONG_S
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query


class FaultStore:
    """The facts of one database that tell of faults."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def faults(self, since: int, until: int, most: int) -> list[AnyFact]:
        """Those told in [since, until), ms UTC, and those of a month around that tell of something that reaches into
        it; in order, at most so many. StoreError: no Postgres."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(query("read_faults"), since, until, most, timeout=LONG_S)
        return [decode(row["body"].encode()) for row in rows]
