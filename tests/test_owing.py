"""Messages without an answer that only Postgres knows of: asked for until it answers, once."""

from __future__ import annotations

import asyncio
from itertools import pairwise

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
    def __init__(self, away: int = 0, owed: list[Owed] | None = None) -> None:
        self.asked, self.away, self.left = 0, away, owed or [ONE, OTHER]

    async def owed(self) -> list[Owed]:
        self.asked += 1
        if self.asked <= self.away:
            raise StoreError("postgres-unreachable", "Postgres is away.")
        return self.left


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


@in_virtual_time
async def test_many_are_taken_over_one_at_a_time_so_that_calls_have_their_turn_between():
    many = [replace(ONE, id=MessageId(f"many-{number}")) for number in range(100)]
    plane = Plane()
    running = asyncio.create_task(Owing(plane, Mailbox(owed=many)).run())  # type: ignore[arg-type]
    steps = [0]
    while len(plane.posted) < len(many):
        await asyncio.sleep(0)
        steps.append(len(plane.posted))
    assert max(after - before for before, after in pairwise(steps)) == 1
    running.cancel()
