"""The fake switch in virtual time: what tests of programs and of the plane rely on beside the contract."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest

from ccplane.agents.facts import Phone
from ccplane.asterisk.events import ChannelEnteredBridge, Event, StasisEnd, StasisStart
from ccplane.asterisk.operations import (
    AddChannel,
    Answer,
    CreateBridge,
    GetBridge,
    HangUp,
    ListChannels,
    Operation,
    Originate,
    PlayOnBridge,
    PlayOnChannel,
    SetDeviceState,
    StartMoh,
)
from ccplane.asterisk.outcomes import Done, Gone, Outcome, Refused, Unknown
from ccplane.asterisk.phones import PhoneWatch
from ccplane.asterisk.provision import provision
from ccplane.asterisk.switch import HOUSE, Replaced, Switch
from ccplane.testing.clock import run
from ccplane.testing.fake_asterisk import FakeAsterisk
from ccplane.testing.fake_people import answers, rings_for_ever

Scene = Callable[[FakeAsterisk, Switch], Awaitable[None]]


def on_stage(scene: Scene) -> None:
    """Play a scene on a fake switch, in virtual time."""

    async def play() -> None:
        fake = FakeAsterisk()
        async with aclosing(fake.connections()) as connections:
            await scene(fake, await anext(connections))

    run(play())


async def next_event(switch: Switch, kind: type[Event]) -> Any:
    async for event, _ in switch.events:
        if isinstance(event, kind):
            return event
    raise AssertionError(f"the connection ended: {switch.ended}")


async def answered(fake: FakeAsterisk, switch: Switch, exten: str = "4002") -> tuple[Any, str]:
    call = fake.call(exten)
    channel: str = (await next_event(switch, StasisStart)).channel.id
    await switch.send(Answer(channel), "c-1")
    return call, channel


def test_a_caller_hears_what_is_played_and_waits_an_hour_in_no_time():
    async def scene(fake: FakeAsterisk, switch: Switch) -> None:
        call, channel = await answered(fake, switch)
        fake.board.durations["sound:welcome"] = 3600
        began = asyncio.get_running_loop().time()
        await switch.send(CreateBridge("b"), "c-1")
        await switch.send(PlayOnChannel(channel, "p", ("sound:welcome",)), "c-1")
        await asyncio.sleep(1)
        await switch.send(AddChannel("b", (channel,)), "c-1")  # held up by the prompt
        await switch.send(StartMoh(channel), "c-1")
        assert asyncio.get_running_loop().time() - began == pytest.approx(3600)
        assert call.heard == ["sound:welcome", "music:default"]
        assert call.music == "default"

    on_stage(scene)


def test_a_prompt_to_the_room_ends_the_music_for_good():
    async def scene(fake: FakeAsterisk, switch: Switch) -> None:
        call, channel = await answered(fake, switch)
        await switch.send(CreateBridge("b"), "c-1")
        await switch.send(AddChannel("b", (channel,)), "c-1")
        await switch.send(StartMoh(channel), "c-1")
        await switch.send(PlayOnBridge("b", "p", ("sound:soon",)), "c-1")
        await asyncio.sleep(60)
        assert call.music == ""
        assert call.heard == ["music:default", "sound:soon"]

    on_stage(scene)


def test_phones_act_by_their_script_and_know_whom_they_talk_with():
    async def scene(fake: FakeAsterisk, switch: Switch) -> None:
        phone = fake.phone("1001", answers(after=7, hang_up_after=600))
        call, channel = await answered(fake, switch)
        await switch.send(CreateBridge("b"), "c-1")
        await switch.send(Originate("l-1", "PJSIP/1001", "ccplane", caller_id='"Bob" <138>'), "c-1")
        ring = await phone.next_ring()
        assert (ring.caller, phone.idle) == ("138", False)
        start = await next_event(switch, StasisStart)
        assert asyncio.get_running_loop().time() == pytest.approx(7)
        await switch.send(AddChannel("b", (channel, start.channel.id)), "c-1")
        assert (call.talks_with, ring.talks_with) == ({"1001"}, {"13800138000"})
        assert (await next_event(switch, StasisEnd)).channel.id == "l-1"
        assert asyncio.get_running_loop().time() == pytest.approx(607)
        assert (phone.idle, call.talks_with) == (True, set())

    on_stage(scene)


def test_an_outcome_can_be_lost_or_lie():
    """Unknown, although it was done; and a 204 that did nothing (seen 3-8 times in 200)."""

    async def scene(fake: FakeAsterisk, switch: Switch) -> None:
        _, channel = await answered(fake, switch)
        fake.next(CreateBridge, Unknown("timeout"), applied=True)
        assert await switch.send(CreateBridge("b"), "c-1") == Unknown("timeout")
        assert isinstance(await switch.send(GetBridge("b"), "c-1"), Done)
        fake.next(AddChannel, Done(None))
        assert await switch.send(AddChannel("b", (channel,)), "c-1") == Done(None)
        bridge = await switch.send(GetBridge("b"), "c-1")
        assert isinstance(bridge, Done)
        assert bridge.value.channels == []
        await switch.send(AddChannel("b", (channel,)), "c-1")
        await next_event(switch, ChannelEnteredBridge)

    on_stage(scene)


def test_a_command_never_takes_effect_within_the_call_that_sends_it():
    async def scene(fake: FakeAsterisk, switch: Switch) -> None:
        future = switch.send(CreateBridge("b"), "c-1")
        assert not future.done()
        assert fake.board.node.rooms == {}
        await future
        assert fake.sent == [("c-1", CreateBridge("b"))]

    on_stage(scene)


def test_a_fenced_sender_is_refused_and_a_closed_connection_too():
    async def scene(fake: FakeAsterisk, switch: Switch) -> None:
        fake.may_send = lambda: False
        assert await switch.send(CreateBridge("b"), "c-1") == Refused(0, "fenced")
        fake.may_send = lambda: True
        await switch.close()
        assert await switch.send(CreateBridge("b"), "c-1") == Refused(0, "closed")

    on_stage(scene)


def test_an_asterisk_that_dies_ends_every_call_and_keeps_device_states():
    async def play() -> None:
        fake = FakeAsterisk()
        async with aclosing(fake.connections()) as connections:
            first = await anext(connections)
            call, _ = await answered(fake, first)
            await first.send(SetDeviceState("Stasis:agent-1", "BUSY"), HOUSE)
            fake.restart()
            second = await anext(connections)
            assert first.ended == "disconnected"
            assert (await call.over()).sip == 0
            channels = await second.send(ListChannels(), HOUSE)
            assert channels == Done([])
            assert fake.board.node.states == {"Stasis:agent-1": "BUSY"}

    run(play())


def test_who_comes_second_replaces_the_first():
    async def play() -> None:
        fake = FakeAsterisk()
        mine = fake.connections()
        first = await anext(mine)
        second = await anext(fake.connections())
        with pytest.raises(Replaced):
            await anext(first.events)
        with pytest.raises(Replaced):
            await anext(mine)
        assert second.ended is None

    run(play())


def test_phones_are_told_of_by_ami_with_calls_of_others():
    async def scene(fake: FakeAsterisk, switch: Switch) -> None:
        told: list[Phone] = []
        PhoneWatch(fake.ami, fake.ami.events, lambda seen: told.append(seen.phone))
        fake.phone("1001", rings_for_ever())
        call = fake.busy_elsewhere("1001")
        call.hang_up()
        await switch.send(Originate("l-c-ast1-1.1-1-1-1", "PJSIP/1001", "ccplane"), HOUSE)
        assert told == [Phone.REACHABLE, Phone.IN_USE, Phone.REACHABLE]
        own = fake.dial("1001", "4002")
        assert (await next_event(switch, StasisStart)).channel.caller.number == "1001"
        own.hang_up()
        fake.phone("1001").unregister()
        assert told[3:] == [Phone.IN_USE, Phone.REACHABLE, Phone.GONE]

    on_stage(scene)


def test_phones_are_provisioned_as_at_the_real_one():
    async def scene(fake: FakeAsterisk, switch: Switch) -> None:
        assert (await provision(switch, {"1001": "s", "1002": "t"})).created == ["1001", "1002"]
        assert (await provision(switch, {"1001": "s", "1002": "t"})).unchanged == 2
        assert (await provision(switch, {"1001": "s"})).removed == ["1002"]

    on_stage(scene)


def test_the_same_scene_goes_the_same_way_every_time():
    def story() -> list[str]:
        told: list[str] = []

        async def play() -> None:
            fake = FakeAsterisk()
            for user in ("1001", "1002", "1003"):
                fake.phone(user, answers(after=1, hang_up_after=2))
            async with aclosing(fake.connections()) as connections:
                switch = await anext(connections)
                legs = [Originate(f"l-{n}", f"PJSIP/100{n % 3 + 1}", "ccplane") for n in range(9)]
                await asyncio.gather(*(switch.send(leg, leg.channel) for leg in legs))
                await asyncio.sleep(10)
                fake.drop()
                async for event, at in switch.events:
                    told.append(f"{at:.3f} {event}")

        run(play())
        return told

    first = story()
    assert len(first) > 50
    assert story() == first


@pytest.mark.parametrize("operation", [HangUp("none"), Answer("none"), GetBridge("none")])
def test_what_is_not_there_is_gone(operation: Operation[Any]):
    async def scene(_: FakeAsterisk, switch: Switch) -> None:
        outcome: Outcome[Any] = await switch.send(operation, HOUSE)
        assert isinstance(outcome, Gone)

    on_stage(scene)
