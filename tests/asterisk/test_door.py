"""The door at which phones come in is at every node of ours, and the plane sees when it is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from ccplane.asterisk.agreed import AT_DOOR, DOOR
from ccplane.asterisk.ami import Ami
from ccplane.asterisk.door import Door
from ccplane.asterisk.outcomes import Done, Refused
from ccplane.guard.guard import CHANNELS
from ccplane.guard.whom import Fate, left_alone
from ccplane.testing.fake_ami import FakeAmi
from tests.stack import MakeNode

SAYS = "copy ccplane's dialplan/door.conf"
NOT_THERE = Refused(200, "Did not find context")


@asynccontextmanager
async def looking(door: Door) -> AsyncIterator[None]:
    running = asyncio.create_task(door.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_before_anything_was_asked_there_is_no_trouble():
    assert Door(FakeAmi(), FakeAmi().events).trouble == ""


async def test_given_a_door_that_is_not_there_then_it_is_said_until_it_is():
    ami = FakeAmi()
    ami.lists["ShowDialPlan"] = NOT_THERE
    door = Door(ami, ami.events, again_s=0.01)
    async with looking(door):
        await ami.login()
        await until(lambda: door.trouble)
        assert SAYS in door.trouble
        assert "lacks ccplane-door and ccplane-lines" in door.trouble
        del ami.lists["ShowDialPlan"]
        await until(lambda: not door.trouble)


async def test_given_no_answer_then_what_was_known_stays_and_it_is_asked_again():
    ami = FakeAmi()
    ami.lists["ShowDialPlan"] = Refused(0, "fenced")
    door = Door(ami, ami.events, again_s=0.01)
    async with looking(door):
        await ami.login()
        await until(lambda: len(ami.asked) > 3)
        assert door.trouble == ""
        ami.lists["ShowDialPlan"] = NOT_THERE
        await until(lambda: door.trouble)
        ami.lists["ShowDialPlan"] = Refused(0, "fenced")
        asked = len(ami.asked)
        await until(lambda: len(ami.asked) > asked + 3)
        assert door.trouble


@pytest.mark.asterisk
async def test_given_a_site_whose_dialplan_has_no_door_then_the_node_has_it_and_its_loss_is_seen(
    make_node: MakeNode, tmp_path: Path
):
    (tmp_path / "mine.conf").write_text("[from-trunk]\nexten => _X!,1,Hangup(16)\n")
    node = make_node(dialplan=tmp_path)
    await node.start()
    ami = Ami(node.bind, node.ami_port, node.ami_username, node.ami_password)
    door = Door(ami, ami.events, again_s=0.05)
    assert "Stasis(ccplane" in await node.cli(f"dialplan show {DOOR}")
    await node.cli(f"dialplan remove context {DOOR}")
    connected = asyncio.create_task(ami.run())
    try:
        async with looking(door):
            await until(lambda: door.trouble)
            assert "lacks ccplane-door:" in door.trouble
            await node.cli("dialplan reload")
            await until(lambda: not door.trouble)
    finally:
        connected.cancel()
        await asyncio.gather(connected, return_exceptions=True)
        await node.stop()


@pytest.mark.asterisk
async def test_given_nobody_of_us_there_then_the_guard_sees_who_waits_at_the_door_and_what_they_are(
    make_node: MakeNode, tmp_path: Path
):
    (tmp_path / "mine.conf").write_text("[up]\nexten => s,1,Answer()\n same => n,Wait(20)\n")
    node = make_node(dialplan=tmp_path)
    await node.start()
    ami = Ami(node.bind, node.ami_port, node.guard_username, node.guard_password)
    connected = asyncio.create_task(ami.run())
    agents, outside = "l-c-ast1-1700000000.12-1-1-7", "l-c-ast1-1700000000.13-1-1-7"
    found: dict[str, Fate] = {}
    try:
        async with httpx.AsyncClient(auth=(node.ari_username, node.ari_password), timeout=30) as ari:
            for leg, says in ((agents, "leg,1001"), (outside, "leg")):
                where = {"endpoint": "Local/s@up/n", "context": DOOR, "extension": "s", "priority": 1}
                asked = await ari.post(
                    f"{node.ari_url}/channels/{leg}", params=where, json={"variables": {AT_DOOR: says}}
                )
                assert asked.status_code == 200, asked.text
        async with asyncio.timeout(20):
            while found != {agents: Fate.HUNG_UP, outside: Fate.TOLD}:
                await asyncio.sleep(0.01)  # what is asked before the login is refused without a turn of the loop
                said = await ami.collect(CHANNELS, "StatusComplete")
                found = {each.channel: each.fate for each in left_alone(said.value)} if isinstance(said, Done) else {}
    finally:
        connected.cancel()
        await asyncio.gather(connected, return_exceptions=True)
        await node.stop()
