"""People live in Postgres: imported from the site's files once, read at each start, kept in the outbox for bad days."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Final

import msgspec

from ccplane.agents.facts import Profile
from ccplane.ids import AgentId
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query
from ccplane.site import AgentEntry


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as Postgres has them. `phone`: the phone account's user; `secret`: its password, never in a file."""

    id: AgentId
    name: str
    skills: dict[str, int]
    seat: str
    phone: str
    secret: str

    @property
    def profile(self) -> Profile:
        """What routing needs to know of them."""
        return Profile(id=self.id, name=self.name, skills=self.skills, endpoint=f"PJSIP/{self.phone}")

    def __repr__(self) -> str:
        return f"Person({self.id!r}, {self.name!r})"


_snapshots: Final = msgspec.msgpack.Decoder(tuple[Person, ...])


async def import_agents(database: Database, entries: Iterable[AgentEntry]) -> list[AgentId]:
    """Make those who are not there yet, each with a phone account of their own; nobody is overwritten. Who is new."""
    rows = [
        (entry.id, entry.name, msgspec.json.encode(entry.skills).decode(), secrets.token_urlsafe(18))
        for entry in entries
    ]
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], [], []]
    async with database.connection() as connection:
        made = await connection.fetch(query("import_agents"), *columns)
    return [AgentId(row["id"]) for row in made]


async def people(database: Database) -> tuple[Person, ...]:
    """All agents who work here, by id."""
    async with database.connection() as connection:
        rows = await connection.fetch(query("people"))
    return tuple(
        Person(
            id=AgentId(row["id"]),
            name=row["name"],
            skills=msgspec.json.decode(row["skills"], type=dict[str, int]),
            seat=row["seat"],
            phone=row["phone"],
            secret=row["sip_secret"],
        )
        for row in rows
    )


def encode_people(persons: Iterable[Person]) -> bytes:
    """The snapshot that lies in the outbox, so that a plane can begin without Postgres (law 11)."""
    return msgspec.msgpack.encode(tuple(persons))


def decode_people(data: bytes) -> tuple[Person, ...]:
    return _snapshots.decode(data)
