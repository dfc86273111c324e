"""The stage, fake and real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest

from ccplane.agents.facts import Phone
from ccplane.asterisk.ami import Ami
from ccplane.asterisk.ari import Ari
from ccplane.asterisk.node import LocalNode
from ccplane.asterisk.operations import DestroyBridge, HangUp, ListBridges, ListChannels, Operation
from ccplane.asterisk.outcomes import Done
from ccplane.asterisk.provision import Phones, provision
from ccplane.asterisk.switch import HOUSE, Switch
from ccplane.testing.siplab import open_lab
from tests.asterisk.contract.world import APP, FakeWorld, RealWorld, World
from tests.asterisk.phones import online
from tests.asterisk.rest_server import until

T = TypeVar("T")
PHONES = Phones(owner="contract", rtp_timeout_s=0)
SECRETS = {"8001": "secret", "8002": "secret"}


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.asterisk)])
def node(request: pytest.FixtureRequest) -> LocalNode | None:
    """The running Asterisk, or None for the fake. Not async: the shared node is started on a loop of its own."""
    return request.getfixturevalue("shared_node") if request.param == "real" else None


@pytest.fixture
async def world(node: LocalNode | None) -> AsyncIterator[World]:
    async with on_the_real(node) if node else on_the_fake() as world:
        yield world


@asynccontextmanager
async def on_the_fake() -> AsyncIterator[World]:
    world = FakeWorld()
    await world.connect()
    world.phones_told.clear()
    yield world
    await world.leave()


@asynccontextmanager
async def on_the_real(node: LocalNode) -> AsyncIterator[World]:
    if not node.running:
        await node.start()
    ari = Ari(node.ari_url, node.ari_username, node.ari_password, app=APP)
    ami = Ami(node.bind, node.ami_port, node.ami_username, node.ami_password)
    listening = asyncio.create_task(ami.run())
    async with open_lab((node.bind, node.sip_port), audio=True) as lab:
        world = RealWorld(ari.connections(), ami, lab)
        try:
            await world.connect()
            await until(lambda: ami.stats.connected)
            await sweep(world.switch)
            await provision(world.switch, SECRETS, PHONES)
            await lab.phones.register(SECRETS)
            await online(world.switch, *SECRETS)
            for user in SECRETS:
                await world.story_of_phone(user, Phone.REACHABLE)
            world.told.clear()
            yield world
            await sweep(world.switch)
            await provision(world.switch, {}, PHONES)
        finally:
            await world.leave()
            listening.cancel()


async def _all(switch: Switch, listing: Operation[list[T]]) -> list[T]:
    found = await switch.send(listing, HOUSE)
    assert isinstance(found, Done)
    return found.value


async def sweep(switch: Switch) -> None:
    """Leave nothing behind: a channel that is still ending holds its phone's old endpoint, of which nobody is told."""
    async with asyncio.timeout(20):
        while channels := await _all(switch, ListChannels()):
            for channel in channels:
                await switch.send(HangUp(channel.id), HOUSE)
            await asyncio.sleep(0.01)
    for bridge in await _all(switch, ListBridges()):
        await switch.send(DestroyBridge(bridge.id), HOUSE)
