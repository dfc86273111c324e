"""Customers on a real Asterisk: the blocked are refused, the known are greeted in their language, and marks block."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.testing.siplab import CallEnded, answers
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    """The demo's site, where one mark is too many."""
    site = tmp_path / "site"
    for folder in ("dialplan", "ari_apps", "ivr", "acd", "recordings"):
        shutil.copytree(HOME / folder, site / folder)
    rules = site / "acd" / "site.toml"
    rules.write_text('harassment = { marks = 1, block = "1h" }\n' + rules.read_text())
    async with open_centre(local_node, database, tmp_path, CCPLANE_SITE=str(site)) as centre:
        yield centre


async def the_contact_of(centre: Centre, caller: str) -> str:
    """Once Postgres has it."""
    found: list[str] = []

    async def is_there() -> bool:
        found[:] = [each["id"] for each in await centre.rows("SELECT id FROM contact WHERE caller = $1", caller)]
        return len(found) == 1

    await centre.until(is_there, 20, lambda: f"the contact of {caller}")
    return found[0]


async def is_refused(centre: Centre, caller: str) -> bool:
    call = centre.lab.callers.dial("4002", caller)
    try:
        await call.up()
    except CallEnded as refused:
        return refused.end.code >= 400
    call.hang_up()
    return False


async def test_who_is_blocked_is_refused_also_by_a_plane_that_comes_back_and_then_taken_again(centre: Centre) -> None:
    await centre.sign_in("1001")
    assert not await is_refused(centre, "13800138061")
    answer = await centre.api.put("/api/v1/customers/13800138061/block", json={"why": "threats"})
    assert answer.status_code == 200, answer.text
    assert await is_refused(centre, "13800138061")
    assert not await is_refused(centre, "13800138062")
    await centre.kill()
    await centre.start()

    async def is_known_again() -> bool:
        return await is_refused(centre, "13800138061")

    await centre.until(is_known_again, 20, lambda: "the customer who is blocked")
    assert (await centre.api.delete("/api/v1/customers/13800138061/block")).status_code == 200
    assert not await is_refused(centre, "13800138061")


async def test_an_agent_marks_a_call_and_its_number_is_blocked(centre: Centre) -> None:
    known = {"name": "Ms Li", "language": "en", "credit_s": 60}
    assert (await centre.api.put("/api/v1/customers/13800138063", json=known)).status_code == 200
    centre.lab.phones.phone("1001").behaviour = answers()
    await centre.sign_in("1001")
    call = centre.lab.callers.dial("4002", "13800138063")
    await call.up()
    await centre.agent_is("1001", "talking")
    contact = await the_contact_of(centre, "13800138063")
    answer = await centre.api.post("/api/v1/agents/1001/harassment", json={"contact": contact, "note": "threats"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["blocked_until"] is not None
    call.hang_up()
    arrived = (await centre.contact_of("13800138063"))["facts"][0]
    assert (arrived["customer"]["name"], arrived["language"]) == ("Ms Li", "en")
    assert await is_refused(centre, "13800138063")
    (kept,) = await centre.rows("SELECT name, blocked FROM customer WHERE number = '13800138063'")
    assert (kept["name"], kept["blocked"]) == ("Ms Li", "harassment")
