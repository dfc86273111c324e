"""Who the agents are (law 11): imported from the site's files once, then Postgres has the say.

The secrets of phones are made here, by chance, and never stand in a file of the site's. A snapshot of all people goes
into the outbox, so that a plane can start while Postgres is away.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Final

import msgspec
from asyncpg import Record

from ccplane.agents.facts import Membership, Profile
from ccplane.agents.wrap_up import WrapUp
from ccplane.ids import AgentId, QueueName
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query
from ccplane.routing.dialling import AGENT
from ccplane.site import AgentEntry

SECRET_BYTES: Final = 18


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """An agent with what their phone needs. `phone`: the account's user; `secret`: its password. `pin_hash`: None while
    they have no PIN."""

    id: AgentId
    name: str
    skills: dict[str, int]
    seat: str
    phone: str
    secret: str
    role: str = AGENT
    pin_hash: str | None = None
    languages: tuple[str, ...] = ()
    queues: dict[QueueName, Membership] = {}
    capacity: dict[str, int] = msgspec.field(default_factory=lambda: {"voice": 1})
    wrap_up: WrapUp | None = None
    team: str = ""

    @property
    def profile(self) -> Profile:
        """What the core knows of them."""
        return Profile(
            id=self.id,
            name=self.name,
            skills=self.skills,
            endpoint=f"PJSIP/{self.phone}",
            role=self.role,
            languages=self.languages,
            queues=self.queues,
            capacity=self.capacity,
            wrap_up=self.wrap_up,
            team=self.team,
        )

    def __repr__(self) -> str:
        return f"Person({self.id!r}, {self.name!r})"  # secrets have no place in a log


_snapshot: Final = msgspec.json.Decoder(tuple[Person, ...])
_numbers: Final = msgspec.json.Decoder(dict[str, int])
_languages: Final = msgspec.json.Decoder(tuple[str, ...])
_wrap_up: Final = msgspec.json.Decoder(WrapUp)
_queues: Final = msgspec.json.Decoder(dict[QueueName, Membership])


async def import_agents(database: Database, entries: Iterable[AgentEntry]) -> list[AgentId]:
    """Makes those who are not there yet, each with a new secret; returns their ids. Nobody is changed."""
    new = list(entries)
    columns = (
        [each.id for each in new],
        [each.name for each in new],
        [_json(dict(each.skills)) for each in new],
        [secrets.token_urlsafe(SECRET_BYTES) for _ in new],
        [each.role for each in new],
        [_json(each.languages) for each in new],
        [_json(dict(each.queues)) for each in new],
        [_json(dict(each.capacity)) for each in new],
        [each.wrap_up and _json(each.wrap_up) for each in new],
        [each.team for each in new],
    )
    async with database.connection() as connection:
        rows = await connection.fetch(query("import_agents"), *columns)
    return sorted(AgentId(row["id"]) for row in rows)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


async def people(database: Database) -> tuple[Person, ...]:
    """All who are active, by id."""
    async with database.connection() as connection:
        rows = await connection.fetch(query("read_people"))
    return tuple(_person(row) for row in rows)


def _person(row: Record) -> Person:
    return Person(
        id=AgentId(row["id"]),
        name=row["name"],
        skills=_numbers.decode(row["skills"]),
        seat=row["seat"],
        phone=row["phone"],
        secret=row["sip_secret"],
        role=row["role"],
        pin_hash=row["pin_hash"],
        languages=_languages.decode(row["languages"]),
        queues=_queues.decode(row["queues"]),
        capacity=_numbers.decode(row["capacity"]),
        wrap_up=_wrap_up.decode(row["wrap_up"]) if row["wrap_up"] else None,
        team=row["team"],
    )


async def edit_person(database: Database, agent: AgentId, change: Callable[[Person], Person]) -> Person | None:
    """Who they are after `change`, of what may be edited; None if there is nobody. Whole or not at all.

    StoreError if Postgres is away. What `change` raises leaves everything as it was.
    """
    async with database.connection() as connection, connection.transaction():
        row = await connection.fetchrow(query("person_to_edit"), agent)
        if row is None:
            return None
        after = change(_person(row))
        values = (_json(each) for each in (after.skills, after.languages, after.queues, after.capacity))
        own = after.wrap_up and _json(after.wrap_up)
        await connection.execute(query("edit_person"), agent, after.name, *values, own, after.team)
        return after


async def put_pin_hash(database: Database, agent: AgentId, pin_hash: str) -> None:
    """Keep the hash of an agent's PIN. StoreError if Postgres is away."""
    async with database.connection() as connection:
        await connection.execute(query("put_pin_hash"), agent, pin_hash)


def encode_people(everyone: Iterable[Person]) -> bytes:
    """The snapshot for the outbox."""
    return msgspec.json.encode(tuple(everyone))


def decode_people(data: bytes) -> tuple[Person, ...]:
    """The people of a snapshot."""
    return _snapshot.decode(data)
