"""Messages without an answer that only Postgres knows of: asked for until it answers, once."""

from __future__ import annotations

import asyncio

from immutables import Map
from msgspec.structs import replace

from ccplane.contacts.owed import Owed
from ccplane.core import State
from ccplane.core.inputs import Input, OwedFound
from ccplane.errors import StoreError
from ccplane.ids import ContactId, MessageId
from ccplane.owing import Owing
from ccplane.testing import in_virtual_time

ONE = Owed(id=MessageId("m-1"), contact=ContactId("c-1"), box="general", caller="138", left_at=0, ms=4_200)
OTHER = replace(ONE, id=MessageId("m-2"))


class Mailbox:
    def __init__(self, away: int) -> None:
        self.asked, self.away = 0, away

    async def owed(self) -> list[Owed]:
        self.asked += 1
        if self.asked <= self.away:
            raise StoreError("postgres-unreachable", "Postgres is away.")
        return [ONE, OTHER]


class Plane:
    def __init__(self) -> None:
        self.state = replace(State(), owed=Map({OTHER.id: OTHER}))
        self.posted: list[Input] = []

    def post(self, what: Input) -> None:
        self.posted.append(what)


@in_virtual_time
async def test_it_is_asked_until_it_answers_and_what_is_known_is_left_alone():
    plane, mailbox = Plane(), Mailbox(away=3)
    running = asyncio.create_task(Owing(plane, mailbox).run())  # type: ignore[arg-type]
    await asyncio.sleep(60)
    assert mailbox.asked == 4
    assert plane.posted == [OwedFound(message=ONE)]
    assert not running.done(), "duties go on for ever"
    running.cancel()
