"""Where agents sit, beside their own seats (law 11): imported from the site's files once, then Postgres has the say.

As with people, the secrets of phones are made here by chance, and a snapshot goes into the outbox.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Final

import msgspec

from ccplane.agents.facts import Seat
from ccplane.ids import SeatId
from ccplane.postgres.people import SECRET_BYTES
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query
from ccplane.site import SeatEntry


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """A seat with what its phones need, where it is no agent's own. `secret`: their password."""

    id: SeatId
    shared: bool
    auto_answer: bool
    always_on: bool = False
    secret: str

    @property
    def seat(self) -> Seat:
        """What the core knows of it."""
        return Seat(id=self.id, shared=self.shared, auto_answer=self.auto_answer, always_on=self.always_on)

    def __repr__(self) -> str:
        return f"Desk({self.id!r})"  # the secret has no place in a log


_snapshot: Final = msgspec.json.Decoder(tuple[Desk, ...])


async def import_seats(database: Database, entries: Iterable[SeatEntry]) -> list[SeatId]:
    """Makes those that are not there yet, each with a new secret; returns their ids. None is changed."""
    new = list(entries)
    async with database.connection() as connection:
        rows = await connection.fetch(
            query("import_seats"),
            [each.id for each in new],
            [each.shared for each in new],
            [each.auto_answer for each in new],
            [each.always_on for each in new],
            [secrets.token_urlsafe(SECRET_BYTES) for _ in new],
        )
    return sorted(SeatId(row["id"]) for row in rows)


async def desks(database: Database) -> tuple[Desk, ...]:
    """All that are in use, by id."""
    async with database.connection() as connection:
        rows = await connection.fetch(query("read_seats"))
    return tuple(
        Desk(
            id=SeatId(row["id"]),
            shared=row["shared"],
            auto_answer=row["auto_answer"],
            always_on=row["always_on"],
            secret=row["sip_secret"],
        )
        for row in rows
    )


def encode_desks(all_of_them: Iterable[Desk]) -> bytes:
    """The snapshot for the outbox."""
    return msgspec.json.encode(tuple(all_of_them))


def decode_desks(data: bytes | None) -> tuple[Desk, ...]:
    """The seats of a snapshot; of a time before there were any, none."""
    return _snapshot.decode(data) if data else ()
