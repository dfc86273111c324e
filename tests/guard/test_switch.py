"""The guard's own hands on a real switch, without a plane: an application that falls silent is enough."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ccplane.asterisk.actions import Action
from ccplane.asterisk.ami import Ami
from ccplane.asterisk.node import HOME, LocalNode
from ccplane.asterisk.outcomes import Done, Gone, Refused
from ccplane.guard.guard import NOT_RECORDED
from ccplane.testing.rtp import CALLER_TONE
from ccplane.testing.siplab import Lab, Station, answers, open_lab, rings_for_ever
from tests.asterisk.sounds import write_tone
from tests.asterisk.stand_in import application
from tests.guard.guarding import CARRIED, guard_environment, open_guard

TERM = 5.0
OUR_FAULT = 1300
pytestmark = [pytest.mark.asterisk, pytest.mark.slow]


@pytest.fixture
async def lab(local_node: LocalNode) -> AsyncIterator[Lab]:
    prompts = [local_node.sounds_dir / f"{name}.wav" for name in ("our-fault", "our-fault-outbound")]
    for path in prompts:
        write_tone(path, hz=OUR_FAULT, seconds=3)
    async with open_lab(("127.0.0.1", local_node.sip_port), audio=True) as lab:
        yield lab
    for path in prompts:
        path.unlink()


async def beats(ari, value: str) -> None:
    await ari.post("/asterisk/variable", params={"variable": "CCPLANE_HEARTBEAT", "value": value})


async def test_a_call_that_entered_our_application_just_when_its_socket_died_is_carried_too(
    lab: Lab, local_node: LocalNode, tmp_path: Path
) -> None:
    """Nobody has ever answered it. It goes as soon as the absence is sure, and does not wait for a term of its own."""
    async with open_guard(local_node, tmp_path, TERM) as guard:
        async with application(local_node) as (ari, channel_arrives):
            await beats(ari, "9-1")
            early = lab.callers.dial("4002", "911")
            await channel_arrives()
        await guard.says("stands still")
        await early.up()
        await early.audio.hears(OUR_FAULT)
        async with application(local_node) as (ari, channel_arrives):
            late = lab.callers.dial("4002", "912")
            await channel_arrives()
        await late.up(within=5)
        await late.audio.hears(OUR_FAULT)
        assert guard.count(CARRIED) == 2


async def test_who_is_called_outside_and_answers_nobody_is_told_so_and_hung_up(
    lab: Lab, local_node: LocalNode, tmp_path: Path
) -> None:
    """A leg of ours that rings meanwhile is taken back; two who talk are left alone."""
    outside = Station(("127.0.0.1", local_node.sip_port), lab.record, port=_trunk(local_node), audio=True)
    outside.phone("5551").behaviour = answers()
    outside.phone("5552").behaviour = rings_for_ever()
    outside.phone("5553").behaviour = answers()
    try:
        async with open_guard(local_node, tmp_path, TERM) as guard, application(local_node) as (ari, channel_arrives):
            await beats(ari, "9-2")
            caller = lab.callers.dial("4002", "913")
            talking = await channel_arrives()
            await ari.post(f"/channels/{talking}/answer")
            for number, which in (("5551", 1), ("5552", 2), ("5553", 3)):
                await ari.post(
                    f"/channels/l-c-ast1-1.1-1-{which}-1",
                    params={"endpoint": f"PJSIP/{number}@trunk", "app": "ccplane", "appArgs": "leg"},
                )
            answered = {await channel_arrives(), await channel_arrives()}
            assert answered == {"l-c-ast1-1.1-1-1-1", "l-c-ast1-1.1-1-3-1"}
            await ari.post("/bridges/b-c-ast1-1.1", params={"type": "mixing"})
            await ari.post("/bridges/b-c-ast1-1.1/addChannel", params={"channel": f"{talking},l-c-ast1-1.1-1-3-1"})
            told = await outside.phone("5551").next_ring()
            rung = await outside.phone("5552").next_ring()
            other = await outside.phone("5553").next_ring()
            await told.audio.hears(OUR_FAULT, within=15)
            await told.over(within=10)
            await rung.over(within=10)
            caller.audio.play(CALLER_TONE)
            await other.audio.hears(CALLER_TONE)
            assert guard.count(CARRIED) == 0
            assert not caller.ended.done()
            await ari.delete(f"/channels/{talking}")
    finally:
        await outside.hang_up_all(within=2.0)
        outside.close()


async def test_whose_agent_hangs_up_hears_a_goodbye_whose_agents_phone_dies_goes_on_and_no_recording_runs_on(
    lab: Lab, local_node: LocalNode, tmp_path: Path
) -> None:
    """44 is what the switch says of a phone that sends no sound any more."""
    outside = Station(("127.0.0.1", local_node.sip_port), lab.record, port=_trunk(local_node), audio=True)
    files = [local_node.spool_dir / "monitor" / f"talk-{n}.raw" for n in (1, 2)]
    try:
        async with (
            open_guard(local_node, tmp_path, TERM) as guard,
            application(local_node) as (ari, channel_arrives),
            the_planes_ami(local_node) as ami,
        ):
            await beats(ari, "9-3")
            talks = []
            for number, file in zip(("5551", "5552"), files, strict=True):
                outside.phone(number).behaviour = answers()
                caller = lab.callers.dial("4002", number)
                channel = await channel_arrives()
                leg = await talks_with(ari, channel, number, channel_arrives)
                record: Action = {"Action": "MixMonitor", "Channel": channel, "File": file.name, "Options": "D"}
                assert isinstance(await ami.ask(record), Done)
                talks.append((caller, channel, leg, await outside.phone(number).next_ring()))
                caller.audio.play(CALLER_TONE)
                await talks[-1][3].audio.hears(CALLER_TONE)
            await guard.says("stands still", within=15)
            (_, thanked, _, hangs_up), (goes_on, carried, dies, _) = talks
            hangs_up.hang_up()
            await guard.says("heard a goodbye")
            assert await nothing_records(ami, thanked)
            await ari.delete(f"/channels/{dies}", params={"reason_code": "44"})
            await guard.says(CARRIED)
            assert await nothing_records(ami, carried)
            written = files[1].stat().st_size
            assert written
            await goes_on.audio.hears(OUR_FAULT)
            assert files[1].stat().st_size == written
            assert (guard.count(CARRIED), guard.count("heard a goodbye")) == (1, 1)
            assert not guard.count("may run on")
    finally:
        for file in files:
            file.unlink(missing_ok=True)
        await outside.hang_up_all(within=2.0)
        outside.close()


async def talks_with(ari, channel: str, number: str, channel_arrives) -> str:
    """A room with both in it, as the plane makes one; the leg's id."""
    leg, room = f"l-c-{channel}-1-1-1", f"b-c-{channel}"
    await ari.post(f"/channels/{channel}/answer")
    endpoint = {"endpoint": f"PJSIP/{number}@trunk", "app": "ccplane", "appArgs": "leg,1001"}
    await ari.post(f"/channels/{leg}", params=endpoint)
    assert await channel_arrives() == leg
    await ari.post(f"/bridges/{room}", params={"type": "mixing"})
    await ari.post(f"/bridges/{room}/addChannel", params={"channel": f"{channel},{leg}"})
    return leg


