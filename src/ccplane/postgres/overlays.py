"""Edits of the site at run time, as Postgres keeps them (law 11): by path, each with who, since when and until when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query
from ccplane.site.overlays import Overlay


class Laid(msgspec.Struct, frozen=True, kw_only=True):
    """An overlay as it was laid. `since`, `until`: ms; `until` None: for good."""

    path: str
    value: Any = None
    by: str
    since: int
    until: int | None = None

    @property
    def overlay(self) -> Overlay:
        return Overlay(self.path, self.value)

    def holds(self, now: int) -> bool:
        return self.until is None or now < self.until


_snapshot: Final = msgspec.json.Decoder(tuple[Laid, ...])


async def overlays(database: Database) -> tuple[Laid, ...]:
    """All of them, by path, those that have run out too."""
    async with database.connection() as connection:
        rows = await connection.fetch(query("read_overlays"))
    return tuple(
        Laid(
            path=row["path"],
            value=msgspec.json.decode(row["value"]),
            by=row["by"],
            since=row["since"],
            until=row["until"],
        )
        for row in rows
    )


async def replace_overlays(database: Database, laid: Sequence[Laid], lifted: Iterable[str]) -> None:
    """Lay these, and lift those by path: all or nothing. StoreError if Postgres is away."""
    async with database.connection() as connection, connection.transaction():
        await connection.execute(query("lift_overlays"), list(lifted))
        await connection.execute(
            query("lay_overlays"),
            [each.path for each in laid],
            [msgspec.json.encode(each.value).decode() for each in laid],
            [each.by for each in laid],
            [each.since for each in laid],
            [each.until for each in laid],
        )


def encode_overlays(laid: Iterable[Laid]) -> bytes:
    """The snapshot for the outbox."""
    return msgspec.json.encode(tuple(laid))


def decode_overlays(data: bytes | None) -> tuple[Laid, ...]:
    """Those of a snapshot; of a time before there were any, none."""
    return _snapshot.decode(data) if data else ()
