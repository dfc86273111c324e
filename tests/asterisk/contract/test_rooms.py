"""Bridges, what they keep, and what outlives our connection."""

from __future__ import annotations

import asyncio

import pytest

from ccplane.asterisk.operations import (
    AddChannel,
    Answer,
    CreateBridge,
    DestroyBridge,
    GetBridge,
    GetBridgeVariable,
    GetDeviceState,
    GetEndpoint,
    ListBridges,
    ListChannels,
    ListDeviceStates,
    ListEndpoints,
    Originate,
    PlayOnBridge,
    PlayOnChannel,
    RemoveChannel,
    SetBridgeVariable,
    SetChannelVariable,
    SetDeviceState,
    StopPlayback,
)
from ccplane.asterisk.outcomes import Busy, Conflict, Done, Gone, Unknown
from ccplane.asterisk.switch import HOUSE
from tests.asterisk.contract.world import APP, World

LONG = ("sound:tt-weasels",)


async def in_a_room(world: World) -> str:
    """A caller in b-1; the channel."""
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await world.done(CreateBridge("b-1", name="room"))
    await world.done(AddChannel("b-1", (caller.channel,)))
    await world.story("caller entered b-1")
    return caller.channel


async def test_a_room_is_made_once(world: World):
    made = await world.done(CreateBridge("b-1", name="room"))
    assert (made.id, made.name, made.bridge_type, made.channels) == ("b-1", "room", "mixing", [])
    assert isinstance(await world.do(CreateBridge("b-1")), Conflict)
    assert await world.do(DestroyBridge("b-1")) == Done(None)
    await world.gone(DestroyBridge("b-1"))


async def test_a_room_tells_what_was_written_to_be_shown(world: World):
    await world.done(CreateBridge("b-1"))
    await world.done(SetBridgeVariable("b-1", "SHOWN", "1"))
    await world.done(SetBridgeVariable("b-1", "HIDDEN", "2", report_events=False))
    assert (await world.done(GetBridge("b-1"))).bridgevars == {"SHOWN": "1"}
    assert [bridge.bridgevars for bridge in await world.done(ListBridges())] == [{"SHOWN": "1"}]
    assert (await world.done(GetBridgeVariable("b-1", "HIDDEN"))).value == "2"
    assert isinstance(await world.do(GetBridgeVariable("b-1", "NONE")), Gone)
    await world.done(SetBridgeVariable("b-1", "SHOWN", "3"))
    assert (await world.done(GetBridge("b-1"))).bridgevars == {"SHOWN": "3"}


async def test_who_is_added_again_leaves_and_enters(world: World):
    channel = await in_a_room(world)
    await world.done(AddChannel("b-1", (channel,)))
    assert await world.story("caller entered b-1") == ["caller left b-1", "caller entered b-1"]


async def test_who_is_added_elsewhere_moves(world: World):
    channel = await in_a_room(world)
    await world.done(CreateBridge("b-2"))
    await world.done(AddChannel("b-2", (channel,)))
    assert await world.story("caller entered b-2") == ["caller left b-1", "caller entered b-2"]
    assert isinstance(await world.do(RemoveChannel("b-1", (channel,))), Busy)
    await world.done(RemoveChannel("b-2", (channel,)))
    assert await world.story("caller left b-2") == ["caller left b-2"]


async def test_closing_a_room_puts_all_out_and_ends_nobody(world: World):
    """BridgeDestroyed comes only now and then: nobody may rely on it."""
    channel = await in_a_room(world)
    await world.done(DestroyBridge("b-1"))
    assert await world.story("caller left b-1") == ["caller left b-1"]
    assert [each.id for each in await world.done(ListChannels()) if each.runs(APP)] == [channel]


async def test_a_prompt_in_the_room_holds_up_nobody(world: World):
    """An agent comes in while it plays."""
    await in_a_room(world)
    world.behave("8001", "answers", 0.02)
    await world.done(Originate("l-1", "PJSIP/8001", APP))
    await world.story("l-1 StasisStart")
    await world.done(PlayOnBridge("b-1", "p-1", LONG))
    await world.story("p-1 playing")
    async with asyncio.timeout(1):
        await world.done(AddChannel("b-1", ("l-1",)))
    assert await world.story("l-1 entered b-1") == ["l-1 entered b-1"]
    await world.stop("p-1")
    assert await world.story("p-1 done") == ["p-1 done"]


