"""A plane that is told to end: by SIGTERM at once, with all calls left up; or drained, with its last call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.rtp import CALLER_TONE
from tests.asterisk.test_recovery import a_talk
from tests.centre import START_S, Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

DRAINED = 3


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True) as centre:
        yield centre


async def test_sigterm_leaves_a_talk_and_a_waiting_caller_up_and_a_start_goes_on_with_both(centre: Centre) -> None:
    call, ring = await a_talk(centre, "1001", "501")
    waiting = centre.lab.callers.dial("4002", "502")
    await waiting.up()
    await centre.waiting("support", 1)
    await centre.terminate()
    call.audio.play(CALLER_TONE)
    await ring.audio.hears(CALLER_TONE)
    await waiting.audio.hears_sound()
    await centre.start()
    await centre.agent_is("1001", "talking")
    await centre.waiting("support", 1)
    ring.hang_up()
    await call.over()
    assert (await centre.lab.phones.phone("1001").next_ring()).caller == "502"


async def test_drained_it_takes_no_new_call_finishes_those_it_has_and_leaves(centre: Centre) -> None:
    """The one who talks talks on; who calls now hears the fallback; /readyz says so; then it is gone."""
    call, ring = await a_talk(centre, "1001", "501")
    told = await centre.api.post("/api/v1/handover/drain", json={})
    assert told.status_code == 202
    assert (told.json()["stage"], told.json()["calls"]) == ("draining", 1)
    ready = await centre.api.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (503, "draining")
    new = centre.lab.callers.dial("4002", "502")
    await new.up()
    await new.audio.hears_sound()
    new.hang_up()
    call.audio.play(CALLER_TONE)
    await ring.audio.hears(CALLER_TONE)
    ring.hang_up()
    assert await centre.ends() == DRAINED
    callers = await centre.rows("SELECT caller FROM contact")
    assert [row["caller"] for row in callers] == ["501"]
    assert await centre.rows("SELECT 1 FROM fact WHERE kind = 'DrainBegan'")


async def test_a_drain_with_an_end_leaves_then_with_calls_still_up_which_the_next_plane_finds(centre: Centre) -> None:
    call, ring = await a_talk(centre, "1001", "501")
    began = time.monotonic()
    await centre.api.post("/api/v1/handover/drain", json={"within_s": 1.5})
    assert await centre.ends() == DRAINED
    assert time.monotonic() - began < 15
    call.audio.play(CALLER_TONE)
    await ring.audio.hears(CALLER_TONE)
    await centre.start()
    await centre.agent_is("1001", "talking")
    assert (await centre.get("/readyz"))["status"] != "draining"


async def test_a_drain_that_is_cancelled_takes_new_calls_again_and_the_plane_stays(centre: Centre) -> None:
    _, ring = await a_talk(centre, "1001", "501")
    assert (await centre.api.delete("/api/v1/handover/drain")).status_code == 409
    await centre.api.post("/api/v1/handover/drain", json={"within_s": 600})
    status, said = await centre.command("handover", "--cancel")
    assert (status, said) == (0, f"Process {centre.pid} takes new calls again, and stays.\n")
    await centre.until(centre.routes)
    new = centre.lab.callers.dial("4002", "502")
    await centre.waiting("support", 1)
    new.hang_up()
    ring.hang_up()
    await centre.contact_of("502")
    assert [
        fact["kind"] for fact in await centre.rows("SELECT kind FROM fact WHERE kind LIKE 'Drain%' ORDER BY seq")
    ] == [
        "DrainBegan",
        "DrainCancelled",
    ]


async def test_drained_by_the_command_line_it_waits_until_ccplane_has_left(centre: Centre) -> None:
    _, ring = await a_talk(centre, "1001", "501")
    draining = asyncio.create_task(centre.command("handover", "--drain"))

    async def drains() -> bool:
        return bool((await centre.get("/api/v1/handover"))["stage"] == "draining")

    await centre.until(drains, within=START_S)
    ring.hang_up()
    assert await centre.ends() == DRAINED
    status, said = await draining
    pid = centre.pid
    assert (status, said) == (
        0,
        f"Process {pid} takes no new calls; it leaves when the last of its 1 is over.\nIt has left.\n",
    )
