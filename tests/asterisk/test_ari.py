"""The client on a real Asterisk: connect, command, lose it, find it again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from itertools import count
from typing import Any

import pytest

from ccplane.asterisk.ari import Ari, Connection, Limits, Replaced
from ccplane.asterisk.events import ChannelUserevent, Event, PlaybackFinished, StasisEnd, StasisStart, UnknownEvent
from ccplane.asterisk.node import LocalNode
from ccplane.asterisk.operations import (
    AddChannel,
    CreateBridge,
    DestroyBridge,
    ForgetGlobalVariable,
    GetApplication,
    GetBridge,
    GetBridgeVariable,
    GetChannel,
    GetGlobalVariable,
    GetInfo,
    GetPlayback,
    HangUp,
    ListBridges,
    ListChannels,
    ListDeviceStates,
    Operation,
    Originate,
    Ping,
    PlayOnChannel,
    SetBridgeVariable,
    SetDeviceState,
    SetEventFilter,
    SetGlobalVariable,
    StopPlayback,
)
from ccplane.asterisk.outcomes import Conflict, Done, Gone, Refused, Unknown
from ccplane.asterisk.switch import HOUSE
from ccplane.errors import SwitchError
from tests.asterisk.rest_server import until
from tests.ports import free_ports
from tests.stack import MakeNode

pytestmark = pytest.mark.asterisk

_apps = count(1)


def an_ari(node: LocalNode, **options: Any) -> Ari:
    """A client with an application of its own, so that no test replaces another's."""
    options.setdefault("app", f"test-{next(_apps)}")
    options.setdefault("password", node.ari_password)
    return Ari(node.ari_url, node.ari_username, **options)


@asynccontextmanager
async def connected(ari: Ari) -> AsyncGenerator[Connection, None]:
    async with aclosing(ari.connections()) as connections:
        async with asyncio.timeout(20):
            connection = await anext(connections)
        yield connection


@pytest.fixture
async def connection(local_node: LocalNode) -> AsyncIterator[Connection]:
    async with connected(an_ari(local_node)) as connection:
        yield connection


async def until_event(connection: Connection, kind: type[Event], within: float = 20) -> Any:
    async with asyncio.timeout(within):
        async for event, _ in connection.events:
            if isinstance(event, kind):
                return event
    raise AssertionError(f"the connection ended ({connection.ended}) before {kind.__name__}")


async def test_a_connection_is_live_when_it_is_handed_out(local_node: LocalNode):
    """Probed, filtered, all sockets up; its own probes never reach the inbox."""
    ari = an_ari(local_node)
    async with connected(ari) as connection:
        assert 0 < ari.stats.probe_rtt_s < 1
        app = await connection.send(GetApplication(ari.app), HOUSE)
        assert isinstance(app, Done)
        assert {"type": "ChannelVarset"} in app.value.events_disallowed
        assert len(connection.events) == 0


async def test_the_node_says_who_it_is(connection: Connection, local_node: LocalNode):
    info = await connection.send(GetInfo(), HOUSE)
    assert isinstance(info, Done)
    assert info.value.system.version.startswith("22.")
    assert info.value.config.name == local_node.name


async def test_an_event_of_our_own_comes_back_with_the_switches_time(connection: Connection):
    assert await connection.send(Ping(connection.app, "hello"), HOUSE) == Done(None)
    event = await until_event(connection, ChannelUserevent)
    assert event.eventname == "hello"
    assert event.at_switch > 1_600_000_000_000


async def test_values_of_any_characters_survive(connection: Connection):
    """Also those that a URL or a dialplan would read something into."""
    for value in ("a+b%20c&d=é;\"'\\", "a\nb\tc", "💥", "${EPOCH}", "'; DROP TABLE x; --", "x" * 500):
        assert await connection.send(SetGlobalVariable("CC_T", value), HOUSE) == Done(None)
        read = await connection.send(GetGlobalVariable("CC_T"), HOUSE)
        assert isinstance(read, Done)
        assert read.value.value == value


async def test_a_variable_that_is_forgotten_is_in_the_switchs_list_no_more(
    local_node: LocalNode, connection: Connection
):
    assert await connection.send(SetGlobalVariable("CC_GONE", "1"), HOUSE) == Done(None)
    assert "CC_GONE" in await local_node.cli("dialplan show globals")
    assert await connection.send(ForgetGlobalVariable("CC_GONE"), HOUSE) == Done(None)
    assert "CC_GONE" not in await local_node.cli("dialplan show globals")
    assert await connection.send(ForgetGlobalVariable("CC_GONE"), HOUSE) == Done(None)


