"""The plane's sign of life: it moves while the plane may send and is connected, and at no other time."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager

from ccplane.asterisk.heartbeat import UNGUARDED_S, Heartbeat
from ccplane.asterisk.operations import GetGlobalVariable, SetGlobalVariable
from ccplane.asterisk.switch import HOUSE
from ccplane.testing.clock import run
from ccplane.testing.fake_asterisk import FakeAsterisk


@asynccontextmanager
async def beating(heartbeat):
    fake = FakeAsterisk()
    async with aclosing(fake.connections()) as connections:
        switch = await anext(connections)
        task = asyncio.create_task(heartbeat.beat(switch))
        yield fake, switch
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def beats(fake):
    return [op.value for _, op in fake.sent if isinstance(op, SetGlobalVariable) and op.variable == "CCPLANE_HEARTBEAT"]


def test_given_a_plane_that_leads_then_its_heartbeat_moves_every_two_seconds_and_names_its_epoch():
    async def scene():
        async with beating(Heartbeat(lambda: 7, lambda: True)) as (fake, _):
            await asyncio.sleep(7)
            assert beats(fake) == ["7-1", "7-2", "7-3", "7-4"]

    run(scene())


def test_given_a_first_sign_then_the_beats_after_it_go_on_counting():
    async def scene():
        heartbeat = Heartbeat(lambda: 7, lambda: True)
        async with aclosing(FakeAsterisk().connections()) as connections:
            await heartbeat.sign(await anext(connections))
        async with beating(heartbeat) as (fake, _):
            await asyncio.sleep(1)
            assert beats(fake) == ["7-2"], "the same one again would tell the guard nothing"

    run(scene())


def test_given_a_plane_that_may_not_send_then_it_is_silent_and_asks_nothing_either():
    may = True

    async def scene():
        nonlocal may
        async with beating(Heartbeat(lambda: 7, lambda: may)) as (fake, _):
            await asyncio.sleep(1)
            may = False
            before = len(fake.sent)
            await asyncio.sleep(30)
            assert len(fake.sent) == before, "a command held back would cost the connection"
            may = True
            await asyncio.sleep(0.2)
            assert beats(fake) == ["7-1", "7-2"], "at once, not two seconds later: the guard may be counting"

    run(scene())


def test_given_a_new_epoch_then_the_heartbeat_is_another_whatever_the_number_is():
    epoch = 7

    async def scene():
        nonlocal epoch
        async with beating(Heartbeat(lambda: epoch, lambda: True)) as (fake, _):
            await asyncio.sleep(1)
            epoch = 8
            await asyncio.sleep(2)
            assert beats(fake) == ["7-1", "8-2"]

    run(scene())


async def test_given_a_guard_whose_sign_moves_then_it_is_seen_and_one_that_stands_still_is_missed(monkeypatch):
    now = 0.0
    monkeypatch.setattr("ccplane.asterisk.heartbeat.time.monotonic", lambda: now)
    heartbeat = Heartbeat(lambda: 7, lambda: True)
    async with aclosing(FakeAsterisk().connections()) as connections:
        switch = await anext(connections)

        async def looks(sign):
            await switch.send(SetGlobalVariable("CCPLANE_GUARD", sign), HOUSE)
            answer = switch.send(GetGlobalVariable("CCPLANE_GUARD"), HOUSE)
            await answer
            heartbeat._heard(answer)

        await looks("41")
        assert heartbeat.unguarded_for() is None, "it may have been left by one that is long dead"
        await looks("42")
        assert heartbeat.unguarded_for() == 0
        now = 30.0
        await looks("42")
        assert heartbeat.unguarded_for() == 30 > UNGUARDED_S
        await looks("1")
        assert heartbeat.unguarded_for() == 0, "a new guard counts from one"