async def test_a_prompt_ends_when_the_last_one_leaves_the_room(world: World):
    """Its PlaybackFinished comes or doesn't: with the last channel we may stop hearing of the bridge."""
    channel = await in_a_room(world)
    await world.done(PlayOnBridge("b-1", "p-1", LONG))
    await world.story("p-1 playing")
    await world.done(RemoveChannel("b-1", (channel,)))
    assert await world.story("caller left b-1") == ["caller left b-1"]
    await world.gone(StopPlayback("p-1"))


async def test_a_prompt_on_the_channel_holds_up_its_add_channel_and_all_behind_it(world: World):
    """Until it is stopped, or ends. Other sockets go on."""
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await world.done(CreateBridge("b-1"))
    await world.done(PlayOnChannel(caller.channel, "p-1", LONG))
    await world.story("p-1 playing")
    added = asyncio.ensure_future(world.do(AddChannel("b-1", (caller.channel,))))
    behind = asyncio.ensure_future(world.do(GetBridge("b-1")))
    assert isinstance(await world.do(GetBridge("b-1"), HOUSE), Done)
    done, _ = await asyncio.wait({added, behind}, timeout=0.2)
    assert not done
    await world.stop("p-1", HOUSE)
    assert await added == Done(None)
    assert isinstance(await behind, Done)
    assert "caller entered b-1" in await world.story("caller entered b-1")


async def test_stopping_the_prompt_right_before_lets_add_channel_through(world: World):
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await world.done(CreateBridge("b-1"))
    await world.done(PlayOnChannel(caller.channel, "p-1", LONG))
    await world.story("p-1 playing")
    stopped, added = world.do(StopPlayback("p-1")), world.do(AddChannel("b-1", (caller.channel,)))
    async with asyncio.timeout(1):
        assert await asyncio.gather(stopped, added) == [Done(None), Done(None)]
    assert await world.story("caller entered b-1") == ["p-1 done", "caller entered b-1"]


async def test_a_channels_variable_waits_behind_its_prompt(world: World):
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await world.done(PlayOnChannel(caller.channel, "p-1", LONG))
    await world.story("p-1 playing")
    written = asyncio.ensure_future(world.do(SetChannelVariable(caller.channel, "X", "1")))
    done, _ = await asyncio.wait({written}, timeout=0.2)
    assert not done
    await world.stop("p-1", HOUSE)
    assert await written == Done(None)


async def test_calls_and_rooms_outlive_our_connection_and_go_on_telling_the_next_one(world: World):
    channel = await in_a_room(world)
    await world.done(SetBridgeVariable("b-1", "CCPLANE", "step=3"))
    pending = world.switch.send(SetBridgeVariable("b-1", "CCPLANE", "step=4"), "c-1")
    world.lose_connection()
    assert await pending == Unknown("disconnected")
    await world.connect()
    (bridge,) = await world.done(ListBridges())
    assert (bridge.id, bridge.name, bridge.channels) == ("b-1", "room", [channel])
    assert bridge.bridgevars["CCPLANE"] in ("step=3", "step=4")
    (caller,) = await world.done(ListChannels())
    assert caller.runs(APP)
    assert caller.args == ["4002"]
    await world.done(RemoveChannel("b-1", (channel,)))
    assert await world.story("caller left b-1") == ["caller left b-1"]


async def test_a_call_while_nobody_listens_takes_the_fallback(world: World):
    world.lose_connection()
    await asyncio.sleep(0.1)  # until Asterisk has noticed, which nothing tells; a call before that waits in Stasis
    caller = await world.dial()
    await caller.up()
    caller.hang_up()
    await world.connect()
    assert await world.quiet() == []


async def test_a_device_state_of_ours_is_kept(world: World):
    await world.done(SetDeviceState("Stasis:agent-8001", "NOT_INUSE"))
    await world.done(SetDeviceState("Stasis:agent-8001", "BUSY"))
    states = {state.name: state.state for state in await world.done(ListDeviceStates())}
    assert states["Stasis:agent-8001"] == "BUSY"
    assert isinstance(await world.do(SetDeviceState("PJSIP/8001", "BUSY")), Conflict)


@pytest.mark.parametrize(
    ("registered", "state", "device"), [(True, "online", "NOT_INUSE"), (False, "offline", "UNAVAILABLE")]
)
async def test_the_phones_can_be_asked_for(world: World, registered: bool, state: str, device: str):
    if not registered:
        await world.unregister("8001")
    while (await world.done(GetDeviceState("PJSIP/8001"))).state != device:  # it follows within a millisecond
        await asyncio.sleep(0.001)
    endpoints = {endpoint.resource: endpoint for endpoint in await world.done(ListEndpoints())}
    assert (endpoints["8001"].state, endpoints["8001"].channel_ids) == (state, [])
    assert (await world.done(GetEndpoint("PJSIP", "8001"))).state == state
