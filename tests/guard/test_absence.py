"""A plane that is paused, slow, restarted or gone, on a real switch: who is carried, when, and who is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import Call, Ring, rings_for_ever
from tests.asterisk.sounds import write_tone
from tests.centre import Centre, open_centre
from tests.guard.guarding import CARRIED, open_guard

OUR_FAULT = 1300
"""The pitch of the guard's apology in these tests."""
GOODBYE = 1700
LEASE_S = 5
pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_LEASE_S=str(LEASE_S)) as centre:
        write_tone(local_node.sounds_dir / "our-fault.wav", hz=OUR_FAULT, seconds=4)
        write_tone(local_node.sounds_dir / "goodbye.wav", hz=GOODBYE, seconds=2)
        yield centre
    for name in ("our-fault", "goodbye"):
        (local_node.sounds_dir / f"{name}.wav").unlink()


class Floor:
    """Somebody who talks with 1001, somebody who waits, and somebody in a menu."""

    def __init__(self, talking: Call, ring: Ring, waiting: Call, menu: Call) -> None:
        self.talking, self.ring, self.waiting, self.menu = talking, ring, waiting, menu

    async def talk_on(self) -> None:
        self.talking.audio.play(CALLER_TONE)
        self.ring.audio.play(AGENT_TONE)
        await self.ring.audio.hears(CALLER_TONE)
        await self.talking.audio.hears(AGENT_TONE)


async def a_floor(centre: Centre) -> Floor:
    await centre.sign_in("1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    talking = centre.lab.callers.dial("4002", "901")
    ring = await phone.next_ring()
    ring.answer()
    await centre.agent_is("1001", "talking")
    waiting = centre.lab.callers.dial("4002", "902")
    await centre.waiting("support", 1)
    menu = centre.lab.callers.dial("4001", "903")
    await menu.up()
    await menu.audio.hears_sound()
    return Floor(talking, ring, waiting, menu)


async def heartbeat(node: LocalNode) -> str:
    account = (node.ari_username, node.ari_password)
    async with httpx.AsyncClient(base_url=node.ari_url, auth=account, timeout=30, verify=False) as ari:
        return (await ari.get("/asterisk/variable", params={"variable": "CCPLANE_HEARTBEAT"})).json()["value"]


async def moved(node: LocalNode, before: str) -> bool:
    return await heartbeat(node) != before


async def test_a_plane_paused_past_its_lease_is_waited_for_and_past_the_term_its_callers_hear_the_apology(
    centre: Centre, local_node: LocalNode, tmp_path: Path
) -> None:
    """The pair talks on through both. Resumed, the plane finds out, by events or by a survey, and routes the next."""
    term = 12
    async with open_guard(local_node, tmp_path, term) as guard:
        floor = await a_floor(centre)
        before = await heartbeat(local_node)
        await centre.pause()
        await asyncio.sleep(LEASE_S + 2)
        await centre.resume()
        await centre.until(lambda: moved(local_node, before))
        await centre.until(centre.routes)
        assert guard.count(CARRIED) == 0
        await centre.waiting("support", 1)
        await floor.talk_on()
        await centre.pause()
        began = time.monotonic()
        await asyncio.gather(
            floor.waiting.audio.hears(OUR_FAULT, within=30), floor.menu.audio.hears(OUR_FAULT, within=30)
        )
        assert time.monotonic() - began >= term
        await floor.talk_on()
        assert guard.count(CARRIED) == 2
        await centre.resume()
        await guard.says("moves again")
        for caller, outcome in (("902", "lost"), ("903", None)):
            contact = await centre.contact_of(caller, within=20)
            assert contact["ended_by"] == "fallback"
            assert [each["outcome"] for each in contact["segments"]] == ([outcome] if outcome else [])
        assert not floor.talking.ended.done()
        await centre.agent_is("1001", "talking")
        for carried in (floor.waiting, floor.menu):
            carried.hang_up()  # the fallback would ring 1001 for them
            await carried.over()
        floor.ring.hang_up()
        await centre.agent_is("1001", "ready")
        ended = await centre.contact_of("901")
        assert ended["ended_by"] != "fallback"
        centre.lab.callers.dial("4002", "904")
        (await centre.lab.phones.phone("1001").next_ring()).answer()
        await centre.agent_is("1001", "talking")


async def test_a_plane_that_is_slow_for_longer_than_the_term_keeps_its_callers(
    centre: Centre, local_node: LocalNode, tmp_path: Path
) -> None:
    """It stands still for 2 s again and again, and gets to its work for moments only."""
    async with open_guard(local_node, tmp_path, term=7) as guard:
        floor = await a_floor(centre)
        for _ in range(4):
            before = await heartbeat(local_node)
            await centre.pause()
            await asyncio.sleep(2)
            await centre.resume()
            await centre.until(lambda before=before: moved(local_node, before))
        assert guard.count(CARRIED) == 0
        assert not floor.waiting.ended.done()
        await centre.waiting("support", 1)


async def test_a_plane_that_is_killed_and_back_within_the_term_keeps_its_callers(
    centre: Centre, local_node: LocalNode, tmp_path: Path
) -> None:
    async with open_guard(local_node, tmp_path, term=40) as guard:  # a start takes long on a busy machine
        floor = await a_floor(centre)
        for _ in range(2):
            await centre.kill()
            await asyncio.sleep(3)
            await centre.start()
        assert guard.count(CARRIED) == 0
        await centre.waiting("support", 1)
        await floor.talk_on()
        assert not floor.menu.ended.done()


async def test_a_plane_that_stays_away_loses_its_callers_to_the_fallback_and_whose_agent_hangs_up_hears_a_goodbye(
    centre: Centre, local_node: LocalNode, tmp_path: Path
) -> None:
    """Back again, it finds them with the fallback, or its word of those who hung up there; no agent is stuck."""
    async with open_guard(local_node, tmp_path, term=6) as guard:
        floor = await a_floor(centre)
        await centre.set_state("1001", "paused")  # else the fallback would ring them in the end
        await centre.kill()
        await guard.says(CARRIED, times=2, within=20)
        await floor.waiting.audio.hears(OUR_FAULT, within=5)
        floor.waiting.hang_up()
        await floor.talk_on()
        floor.ring.hang_up()
        await floor.talking.audio.hears(GOODBYE, within=10)
        await floor.talking.over()
        assert guard.count(CARRIED) == 2
        await centre.start()
        await centre.agent_is("1001", "paused")
        for caller in ("901", "902", "903"):
            assert (await centre.contact_of(caller, within=20))["ended_by"] == "fallback"
        (row,) = await centre.rows("SELECT count(*) AS n FROM contact")
        assert row["n"] == 3, "whom the fallback has is no new contact"


async def test_a_guard_that_is_paused_itself_counts_afresh(
    centre: Centre, local_node: LocalNode, tmp_path: Path
) -> None:
    """Both are paused, as with a machine that sleeps: the guard wakes first, and waits for the whole term again."""
    async with open_guard(local_node, tmp_path, term=7) as guard:
        floor = await a_floor(centre)
        await asyncio.sleep(2)
        await centre.pause()
        guard.process.send_signal(19)
        await asyncio.sleep(8)
        guard.process.send_signal(18)
        await asyncio.sleep(3)
        assert guard.count(CARRIED) == 0
        await centre.resume()
        await centre.waiting("support", 1)
        assert not floor.menu.ended.done()
