"""How a day went by the quarter of an hour, for who draws it."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query


class Quarter(msgspec.Struct, frozen=True, kw_only=True):
    """Fifteen minutes from `began_at`, ms UTC. Stays in queues that were entered then: `offered`, and what came of
    them; `answered_within` the service level's time. `provisional`: it may still change."""

    began_at: int
    offered: int
    answered: int
    abandoned: int
    answered_within: int
    provisional: bool


class Courses:
    """As one database has them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def course(self, since: int, until: int, queues: Collection[str], /) -> list[Quarter]:
        """Of these queues together, or of the site. A quarter without anything is not among them. StoreError."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(query("course"), since, until, list(queues))
        return [Quarter(**row) for row in rows]
