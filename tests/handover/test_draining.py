"""A drain lasts until its last call is over or its time is up, or until it is cancelled: then nothing ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ccplane.core.inputs import Input, PlaneBegan
from ccplane.errors import RequestError
from ccplane.handover.draining import Draining
from ccplane.laws import Fact
from tests.core.floor import a_floor

Follower = Callable[[Any, Sequence[Fact], int], None]


class Plane:
    """A core without anything around it."""

    def __init__(self) -> None:
        self.floor = a_floor()
        self._followers: list[Follower] = []

    @property
    def state(self) -> Any:
        return self.floor.state

    def follow(self, follower: Follower) -> None:
        self._followers.append(follower)

    async def ask(self, what: Input) -> None:
        self.take(what)

    def take(self, what: Input) -> None:
        self.tell(self.floor.take(what).facts)

    def tell(self, facts: Sequence[Fact]) -> None:
        for follower in self._followers:
            follower(None, facts, 0)


def draining(plane: Plane, why_not: str = "") -> Draining:
    there: Any = plane
    return Draining(there, lambda: plane.floor.now, lambda: why_not)


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_that_is_cancelled_ends_nothing_and_the_next_one_does() -> None:
    plane = Plane()
    plane.floor.arrives("x")
    drain = draining(plane)
    running = asyncio.create_task(drain.run())
    await drain.begin(None, "test")
    await _turns()
    await drain.cancel("test")
    plane.tell(plane.floor.leaves("x").facts)
    await _turns()
    assert not running.done(), "its last call is over, but it is to stay"
    await drain.begin(None, "test")
    await asyncio.wait_for(running, 20)
    assert drain.has_left


async def test_it_goes_on_over_an_epoch_of_its_own_process() -> None:
    plane = Plane()
    plane.floor.arrives("x")
    drain = draining(plane)
    running = asyncio.create_task(drain.run())
    await drain.begin(None, "test")
    plane.take(PlaneBegan(2, "test", 0, same_process=True))
    plane.tell(plane.floor.survey(after_gap=True).facts)
    plane.tell(plane.floor.leaves("x").facts)
    await asyncio.wait_for(running, 20)
    assert drain.has_left


async def test_what_does_not_drain_cannot_be_cancelled_nor_can_what_has_left() -> None:
    drain = draining(Plane())
    with pytest.raises(RequestError, match="takes new calls"):
        await drain.cancel("test")
    await drain.begin(None, "test")
    await drain.run()
    with pytest.raises(RequestError, match="too late"):
        await drain.cancel("test")
