"""What an Asterisk that was killed has forgotten, and is told again when it is back."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from ccplane.asterisk.agreed import HEARTBEAT
from ccplane.asterisk.node import HOME, LocalNode
from ccplane.testing.siplab import rings_for_ever
from tests.asterisk.queue_members import members_of
from tests.asterisk.test_standing import FOLDERS
from tests.asterisk.test_switch_trouble import found_anew, mirrored, on_disk
from tests.centre import Centre, open_centre
from tests.stack import MakeNode

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


def with_an_open_line(folder: Path) -> str:
    """The demo's site, but the own seat of 1006 is always-on."""
    for each in FOLDERS:
        shutil.copytree(HOME / each, folder / each)
    with (folder / "acd" / "seats.toml").open("a") as seats:
        seats.write("\n[1006]\nalways_on = true\n")
    return str(folder)


async def ari(node: LocalNode, path: str) -> Any:
    async with httpx.AsyncClient(auth=(node.ari_username, node.ari_password), timeout=30) as client:
        answer = await client.get(f"{node.ari_url}/{path}")
        return answer.json() if answer.status_code == 200 else None


async def filtered(node: LocalNode) -> set[str]:
    """The events that the plane's application does not want."""
    application = await ari(node, "applications/ccplane")
    return {each["type"] for each in application["events_disallowed"]} if application else set()


async def beats(node: LocalNode) -> str:
    """What the guard reads."""
    said = await ari(node, f"asterisk/variable?variable={HEARTBEAT}")
    return said["value"] if said else ""


async def members(node: LocalNode) -> set[str]:
    """Whom the fallback's queue may ring."""
    return await members_of(node, "support")


def equals(look: Callable[[LocalNode], Awaitable[Any]], node: LocalNode, wanted: Any) -> Callable[[], Awaitable[bool]]:
    async def is_so() -> bool:
        return await look(node) == wanted

    return is_so


async def rung(centre: Centre, agent: str) -> None:
    """The agent's phone rings with the line that is to stay open, and is picked up."""
    (await centre.lab.phones.phone(agent).next_ring(within=40)).answer()
    await centre.agent_is(agent, "ready", within=30)


async def test_filters_open_lines_members_lamps_and_the_heartbeat_are_there_again(
    make_node: MakeNode, database: str, tmp_path: Path
) -> None:
    node = make_node()
    await node.start()
    site = with_an_open_line(tmp_path / "site")
    async with open_centre(node, database, tmp_path, CCPLANE_QUALIFY_S="2", CCPLANE_SITE=site) as centre:
        await centre.sign_in("1001")
        await centre.register("1006")
        centre.lab.phones.phone("1006").behaviour = rings_for_ever()
        await centre.set_state("1006", "ready")
        await rung(centre, "1006")
        unwanted = await filtered(node)
        assert unwanted

        async def both_are_members() -> bool:
            return len(await members(node)) == 2

        await centre.until(both_are_members, 20)
        there = await members(node)
        await centre.until(lambda: on_disk(node, "1001", "1006"))
        centre.lab.phones.phone("1006").forget_rings()
        node.kill()
        await node.wait()
        await node.start()
        await centre.until(lambda: found_anew(centre), 40, lambda: "Asterisk to be found begun anew")
        await centre.whole()
        await centre.until(equals(filtered, node, unwanted), 20)
        await rung(centre, "1006")
        await centre.agent_is("1001", "ready", within=30)
        await centre.until(equals(members, node, there), 40)
        lamps = await mirrored(node)
        assert (lamps["Stasis:agent-1001"], lamps["Stasis:agent-1006"]) == ("NOT_INUSE", "NOT_INUSE")
        beat = await beats(node)

        async def beaten() -> bool:
            return await beats(node) not in ("", beat)

        await centre.until(beaten)
        await centre.set_state("1001", "paused", "a word")
        call = centre.lab.callers.dial("4002", "13800138000")
        await call.up()
        await centre.agent_is("1006", "talking")
        call.hang_up()
        await centre.agent_is("1006", "ready")
        assert await centre.repairs() == []
    await node.stop()
