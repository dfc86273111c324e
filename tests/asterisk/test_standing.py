"""An always-on seat on a real Asterisk: picked up once, then call after call, sound both ways, and no ring."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import Call, Phone, Ring, rings_for_ever
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

FOLDERS = ("dialplan", "ari_apps", "ivr", "acd", "recordings")


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    """The demo's site, but the own seat of 1006 is always-on."""
    site = tmp_path / "site"
    for folder in FOLDERS:
        shutil.copytree(HOME / folder, site / folder)
    with (site / "acd" / "seats.toml").open("a") as seats:
        seats.write("\n[1006]\nalways_on = true\n")
    async with open_centre(
        local_node, database, tmp_path, audio=True, CCPLANE_LEASE_S="5", CCPLANE_SITE=str(site)
    ) as centre:
        yield centre


async def opened(centre: Centre) -> tuple[Phone, Ring]:
    """1006 has signed in and picked up; their phone picks up nothing else."""
    phone = centre.lab.phones.phone("1006")
    phone.behaviour = rings_for_ever()
    await centre.register("1006")
    await centre.set_state("1006", "ready")
    line = await phone.next_ring()
    assert (await centre.agent("1006"))["state"] == "unreachable"
    line.answer()
    await centre.agent_is("1006", "ready")
    return phone, line


async def talks(centre: Centre, line: Ring, caller: str) -> Call:
    """This caller and the open line hear each other; no sound is left from before."""
    call = centre.lab.callers.dial("4002", caller)
    await call.up()
    await centre.agent_is("1006", "talking")
    await both_ways(call, line)
    return call


async def both_ways(call: Call, line: Ring) -> None:
    call.audio.play(CALLER_TONE)
    line.audio.play(AGENT_TONE)
    for _ in range(3):  # and go on to: a beep, and what it does to the bridge, is over by then
        await line.audio.hears(CALLER_TONE)
        await call.audio.hears(AGENT_TONE)


async def test_two_callers_one_after_the_other_without_a_ring(centre: Centre) -> None:
    _phone, line = await opened(centre)
    for caller in ("13800138001", "13800138002"):
        call = await talks(centre, line, caller)
        call.hang_up()
        await centre.agent_is("1006", "ready")
        contact = await centre.contact_of(caller)
        assert [each["state"] for each in contact["offers"]] == ["connected"]
        assert contact["offers"][0]["agent"] == "1006"
    assert not line.ended.done()
    seats = await centre.get("/api/v1/seats")
    assert next(each for each in seats["seats"] if each["id"] == "1006")["always_on"]


async def test_who_hangs_up_the_open_line_is_paused_until_ready_again_and_signing_out_ends_it(centre: Centre) -> None:
    phone, line = await opened(centre)
    line.hang_up()
    await centre.agent_is("1006", "paused")
    agent = await centre.get("/api/v1/agents/1006")
    assert agent["reason"] == "open line hung up"
    await centre.set_state("1006", "ready")
    again = await phone.next_ring()
    again.answer()
    await centre.agent_is("1006", "ready")
    await centre.set_state("1006", "offline")
    await again.over()


async def test_who_hangs_up_in_a_talk_ends_it_and_is_paused(centre: Centre) -> None:
    _phone, line = await opened(centre)
    call = await talks(centre, line, "13800138003")
    line.hang_up()
    await centre.agent_is("1006", "paused")
    await call.over()
    contact = await centre.contact_of("13800138003")
    assert [each["ended_by"] for each in contact["segments"] if each["kind"] == "agent"] == ["agent"]


async def test_after_kill_9_in_a_talk_on_it_both_hear_each_other_and_the_line_serves_the_next(centre: Centre) -> None:
    _phone, line = await opened(centre)
    call = await talks(centre, line, "13800138004")
    await centre.kill()
    await both_ways(call, line)
    await centre.start()
    await centre.agent_is("1006", "talking")
    await both_ways(call, line)
    call.hang_up()
    await centre.agent_is("1006", "ready")
    (await talks(centre, line, "13800138005")).hang_up()
    await centre.agent_is("1006", "ready")
    assert not line.ended.done()


async def test_a_beep_tells_of_a_caller_who_says_nothing_and_then_the_line_is_silent_again(centre: Centre) -> None:
    _phone, line = await opened(centre)
    (await talks(centre, line, "13800138008")).hang_up()  # a beep in the line's first moments may be lost
    await centre.agent_is("1006", "ready")
    line.audio.play(None)
    beep = asyncio.ensure_future(line.audio.hears_sound(within=10.0))
    call = centre.lab.callers.dial("4002", "13800138006")
    await beep
    await centre.agent_is("1006", "talking")
    await line.audio.hears_silence()
    call.hang_up()
    await centre.agent_is("1006", "ready")


async def test_after_the_facts_are_lost_in_a_talk_on_it_the_talk_goes_on_and_is_ours_again(
    centre: Centre, tmp_path: Path
) -> None:
    _phone, line = await opened(centre)
    call = await talks(centre, line, "13800138007")
    await centre.kill()
    outboxes = list(tmp_path.rglob("outbox*"))
    assert outboxes
    for each in outboxes:
        each.unlink()
    await centre.start()
    await centre.agent_is("1006", "talking")
    await both_ways(call, line)
    call.hang_up()
    await line.over()  # whether they were signed in nobody knows any more
    await centre.agent_is("1006", "offline")


async def test_a_click_and_a_colleagues_call_come_over_the_line(centre: Centre) -> None:
    _phone, line = await opened(centre)
    await centre.sign_in("1001")
    other = centre.lab.phones.phone("1001")
    other.behaviour = rings_for_ever()
    answer = await centre.api.post("/api/v1/agents/1006/calls", json={"to": "1001"})
    assert answer.status_code == 201
    ring = await other.next_ring()
    ring.answer()
    ring.audio.play(CALLER_TONE)
    line.audio.play(AGENT_TONE)
    await line.audio.hears(CALLER_TONE)
    await ring.audio.hears(AGENT_TONE)
    await centre.agent_is("1006", "own-call")
    ring.hang_up()
    await centre.agent_is("1006", "ready")
    call = other.dial("1006")
    await call.up()
    await centre.agent_is("1006", "own-call")
    await both_ways(call, line)
    call.hang_up()
    await centre.agent_is("1006", "ready")
    assert not line.ended.done()
