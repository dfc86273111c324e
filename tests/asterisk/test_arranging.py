"""A callback is arranged with a caller on a real Asterisk, by real keys, over a `kill -9`; and they call again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import LocalNode
from tests.asterisk.test_callbacks import CUSTOMER, a_callback, asked, key
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_LEASE_S="5") as centre:
        yield centre


async def facts(centre: Centre, caller: str) -> list[dict[str, Any]]:
    return (await centre.contact_of(caller))["facts"]


async def test_another_number_and_a_time_are_agreed_on_over_a_kill_9(centre: Centre) -> None:
    call = centre.lab.callers.dial("4005", CUSTOMER)
    await call.up()
    await key(centre, call, "1", 1)
    await key(centre, call, "2", 2)
    await asked(centre, CUSTOMER, 3)
    await call.audio.press("55577")
    await centre.kill()
    await centre.start()
    await call.audio.press("77#")
    await key(centre, call, "1", 4)
    await key(centre, call, "2", 5)
    await call.over(within=40)
    callback = await a_callback(centre, number="5557777", state="pending")
    begins, ends = (datetime.fromisoformat(callback[each]) for each in ("not_before", "expires_at"))
    assert (ends - begins).total_seconds() == 7_200
    assert callback["next_at"] == callback["not_before"]
    (kept,) = await centre.rows("SELECT ms(not_before) AS at FROM promise WHERE number = '5557777'")
    assert kept["at"] == begins.timestamp() * 1000
    kinds = [each["type"] for each in await facts(centre, CUSTOMER)]
    assert "ProgramFailed" not in kinds


async def test_who_calls_again_cancels_it(centre: Centre) -> None:
    call = centre.lab.callers.dial("4005", CUSTOMER)
    await call.up()
    for times in (1, 2, 3):
        await key(centre, call, "1", times)
    await call.over(within=30)
    await a_callback(centre, number=CUSTOMER)
    again = centre.lab.callers.dial("4005", CUSTOMER)
    await again.up()
    await key(centre, again, "1", 1)
    await key(centre, again, "3", 2)
    await again.over(within=30)
    callback = await a_callback(centre, state="cancelled")
    assert callback["number"] == CUSTOMER


async def test_who_calls_again_and_changes_it_has_the_new_one_alone(centre: Centre) -> None:
    call = centre.lab.callers.dial("4005", CUSTOMER)
    await call.up()
    for times in (1, 2, 3):
        await key(centre, call, "1", times)
    await call.over(within=30)
    before = await a_callback(centre, number=CUSTOMER)
    again = centre.lab.callers.dial("4005", CUSTOMER)
    await again.up()
    for times, pressed in enumerate("1212", 1):
        await key(centre, again, pressed, times)
    await again.over(within=40)
    found: dict[str, Any] = {}

    async def both_are_told() -> bool:
        found.update({each["state"]: each for each in (await centre.get("/api/v1/callbacks"))["callbacks"]})
        return {"pending", "cancelled"} <= found.keys()

    await centre.until(both_are_told, what=lambda: f"the first to be cancelled and the second promised, not {found}")
    after = found["pending"]
    assert (after["since"], after["not_before"] is not None) == (before["since"], True)
    assert found["cancelled"]["id"] == before["id"]

    async def alone() -> bool:
        live = await centre.rows("SELECT id FROM promise WHERE live")
        return [each["id"] for each in live] == [after["id"]]

    await centre.until(alone, what=lambda: "the new promise alone to be live")
