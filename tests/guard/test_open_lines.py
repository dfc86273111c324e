"""An always-on seat while the plane is away: its talk is left alone, then its phone is given back to the fallback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.asterisk.test_fallback_agents import are_members, brief_prompts, dies
from tests.asterisk.test_standing import both_ways, centre, opened, talks  # noqa: F401
from tests.centre import Centre
from tests.guard.guarding import open_guard

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


async def test_a_talk_through_an_open_line_goes_on_and_when_it_is_over_the_line_is_hung_up(
    centre: Centre,  # noqa: F811
    tmp_path: Path,
) -> None:
    async with open_guard(centre.node, tmp_path, term=5) as guard:
        _phone, line = await opened(centre)
        call = await talks(centre, line, "13800138005")
        await centre.kill()
        await guard.says("stands still", within=20)
        for _ in range(2):
            await both_ways(call, line)
        assert guard.count("hung up") == 0
        call.hang_up()
        await line.over(within=10)
        await guard.says("a leg without anybody was hung up")


async def test_the_fallback_rings_its_phone_once_the_open_line_is_hung_up_and_back_again_ccplane_opens_a_new_one(
    centre: Centre,  # noqa: F811
    tmp_path: Path,
) -> None:
    brief_prompts(centre)
    async with open_guard(centre.node, tmp_path, term=5) as guard:
        phone, line = await opened(centre)
        await are_members(centre, "support", "1006")
        await dies(centre)
        call = centre.lab.callers.dial("4002", "13800138006")
        await call.up()
        await guard.says("a leg without anybody was hung up", within=20)
        await line.over()
        ring = await phone.next_ring(within=10)
        assert ring.caller == "13800138006"
        ring.answer()
        await both_ways(call, ring)
        await centre.start()
        await centre.agent_is("1006", "own-call", within=20)
        await both_ways(call, ring)
        call.hang_up()
        await call.over()
        again = await phone.next_ring(within=20)
        again.answer()
        await centre.agent_is("1006", "ready")
    assert centre.lab.record.double_booked == 0
