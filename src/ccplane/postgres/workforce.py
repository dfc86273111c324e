"""What agents were to do, and did: read for the figures of their time."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from ccplane.agents.agent import Shown
from ccplane.kpi.schedule import Activity, Did, Planned
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query

LONG_S: Final = 600.0


class WorkforceStore:
    """What one database says. Instants are ms UTC; spans are half-open. StoreError without Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def plans(self, since: int, until: int) -> dict[str, list[Planned]]:
        """By agent, in order: what reaches into it."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(query("plans"), since, until, timeout=LONG_S)
        found: dict[str, list[Planned]] = {}
        for row in rows:
            planned = Planned(row["began_at"], row["ends_at"], Activity(row["activity"]))
            found.setdefault(row["agent"], []).append(planned)
        return found

    async def did(self, agents: Collection[str], since: int, until: int, now: int) -> dict[str, list[Did]]:
        """By agent, in order. States of work but calls of one's own are told as ready."""
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute("SET LOCAL statement_timeout = 0")
            rows = await connection.fetch(query("agents_did"), sorted(agents), since, until, now, timeout=LONG_S)
        found: dict[str, list[Did]] = {}
        for row in rows:
            did = Did(row["began_at"], row["ends_at"], Shown(row["state"]), row["reason"])
            found.setdefault(row["agent"], []).append(did)
        return found

    async def teams(self) -> dict[str, list[tuple[int, str]]]:
        """By agent: from when on they were in which team; before the first in none, which is ""."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(query("teams_since"), timeout=LONG_S)
        found: dict[str, list[tuple[int, str]]] = {}
        for row in rows:
            found.setdefault(row["agent"], []).append((row["at"], row["team"]))
        return found
