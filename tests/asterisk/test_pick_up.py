"""A desk phone that rings is told to answer, and one that does not know how rings on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ccplane.asterisk.ami import Ami
from ccplane.asterisk.node import LocalNode
from ccplane.asterisk.outcomes import Refused
from ccplane.asterisk.pick_up import PickUps
from ccplane.core.commands import PickUp
from ccplane.testing.fake_ami import FakeAmi
from ccplane.testing.siplab import State, rings_for_ever
from tests.centre import Centre, open_centre

COMMAND = PickUp("c-ast1-1", "l-c-ast1-1-1-1-1")


async def test_the_phone_is_told_in_the_dialog_of_its_own_leg():
    ami = FakeAmi()
    PickUps(ami)(COMMAND)
    while not ami.asked:
        await asyncio.sleep(0)
    assert ami.asked == [{"Action": "PJSIPNotify", "Channel": COMMAND.leg, "Variable": ["Event=talk"]}]


async def test_what_cannot_be_sent_harms_nobody():
    ami = FakeAmi()
    ami.answers["PJSIPNotify"] = Refused(0, "no")
    pick_ups = PickUps(ami)
    pick_ups(COMMAND)
    ami.drop()
    pick_ups(COMMAND)
    while pick_ups._asking:
        await asyncio.sleep(0)


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path) as centre:
        yield centre


@asynccontextmanager
async def ami_of(node: LocalNode) -> AsyncIterator[Ami]:
    ami = Ami("127.0.0.1", node.ami_port, node.ami_username, node.ami_password)
    running = asyncio.create_task(ami.run())
    async with asyncio.timeout(20):
        while not ami.stats.connected:
            await asyncio.sleep(0.01)
    yield ami
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def ringing(centre: Centre):
    """A phone that rings, and the command that tells it to answer."""
    await centre.sign_in("1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    centre.lab.callers.dial("4002", "1")
    ring = await phone.next_ring()
    contact = (await centre.get("/api/v1/agents/1001"))["contact"]
    (offer,) = (await centre.get(f"/api/v1/contacts/{contact}"))["offers"]
    return ring, PickUp(contact, offer["leg"])


@pytest.mark.asterisk
@pytest.mark.postgres
@pytest.mark.slow
async def test_a_phone_that_knows_how_answers_and_both_talk(centre: Centre) -> None:
    ring, command = await ringing(centre)
    async with ami_of(centre.node) as ami:
        PickUps(ami)(command)
        await ring.up()
    await centre.agent_is("1001", "talking")


@pytest.mark.asterisk
@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.parametrize("code", [405, 489, 501])
async def test_a_phone_that_refuses_it_rings_on(centre: Centre, code: int) -> None:
    ring, command = await ringing(centre)
    refused = asyncio.get_running_loop().create_future()

    def refuses(message, link, sender):
        ring._reply(message, code)
        del ring.on_request
        refused.set_result(message.method)

    ring.on_request = refuses
    async with ami_of(centre.node) as ami:
        PickUps(ami)(command)
        assert await asyncio.wait_for(refused, 20) == "NOTIFY"
    assert ring.state is State.RINGING
    ring.answer()
    await centre.agent_is("1001", "talking")
