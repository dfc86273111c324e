"""A plane that was stopped and goes on: what it knows is old, and another may lead. It asks before it acts."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.settings import HOME
from ccplane.testing.rtp import CALLER_TONE
from ccplane.testing.siplab import rings_for_ever
from tests.asterisk.listener import Listener
from tests.asterisk.test_recovery import a_talk
from tests.centre import open_centre
from tests.proxy import open_proxy

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

LEASE_S = 3
RING_S = 5
"""How long a phone rings."""


def site_of_brief_rings(folder: Path) -> Path:
    for each in ("acd", "ari_apps", "ivr", "recordings"):
        shutil.copytree(HOME / each, folder / each)
    queues = folder / "acd" / "queues.toml"
    queues.write_text(queues.read_text().replace("[support]\n", f'[support]\nring = "{RING_S}s"\n', 1))
    return folder


async def test_paused_past_its_term_with_another_plane_leading_it_sends_no_command(
    local_node: LocalNode, database: str, tmp_path: Path
) -> None:
    """A phone rang when it was stopped, and was to be hung up meanwhile: the old one must leave it alone."""
    for each in ("one", "other"):
        (tmp_path / each).mkdir()
    site = str(site_of_brief_rings(tmp_path / "site"))
    async with (
        open_proxy(local_node.http_port) as proxy,
        open_centre(
            local_node,
            database,
            tmp_path / "one",
            audio=True,
            CCPLANE_LEASE_S=str(LEASE_S),
            CCPLANE_SITE=site,
            CCPLANE_ARI_URL=f"http://127.0.0.1:{proxy.port}/ari",
        ) as one,
    ):
        call, ring = await a_talk(one, "1001", "501")
        await one.sign_in("1002")
        one.lab.phones.phone("1002").behaviour = rings_for_ever()
        one.lab.callers.dial("4002", "502")
        await one.lab.phones.phone("1002").next_ring()
        await asyncio.sleep(0.5)
        listener = Listener(proxy)
        await one.pause()
        async with open_centre(
            local_node, database, tmp_path / "other", start=False, CCPLANE_LEASE_S=str(LEASE_S), CCPLANE_SITE=site
        ) as other:
            await other.spawn()
            await other.until(other.routes, within=30)
            await other.agent_is("1001", "talking")
            await asyncio.sleep(RING_S + 1)  # the phone has rung for as long as it may: there is something overdue
            assert listener.commands == []
            await one.resume()

            async def knows() -> bool:
                return "lease is lost" in one.log() or "another plane took our place" in one.log()

            await one.until(knows)
            await asyncio.sleep(2)
            assert listener.commands == [], "it has acted on what it knew before"
            assert (await one.api.get("/readyz")).status_code == 503
            assert await other.routes()
            call.audio.play(CALLER_TONE)
            await ring.audio.hears(CALLER_TONE)
            await other.agent_is("1001", "talking")


async def test_paused_past_its_term_with_nobody_else_it_finds_out_first_and_goes_on(
    local_node: LocalNode, database: str, tmp_path: Path
) -> None:
    """Who left meanwhile is ended, who talks talks on, and calls are routed again."""
    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_LEASE_S=str(LEASE_S)) as centre:
        call, ring = await a_talk(centre, "1001", "501")
        waiting = centre.lab.callers.dial("4002", "502")
        await waiting.up()
        await centre.waiting("support", 1)
        await centre.pause()
        waiting.hang_up()
        await waiting.over()
        await asyncio.sleep(LEASE_S + 3)
        call.audio.play(CALLER_TONE)
        await ring.audio.hears(CALLER_TONE)
        await centre.resume()
        await centre.until(centre.routes, within=20)
        await centre.contact_of("502")
        await centre.agent_is("1001", "talking")
        ring.hang_up()
        await call.over()
        await centre.agent_is("1001", "ready")
        again = centre.lab.callers.dial("4002", "503")
        assert (await centre.lab.phones.phone("1001").next_ring()).caller == "503"
        again.hang_up()