async def test_a_bridge_keeps_what_we_write_on_it(connection: Connection):
    """`bridgevars` come back in the list only where they were set with report_events."""
    assert isinstance(await connection.send(CreateBridge("b-1", name="room"), "c-1"), Done)
    assert await connection.send(SetBridgeVariable("b-1", "CC_STEP", "3"), "c-1") == Done(None)
    assert await connection.send(SetBridgeVariable("b-1", "QUIET", "1", report_events=False), "c-1") == Done(None)
    assert await connection.send(SetBridgeVariable("b-1", "CC_BIG", "x" * 60_000), "c-1") == Done(None)
    bridges = await connection.send(ListBridges(), HOUSE)
    assert isinstance(bridges, Done)
    (bridge,) = [bridge for bridge in bridges.value if bridge.id == "b-1"]
    assert bridge.name == "room"
    assert bridge.bridgevars == {"CC_STEP": "3", "CC_BIG": "x" * 60_000}
    assert isinstance(await connection.send(GetBridgeVariable("b-1", "NONE"), HOUSE), Gone)
    assert await connection.send(DestroyBridge("b-1"), "c-1") == Done(None)


async def test_what_exists_already_is_a_conflict_and_what_does_not_is_gone(connection: Connection):
    """addChannel alone says so with 400. A bridge that is destroyed is there for a moment longer."""
    assert isinstance(await connection.send(CreateBridge("b-2"), "c-1"), Done)
    assert isinstance(await connection.send(CreateBridge("b-2"), "c-1"), Conflict)
    assert isinstance(await connection.send(AddChannel("b-2", ("none",)), "c-1"), Gone)
    assert isinstance(await connection.send(DestroyBridge("b-2"), "c-1"), Done)
    async with asyncio.timeout(20):
        while isinstance(await connection.send(GetBridge("b-2"), "c-1"), Done):
            pass
    for operation in (GetBridge("b-2"), DestroyBridge("b-2"), AddChannel("b-2", ("none",))):
        assert isinstance(await connection.send(operation, "c-1"), Gone)
    for operation in (GetChannel("none"), HangUp("none"), StopPlayback("none"), GetPlayback("none")):
        assert isinstance(await connection.send(operation, "c-1"), Gone)


async def test_what_can_not_be_is_refused(connection: Connection):
    """A phone that nobody has registered can't even be rung, and no event tells."""
    leg = Originate("l-1", "PJSIP/nobody", connection.app)
    assert await connection.send(leg, "c-1") == Refused(500, "Allocation failed")


async def test_a_leg_of_ours_starts_and_ends_under_its_id(connection: Connection, local_node: LocalNode):
    """On a Local channel, which needs no phone."""
    leg = Originate("l-2", "Local/4002@ccplane-fallback", connection.app, app_args="leg,o-1", timeout=5)
    assert isinstance(await connection.send(leg, "c-1"), Done)
    started = await until_event(connection, StasisStart)
    assert started.channel.id == "l-2"
    assert started.args == ["leg", "o-1"]
    channels = await connection.send(ListChannels(), HOUSE)
    assert isinstance(channels, Done)
    (own,) = [channel for channel in channels.value if channel.runs(connection.app)]
    assert (own.id, own.args) == ("l-2", ["leg", "o-1"])
    assert isinstance(await connection.send(leg, "c-1"), Conflict)
    assert await connection.send(HangUp("l-2"), "c-1") == Done(None)
    await until_event(connection, StasisEnd)


async def test_a_sound_can_be_asked_for_as_long_as_it_plays(connection: Connection):
    """Also right behind the command that plays it, on the same lane."""
    leg = Originate("l-4", "Local/4002@ccplane-fallback", connection.app, timeout=5)
    assert isinstance(await connection.send(leg, "c-1"), Done)
    await until_event(connection, StasisStart)
    connection.send(PlayOnChannel("l-4", "p-4", ("tone:ring",)), "c-1")
    assert isinstance(await connection.send(GetPlayback("p-4"), "c-1"), Done)
    assert await connection.send(StopPlayback("p-4"), "c-1") == Done(None)
    await until_event(connection, PlaybackFinished)
    await until_gone(connection, GetPlayback("p-4"))
    await connection.send(HangUp("l-4"), "c-1")


async def until_gone(connection: Connection, operation: Operation[Any]) -> None:
    """Asterisk forgets a thing a moment after it tells of its end."""
    async with asyncio.timeout(20):
        while not isinstance(await connection.send(operation, "c-1"), Gone):
            await asyncio.sleep(0.001)