async def nothing_records(ami: Ami, channel: str) -> bool:
    said = await ami.ask({"Action": "StopMixMonitor", "Channel": channel})
    return isinstance(said, Gone) or said == Refused(400, NOT_RECORDED)


@asynccontextmanager
async def the_planes_ami(node: LocalNode) -> AsyncIterator[Ami]:
    async with connected(Ami("127.0.0.1", node.ami_port, node.ami_username, node.ami_password)) as ami:
        yield ami


@asynccontextmanager
async def connected(ami: Ami) -> AsyncIterator[Ami]:
    running = asyncio.create_task(ami.run())
    try:
        async with asyncio.timeout(20):
            while not ami.stats.connected:
                await asyncio.sleep(0.02)
        yield ami
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_its_account_may_do_what_it_needs_and_no_more(local_node: LocalNode) -> None:
    async with connected(
        Ami("127.0.0.1", local_node.ami_port, local_node.guard_username, local_node.guard_password)
    ) as ami:
        assert isinstance(await ami.ask({"Action": "Getvar", "Variable": "X"}), Done)
        assert isinstance(await ami.collect({"Action": "Status"}, "StatusComplete"), Done)
        for place, there in (("s", True), ("served", True), ("forgotten", False)):
            asked = {"Action": "ShowDialPlan", "Context": "ccplane-guard", "Extension": place}
            assert isinstance(await ami.collect(asked, "ShowDialPlanComplete"), Done) is there, place
        for action in (
            {"Action": "Originate", "Channel": "Local/1@x", "Application": "Hangup"},
            {"Action": "Command", "Command": "core show version"},
            {"Action": "DBPut", "Family": "x", "Key": "y", "Val": "z"},
            {"Action": "GetConfig", "Filename": "manager.conf"},
        ):
            assert isinstance(await ami.ask(action), Refused), action


async def test_the_check_tells_whether_a_guard_is_there_and_sees_a_plane(local_node: LocalNode, tmp_path: Path) -> None:
    async with open_guard(local_node, tmp_path, TERM), application(local_node) as (ari, _):

        async def lives() -> None:
            for n in range(1000):
                await beats(ari, f"9-{n}")
                await asyncio.sleep(0.5)

        beating = asyncio.create_task(lives())
        well = await asyncio.to_thread(_check, local_node)
        beating.cancel()
        assert well.returncode == 0, well.stdout
        ill = await asyncio.to_thread(_check, local_node)
        assert ill.returncode == 1
        assert "ccplane    AWAY" in ill.stdout
        assert "guard      ok" in ill.stdout


def _check(node: LocalNode) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ccplane", "guard", "--check"]
    return subprocess.run(command, env=guard_environment(node), cwd=HOME, capture_output=True, text=True, timeout=30)


def _trunk(node: LocalNode) -> int:
    return int(node.trunk.rpartition(":")[2])
