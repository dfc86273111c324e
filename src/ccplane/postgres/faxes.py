"""Faxes as the API shows them: lists, the latest first, with cursors; and one. Instants are integer ms UTC."""

from __future__ import annotations

import msgspec

from ccplane.ids import FaxId
from ccplane.postgres.cursors import cursor, place
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query

MOST = 500


class FaxRow(msgspec.Struct, frozen=True, kw_only=True):
    """A fax. `complete`: else `reason` says what went wrong; `file`: in the folder of faxes; `read_at`: first."""

    id: str
    contact: str
    box: str
    caller: str
    number_dialled: str
    came_at: int
    pages: int
    complete: bool
    reason: str
    station: str
    bytes: int
    file: str
    read_at: int | None
    deleted_at: int | None


class FaxesWanted(msgspec.Struct, frozen=True, kw_only=True):
    """A filter; what is None is not asked for. `since`, `until`: ms."""

    box: str | None = None
    deleted: bool = False
    since: int | None = None
    until: int | None = None


class FaxPage(msgspec.Struct, frozen=True):
    """A list, and the cursor of what follows; None on the last page."""

    faxes: list[FaxRow]
    next: str | None


async def faxes(
    database: Database, wanted: FaxesWanted | None = None, *, after: str | None = None, limit: int = 50
) -> FaxPage:
    """A page of at most `limit` (1 to 500); `after` is the `next` of the page before. RequestError `bad-cursor`."""
    limit = max(1, min(limit, MOST))
    asked = msgspec.structs.astuple(wanted or FaxesWanted())
    from_there = place(after) if after is not None else (None, None)
    async with database.connection() as connection:
        rows = await connection.fetch(query("list_faxes"), *asked, *from_there, limit + 1)
    found = [FaxRow(**row) for row in rows[:limit]]
    return FaxPage(found, cursor(found[-1].came_at, found[-1].id) if len(rows) > limit else None)


async def fax(database: Database, wanted: FaxId) -> FaxRow | None:
    """One fax; None if there is no such one."""
    async with database.connection() as connection:
        row = await connection.fetchrow(query("read_fax"), wanted)
    return None if row is None else FaxRow(**row)