async def test_a_device_state_is_kept(connection: Connection):
    assert await connection.send(SetDeviceState("Stasis:agent-77", "BUSY"), HOUSE) == Done(None)
    states = await connection.send(ListDeviceStates(), HOUSE)
    assert isinstance(states, Done)
    assert ("Stasis:agent-77", "BUSY") in {(state.name, state.state) for state in states.value}


async def test_a_wrong_password_is_said_at_once_and_tells_what_to_check(local_node: LocalNode):
    with pytest.raises(SwitchError, match=r"ari\.conf") as caught:
        await anext(an_ari(local_node, password="wrong").connections())
    assert caught.value.code == "ari-wrong-password"


async def test_asterisk_may_come_later_than_we(make_node: MakeNode):
    """Not listening, then booting (404, 503), then there: no fault, no hurry."""
    node = make_node()
    ari = an_ari(node)
    async with aclosing(ari.connections()) as connections:
        waiting = asyncio.ensure_future(anext(connections))
        await until(lambda: ari.stats.refusals["ari-unreachable"])
        await node.start()
        async with asyncio.timeout(20):
            connection = await waiting
        assert isinstance(await connection.send(GetInfo(), HOUSE), Done)
        await node.stop()


async def test_a_connection_is_found_again_after_each_of_twenty_drops_and_hears_every_event(local_node: LocalNode):
    """Dropped in mid-flight: what was pending is Unknown; the new one is no zombie."""
    ari = an_ari(local_node, limits=Limits(first_wait=0.002, longest_wait=0.004))
    reasons = []
    async with aclosing(ari.connections()) as connections:
        for number in range(20):
            connection = await asyncio.wait_for(anext(connections), 20)
            assert await connection.send(Ping(ari.app, f"round-{number}"), HOUSE) == Done(None)
            assert (await until_event(connection, ChannelUserevent)).eventname == f"round-{number}"
            pending = [connection.send(GetInfo(), f"c-{lane}") for lane in range(30)]
            connection._lanes[0].abort()
            assert set(await asyncio.gather(*pending)) <= {Unknown("disconnected")}
            reasons.append(await connection.finished())
    assert len(reasons) == 20
    assert ari.stats.connects == 20


async def test_a_restarted_asterisk_is_found_again(make_node: MakeNode):
    """kill -9, then a new one on the same ports."""
    node = make_node()
    await node.start()
    ari = an_ari(node)
    async with aclosing(ari.connections()) as connections:
        first = await anext(connections)
        await asyncio.to_thread(node.kill)
        assert (await first.finished()).startswith("disconnected")
        await node.start()
        async with asyncio.timeout(20):
            second = await anext(connections)
        assert isinstance(await second.send(GetInfo(), HOUSE), Done)
    await node.stop()


async def test_who_is_replaced_is_told_and_still_obeyed_by_asterisk(local_node: LocalNode):
    """ApplicationReplaced fences nothing: the connection ends itself, and the new one is alone."""
    old = an_ari(local_node)
    connections = old.connections()
    first = await anext(connections)
    async with connected(an_ari(local_node, app=old.app)) as second:
        assert await first.finished() == "replaced"
        with pytest.raises(Replaced):
            await anext(first.events)
        with pytest.raises(Replaced):
            await anext(connections)
        assert isinstance(await second.send(GetInfo(), HOUSE), Done)
        assert second.ended is None


async def test_a_type_that_we_do_not_use_is_passed_on_as_unknown(connection: Connection):
    """ChannelCreated is filtered; without the filter it comes, and harms nothing."""
    assert isinstance(await connection.send(SetEventFilter(connection.app, ()), HOUSE), Done)
    leg = Originate("l-3", "Local/4002@ccplane-fallback", connection.app, timeout=5)
    assert isinstance(await connection.send(leg, "c-1"), Done)
    event = await until_event(connection, UnknownEvent)
    assert event.reason == "unused"
    assert connection.ended is None
    await connection.send(HangUp("l-3"), "c-1")


async def test_a_port_where_no_asterisk_listens_is_tried_for_ever():
    (port,) = free_ports()
    ari = Ari(f"http://127.0.0.1:{port}", "ccplane", "secret", limits=Limits(first_wait=0.001, longest_wait=0.01))
    async with aclosing(ari.connections()) as connections:
        waiting = asyncio.ensure_future(anext(connections))
        await until(lambda: ari.stats.refusals["ari-unreachable"] > 10)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
