"""Agents are edited while they work: Postgres first, then the core, at once for those who wait (law 11)."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from msgspec import UNSET
from msgspec.structs import replace

from ccplane.core.inputs import AgentEditAsked
from ccplane.errors import RequestError
from ccplane.http.ports import AgentChange
from ccplane.ids import AgentId
from ccplane.log.outbox import Outbox
from ccplane.pins import Pins
from ccplane.plane import Plane, Snapshot
from ccplane.postgres.people import Person, edit_person, encode_people, people
from ccplane.postgres.pool import Database

K = TypeVar("K")
V = TypeVar("V")


class Staff:
    """`one_at_a_time` is shared with whoever else takes people over from Postgres."""

    def __init__(
        self, plane: Plane, database: Database, outbox: Outbox, pins: Pins, one_at_a_time: asyncio.Lock
    ) -> None:
        self._plane, self._database, self._outbox, self._pins = plane, database, outbox, pins
        self._one_at_a_time = one_at_a_time

    async def edit(self, agent: AgentId, change: AgentChange, *, by: str) -> Snapshot:
        """Once it is in force and acknowledged. RequestError "no-such-agent"; StoreError without Postgres, and then
        nothing was changed."""
        async with self._one_at_a_time:
            after = await edit_person(self._database, agent, lambda person: changed(person, change))
            if after is None:
                raise RequestError("no-such-agent", "There is no agent with this id.", agent=agent)
            everyone = await people(self._database)
            self._outbox.put_note("people", encode_people(everyone))
            self._pins.hold(everyone)
            return await self._plane.ask(AgentEditAsked(profile=after.profile, by=by))


def changed(person: Person, change: AgentChange) -> Person:
    """Them as they are to be."""
    return replace(
        person,
        name=person.name if change.name is None else change.name,
        skills=_merged(person.skills, change.skills),
        languages=person.languages if change.languages is None else change.languages,
        queues=_merged(person.queues, change.queues),
        capacity=_merged(person.capacity, change.capacity),
        wrap_up=person.wrap_up if change.wrap_up is UNSET else change.wrap_up,
        team=person.team if change.team is None else change.team,
    )


def _merged(before: dict[K, V], change: dict[K, V | None]) -> dict[K, V]:
    """Each key as it is to be; None takes it away."""
    return {key: value for key, value in (before | change).items() if value is not None}
