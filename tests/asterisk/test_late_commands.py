"""A switch that is seconds away: what was sent on a connection that is no more is carried out all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.siplab import answers
from ccplane.testing.siplab.phones import Phone
from ccplane.testing.siplab.ring import Ring
from tests.centre import open_centre
from tests.proxy import open_proxy

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

AGENTS = ("1001", "1002", "1003")


def noting_doubles(phone: Phone, doubles: list[str]) -> None:
    """A phone that says when it is rung beside another call."""
    rang = phone.rang

    def noting(ring: Ring) -> None:
        if phone.calls:
            doubles.append(f"{phone.user} at {ring.at:.3f}: {len(phone.calls)} call(s) there already")
        rang(ring)

    phone.rang = noting  # type: ignore[method-assign]


async def test_given_commands_that_come_two_seconds_late_then_no_phone_is_rung_beside_another_call_of_ours(
    local_node: LocalNode, database: str, tmp_path: Path
) -> None:
    doubles: list[str] = []
    async with (
        open_proxy(local_node.http_port) as proxy,
        open_centre(local_node, database, tmp_path, CCPLANE_ARI_URL=f"http://127.0.0.1:{proxy.port}/ari") as centre,
    ):
        await centre.sign_in(*AGENTS)
        for agent in AGENTS:
            phone = centre.lab.phones.phone(agent)
            phone.behaviour = answers(0.3, hang_up_after=1.0)
            noting_doubles(phone, doubles)
        for number in range(24):
            if number == 4:
                proxy.delay = 2.0
            if number == 18:
                proxy.delay = 0.0
            centre.lab.callers.dial("4002", f"8{number:02}")
            await asyncio.sleep(0.4)
        await centre.until(centre.routes, within=40)

        async def everybody_is_served() -> bool:
            left = await centre.rows("SELECT 1 FROM contact WHERE ended_at IS NULL")
            ended = await centre.rows("SELECT 1 FROM contact WHERE ended_at IS NOT NULL")
            return not left and len(ended) > 4

        await centre.until(everybody_is_served, within=90)
        for agent in AGENTS:
            await centre.agent_is(agent, "ready", within=30)
    assert doubles == []
