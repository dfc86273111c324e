"""A deadline that passed while we stood still counts only after what happened before it has been read."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
import uvloop

from ccplane.alarm import LATE_MS, LONGEST_READ_MS, READ_MS, Alarm
from ccplane.contacts.facts import ContactArrived, OfferMade, OfferMissed, OfferWithdrawn, TalkStarted
from ccplane.facts import SwitchReadUp
from ccplane.settings import HOME
from ccplane.site import read
from ccplane.testing import FakeClock, Rehearsal, rehearse, rings_for_ever, run
from ccplane.testing.clock import VirtualTimeLoop
from ccplane.testing.fake_people import Ring

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


async def a_ring(centre: Rehearsal) -> Ring:
    """A caller's, at 1001's phone, which nobody has answered."""
    centre.switch.phone("1001", rings_for_ever())
    centre.sign_in("1001")
    centre.switch.call("4002")
    return await centre.switch.phone("1001").next_ring()


def test_given_a_phone_that_was_answered_while_we_stood_still_then_it_is_no_miss():
    async def scene(centre: Rehearsal) -> None:
        ring = await a_ring(centre)
        await centre.becomes("1001", "offered")
        asyncio.get_running_loop().call_later(0.2, ring.answer)
        stands_still(60)
        await asyncio.sleep(2)
        assert not centre.said(OfferMissed)
        assert len(centre.said(TalkStarted)) == 1

    on(scene)


@pytest.mark.parametrize("later", [0.12, 0.25])
def test_given_a_phone_that_was_answered_while_we_stood_still_once_more_then_it_is_no_miss(later):
    async def scene(centre: Rehearsal) -> None:
        ring = await a_ring(centre)
        await centre.becomes("1001", "offered")
        stands_still(10)
        await asyncio.sleep(later)
        asyncio.get_running_loop().call_later(0.2, ring.answer)
        stands_still(15)
        await asyncio.sleep(2)
        assert not centre.said(OfferMissed)
        assert len(centre.said(TalkStarted)) == 1

    on(scene)


def test_given_a_ring_that_ran_out_at_the_end_of_a_pause_then_what_happened_in_it_is_read_first_all_the_same():
    async def scene(centre: Rehearsal) -> None:
        ring = await a_ring(centre)
        (made,) = centre.said(OfferMade)
        asyncio.get_running_loop().call_later(0.2, ring.answer)
        stands_still((made.deadline - centre.clock.now() + LATE_MS / 2) / 1000)
        await asyncio.sleep(2)
        assert not centre.said(OfferMissed)
        assert len(centre.said(TalkStarted)) == 1

    on(scene)


def test_given_nothing_else_that_is_due_when_we_stood_still_then_callers_are_offered_soon_again():
    async def scene(centre: Rehearsal) -> None:
        await asyncio.sleep(1)
        stands_still(10)
        centre.sign_in("1001")
        assert centre.plane.state.behind
        assert centre.plane.state.wake_at is None
        await asyncio.sleep(0.5)
        assert not centre.plane.state.behind
        centre.switch.call("4002")
        await centre.becomes("1001", "talking", within=9)

    on(scene)


async def two_wait_for_one(centre: Rehearsal) -> Ring:
    """1001's phone rings for the first; the second waits."""
    centre.switch.phone("1001", rings_for_ever())
    centre.switch.phone("1002", rings_for_ever())
    centre.sign_in("1001")
    centre.switch.call("4002")
    ring = await centre.switch.phone("1001").next_ring()
    await asyncio.sleep(2)
    centre.switch.call("4002")
    await asyncio.sleep(1)
    return ring


@pytest.mark.parametrize("lost", [False, True], ids=["connected", "connection-lost"])
def test_given_what_is_heard_of_by_another_way_after_we_stood_still_then_whoever_came_first_is_offered_first(lost):
    """1002 gets ready, as their screen asked, and only then is it read that the first caller waits again."""

    async def scene(centre: Rehearsal) -> None:
        ring = await two_wait_for_one(centre)
        loop = asyncio.get_running_loop()
        loop.call_later(0.1, centre.sign_in, "1002")
        loop.call_later(0.2, ring.reject)
        if lost:
            loop.call_later(0.3, centre.switch.drop)
        offers = len(centre.said(OfferMade))
        stands_still(10)
        await asyncio.sleep(2)
        assert centre.said(OfferMade)[offers].contact == centre.said(ContactArrived)[0].contact
        assert not centre.said(OfferWithdrawn)

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


def test_given_a_pause_without_a_deadline_then_it_rings_when_all_that_waited_has_been_read():
    async def scene(bells: Bells) -> None:
        bells.unread = 3
        bells.alarm.read_first(bells.clock.now())
        await asyncio.sleep(READ_MS / 1000 + 0.2)
        assert bells.rang == []
        bells.unread = 0
        await asyncio.sleep(9)
        assert len(bells.rang) == 1

    with_bells(scene)


def test_given_a_pause_then_it_rings_at_its_end_and_a_deadline_that_is_yet_to_come_keeps_its_time():
    async def scene(bells: Bells) -> None:
        bells.set(5_000)
        bells.alarm.read_first(bells.clock.now())
        await asyncio.sleep(9)
        assert len(bells.rang) == 2
        assert bells.rang[0] <= READ_MS + 100
        assert bells.rang[1] == 5_000

    with_bells(scene)


def test_given_what_was_overdue_after_a_pause_and_is_so_still_then_it_rings_again():
    async def scene(bells: Bells) -> None:
        bells.set(500)
        stands_still(10)
        await asyncio.sleep(1)
        bells.set(500)
        await asyncio.sleep(1)
        assert len(bells.rang) == 2

    with_bells(scene)


@pytest.mark.parametrize("unread", [0, 1])
def test_given_another_pause_while_the_first_is_read_then_what_came_in_it_is_read_too(unread):
    async def scene(bells: Bells) -> None:
        bells.set(500)
        bells.unread = unread
        stands_still(10)
        await asyncio.sleep(0.12)
        stands_still(10)
        await asyncio.sleep(READ_MS / 1000 - 0.02)
        assert bells.rang == []
        bells.unread = 0
        await asyncio.sleep(0.12)
        assert len(bells.rang) == 1

    with_bells(scene)


@pytest.mark.parametrize("runs_for", [0.02, 0.11, 0.16])
def test_given_a_plane_that_stands_still_again_and_again_then_what_is_due_is_done_all_the_same(runs_for):
    async def scene(centre: Rehearsal) -> None:
        centre.switch.phone("1001", rings_for_ever())
        centre.sign_in("1001")
        centre.switch.call("4002")
        await centre.becomes("1001", "offered")
        for _ in range(60):
            stands_still(1.2)
            await asyncio.sleep(runs_for)
        assert centre.said(OfferMissed)
        assert centre.said(SwitchReadUp)

    on(scene)


def test_given_a_loop_that_is_held_up_again_and_again_then_it_rings_all_the_same():
    async def scene(bells: Bells) -> None:
        bells.set(500)
        for _ in range(40):
            stands_still(0.3)
            await asyncio.sleep(0.01)
        assert bells.rang

    with_bells(scene)
