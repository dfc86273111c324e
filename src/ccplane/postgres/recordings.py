"""Recordings as the API shows them. All instants are integer ms UTC; None where there is none (yet)."""

from __future__ import annotations

from typing import Final

import msgspec

from ccplane.ids import RecordingId
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query

MOST: Final = 500


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """A filter; what is None is not asked for. `since`, `until`: ms of the first fact, [since, until)."""

    state: str | None = None
    queue: str | None = None
    agent: str | None = None
    contact: str | None = None
    since: int | None = None
    until: int | None = None


class RecordingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A recording. `state`: asked recording paused failed ended stored lost. `wav`, `opus`: paths within the store."""

    id: str
    contact: str
    segment: int | None
    agent: str | None
    queue: str | None
    direction: str | None
    state: str | None
    first_at: int
    started_at: int | None
    ended_at: int | None
    stored_at: int | None
    expected_ms: int | None
    ms: int | None
    paused_ms: int | None
    bytes: int | None
    incomplete: bool
    reason: str | None
    wav: str | None
    opus: str | None
    plays: int


async def recordings(
    database: Database, sought: Sought, *, after: tuple[int, str] | None = None, limit: int = 50
) -> list[RecordingRow]:
    """At most `limit` (1 to 501) of them, the latest first; `after`: the `first_at` and id of the row before."""
    asked = msgspec.structs.astuple(sought)
    async with database.connection() as connection:
        rows = await connection.fetch(
            query("list_recordings"), *asked, *(after or (None, None)), max(1, min(limit, MOST + 1))
        )
    return [RecordingRow(**row) for row in rows]


async def recording(database: Database, recording_id: RecordingId) -> RecordingRow | None:
    async with database.connection() as connection:
        row = await connection.fetchrow(query("read_recording"), recording_id)
    return None if row is None else RecordingRow(**row)
