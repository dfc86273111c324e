"""What there was before with a caller: their last contacts, in short, for the agent whose phone rings."""

from __future__ import annotations

from typing import Final

import msgspec

from ccplane.ids import ContactId
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query

MOST: Final = 5


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """A contact of before. `outcome`: of its last stay in a queue, None if it came to none; `queue` and `agent`: the
    last ones. Times in ms."""

    contact: str
    arrived_at: int
    number_dialled: str | None
    queue: str | None
    agent: str | None
    outcome: str | None
    talk_ms: int


async def before(database: Database, contact: ContactId, caller: str) -> list[Earlier]:
    """The caller's last contacts other than this one, the latest first. StoreError if Postgres can't be asked."""
    async with database.connection() as connection:
        rows = await connection.fetch(query("caller_history"), caller, contact, MOST)
    return [Earlier(**row) for row in rows]
