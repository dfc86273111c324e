"""Talks are recorded on a real switch: each side on its own channel, through every fault of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench.rtp import AGENT_TONE, CALLER_TONE, expand, share  # noqa: F401
from ccplane.asterisk.node import LocalNode
from tests.calls import talking_call
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True) as centre:
        yield centre


async def stored(centre: Centre, caller: str, within: float = 30) -> dict:
    """The recording of this caller's only talk, once it is in the store."""
    rows: list[dict] = []

    async def is_so() -> bool:
        rows[:] = await centre.rows(
            "SELECT body FROM fact WHERE kind = 'RecordingStored' AND contact IN (SELECT id FROM contact WHERE caller = $1)",
            caller,
        )
        return bool(rows)

    await centre.until(is_so, within, lambda: f"the recording of {caller} to be stored")
    contact = await centre.contact_of(caller)
    return contact


async def test_trial(centre: Centre):
    await centre.sign_in("1001")
    async with talking_call(centre.lab, "4002", "1001", "77001") as talk:
        await talk.heard_both_ways()
        await asyncio.sleep(1)
    found = await stored(centre, "77001")
    for each in found["facts"]:
        if "Recording" in each["type"]:
            print(each)
    print((await centre.get("/readyz"))["parts"])
    print(centre.log()[-2000:])
    assert 0
