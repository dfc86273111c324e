"""A deadline that passed while we stood still counts only after what happened before it has been read."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
import uvloop

from ccplane.alarm import LONGEST_READ_MS, READ_MS, Alarm
from ccplane.contacts.facts import OfferMissed, TalkStarted
from ccplane.settings import HOME
from ccplane.site import read
from ccplane.testing import FakeClock, Rehearsal, rehearse, rings_for_ever, run
from ccplane.testing.clock import VirtualTimeLoop

DEMO = read(HOME)


def stands_still(seconds: float) -> None:
    """As after SIGCONT: the time has passed, and nothing that came in it has been looked at."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    loop._jump(seconds)


def on(scene) -> None:
    async def main() -> None:
        async with rehearse(DEMO) as centre:
            await scene(centre)

    run(main())


def test_given_a_phone_that_was_answered_while_we_stood_still_then_it_is_no_miss():
    async def scene(centre: Rehearsal) -> None:
        centre.switch.phone("1001", rings_for_ever())
        centre.sign_in("1001")
        centre.switch.call("4002")
        ring = await centre.switch.phone("1001").next_ring()
        await centre.becomes("1001", "offered")
        asyncio.get_running_loop().call_later(0.2, ring.answer)
        stands_still(60)
        await asyncio.sleep(2)
        assert not centre.said(OfferMissed)
        assert len(centre.said(TalkStarted)) == 1

    on(scene)


def test_given_a_ring_that_runs_out_just_after_we_stood_still_then_it_is_a_miss_in_time():
    async def scene(centre: Rehearsal) -> None:
        centre.switch.phone("1001", rings_for_ever())
        centre.sign_in("1001")
        centre.switch.call("4002")
        await centre.switch.phone("1001").next_ring()
        stands_still(19.9)
        await asyncio.sleep(1)
        assert len(centre.said(OfferMissed)) == 1

    on(scene)


class Bells:
    """An alarm in virtual time, and when it rang (ms)."""

    def __init__(self) -> None:
        self.clock = FakeClock(0, monotonic=asyncio.get_running_loop().time)
        self.unread = 0
        self.rang: list[int] = []
        self.alarm = Alarm(self.clock.now, lambda: self.rang.append(self.clock.now()), lambda: self.unread)

    def set(self, at: int | None) -> None:
        self.alarm.set(at, self.clock.now())


def with_bells(scene) -> None:
    async def main() -> None:
        await scene(Bells())

    run(main())


def test_given_nothing_unusual_then_it_rings_on_time_and_once():
    async def scene(bells: Bells) -> None:
        bells.set(500)
        await asyncio.sleep(9)
        assert bells.rang == [500]

    with_bells(scene)


def test_given_one_that_is_overdue_when_it_is_set_then_it_rings_at_once():
    async def scene(bells: Bells) -> None:
        await asyncio.sleep(9)
        bells.set(500)
        await asyncio.sleep(0.001)
        assert bells.rang == [9_000]

    with_bells(scene)


def test_given_a_pause_then_it_rings_when_all_that_waited_has_been_read():
    async def scene(bells: Bells) -> None:
        bells.set(500)
        bells.unread = 1
        stands_still(10)
        asyncio.get_running_loop().call_later(1, setattr, bells, "unread", 0)
        await asyncio.sleep(9)
        assert len(bells.rang) == 1
        assert 11_000 <= bells.rang[0] <= 11_100

    with_bells(scene)


def test_given_a_pause_when_the_first_thing_read_moves_the_next_deadline_then_it_still_reads_on():
    async def scene(bells: Bells) -> None:
        bells.set(500)
        stands_still(10)
        bells.set(700)
        await asyncio.sleep(0.1)
        bells.set(600)
        assert bells.rang == []
        await asyncio.sleep(9)
        assert len(bells.rang) == 1
        assert bells.rang[0] >= 10_000 + READ_MS

    with_bells(scene)


def test_given_more_to_read_than_can_be_read_then_it_rings_all_the_same():
    async def scene(bells: Bells) -> None:
        bells.set(500)
        bells.unread = 1
        stands_still(10)
        await asyncio.sleep(20)
        assert len(bells.rang) == 1
        assert bells.rang[0] <= 10_000 + LONGEST_READ_MS + 100

    with_bells(scene)


@pytest.mark.parametrize("then", [None, 700])
def test_given_a_pause_when_it_is_stopped_then_it_never_rings(then):
    async def scene(bells: Bells) -> None:
        bells.set(500)
        stands_still(10)
        bells.set(then)
        bells.alarm.stop()
        await asyncio.sleep(20)
        assert bells.rang == []

    with_bells(scene)


@pytest.mark.parametrize("loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_given_a_loop_held_up_over_a_deadline_then_its_sockets_are_read_first(loop):
    """Which of the two a loop looks at first is its own affair, and not the same for each."""

    async def main() -> list[str]:
        seen: list[str] = []
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        now = asyncio.get_running_loop().time
        alarm = Alarm(lambda: round(now() * 1000), lambda: seen.append("rang"), lambda: 0)
        asyncio.get_running_loop().add_reader(ours, lambda: seen.append(ours.recv(9).decode()))
        start = round(now() * 1000)
        alarm.set(start + 50, start)
        theirs.send(b"answered")
        time.sleep(0.5)
        while "rang" not in seen:
            await asyncio.sleep(0.01)
        asyncio.get_running_loop().remove_reader(ours)
        ours.close()
        theirs.close()
        return seen

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(main()) == ["answered", "rang"]


def test_given_a_pause_without_a_deadline_then_what_is_set_after_it_waits_until_all_was_read():
    async def scene(bells: Bells) -> None:
        bells.unread = 3
        bells.alarm.read_first(bells.clock.now())
        bells.set(0)
        await asyncio.sleep(READ_MS / 1000 + 0.2)
        assert bells.rang == []
        bells.unread = 0
        await asyncio.sleep(0.1)
        assert len(bells.rang) == 1

    with_bells(scene)
