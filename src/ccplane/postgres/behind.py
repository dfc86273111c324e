"""What stands behind a figure of the past: the stays, offers, callbacks, surveys, contacts and times that it counts."""

from __future__ import annotations

from typing import Final

import msgspec

from ccplane.kpi.behind import Kind, Thing
from ccplane.kpi.slices import By
from ccplane.postgres.history import LONG_S
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query

QUERIES: Final = {
    Kind.STAY: "stays_behind",
    Kind.OFFER: "offers_behind",
    Kind.CALLBACK: "callbacks_behind",
    Kind.SURVEY: "surveys_behind",
    Kind.CONTACT: "contacts_behind",
    Kind.TIME: "times_behind",
}


class BehindStore:
    """The rows of which one database's figures are counted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def things(
        self,
        kind: Kind,
        counters: tuple[str, ...],
        since: int,
        until: int,
        by: By,
        name: str,
        *,
        after: tuple[int, str] | None = None,
        limit: int,
        now: int,
    ) -> list[Thing]:
        """Those that add to any of `counters` in [since, until), ms UTC, for one group, in order; from `after`, the
        `at` and `id` of one, on. `now`: as far as times have been counted. StoreError: no Postgres."""
        place = after or (None, None)
        asked = [since, until, by.value, name, list(counters), *place, limit]
        if kind is Kind.TIME:
            asked.append(now)
        async with self._database.connection() as connection:
            rows = await connection.fetch(query(QUERIES[kind]), *asked, timeout=LONG_S)
        return [
            Thing(kind=kind, **{**row, "counts": msgspec.json.decode(row["counts"], type=dict[str, int])})
            for row in rows
        ]
