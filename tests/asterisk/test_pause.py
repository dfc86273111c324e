"""A plane that stood still for longer than a phone rings: what happened meanwhile counts before what is overdue."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.settings import HOME
from ccplane.testing.siplab import rings_for_ever
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

RING_S = 5
"""How long a phone rings."""
AFTER_S = 1.5
"""So much longer than that it stands still."""


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    site = tmp_path / "site"
    for folder in ("acd", "ari_apps", "ivr", "recordings"):
        shutil.copytree(HOME / folder, site / folder)
    queues = site / "acd" / "queues.toml"
    queues.write_text(queues.read_text().replace("[support]\n", f'[support]\nring = "{RING_S}s"\n', 1))
    async with open_centre(local_node, database, tmp_path, CCPLANE_SITE=str(site)) as centre:
        yield centre


async def test_an_agent_who_answered_while_it_stood_still_has_missed_nothing(centre: Centre) -> None:
    """The answer waited in the socket, the ring's deadline in the loop."""
    await centre.sign_in("1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    call = centre.lab.callers.dial("4002", "801")
    ring = await phone.next_ring()
    await centre.agent_is("1001", "offered")
    await centre.pause()
    ring.answer()
    await ring.up()
    await asyncio.sleep(RING_S + AFTER_S)
    await centre.resume()
    await centre.agent_is("1001", "talking")
    call.hang_up()
    contact = await centre.contact_of("801")
    assert [each["state"] for each in contact["offers"]] == ["connected"]
    await centre.agent_is("1001", "ready")
    assert await centre.rows("SELECT 1 FROM fact WHERE kind = 'OfferMissed'") == []


async def test_a_caller_who_left_while_it_stood_still_did_so_before_their_phone_had_rung_out(centre: Centre) -> None:
    """No miss is held against the agent."""
    await centre.sign_in("1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    call = centre.lab.callers.dial("4002", "802")
    await phone.next_ring()
    await centre.agent_is("1001", "offered")
    await centre.pause()
    call.hang_up()
    await call.over()
    await asyncio.sleep(RING_S + AFTER_S)
    await centre.resume()
    contact = await centre.contact_of("802")
    assert contact["ended_by"] == "caller"
    assert contact["provisional"]
    (stay,) = contact["segments"]
    assert stay["provisional"]
    assert stay["waited_ms"] < RING_S * 1000, "they had left before all that"
    wallboard = (await centre.api.get("/api/v1/wallboard")).json()
    assert wallboard["provisional"]
    assert [each["cause"] for each in contact["offers"]] == ["caller-gone"]
    assert await centre.rows("SELECT 1 FROM fact WHERE kind = 'OfferMissed'") == []
