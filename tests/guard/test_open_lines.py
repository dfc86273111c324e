"""An always-on seat while the plane is away: its talk is left alone, and then its phone is given back."""

from __future__ import annotations

from pathlib import Path

import pytest

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
