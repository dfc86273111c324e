"""Postgres is away while calls come: no call notices, and afterwards each is in the record exactly once."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.testing.siplab import answers
from tests.centre import Centre, open_centre
from tests.postgres.failing import WAYS

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

AGENTS = ("1001", "1002", "1003", "1004", "1005", "1006")
PAUSED = ("1007", "1008")
EVERY_S, TALK_S = 0.4, 1.0
"""A call every 0.4 s, of one second each."""
TERMS_S = {"killed": 5, "hanging": 10, "read-only": 5}
"""Of the lease; it is away for longer. A question that hangs has failed only after two seconds, and a term has four."""
RUNG_WITHIN_S = 1.4
"""From a caller's INVITE to that of an idle phone: far more than it takes, far less than any wait for a database."""


@pytest.fixture
def server(own_postgres: EmbeddedPostgres) -> EmbeddedPostgres:
    return own_postgres


class Traffic:
    """Callers of queue `support`, one every so often, each with a number of their own."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self.callers: list[str] = []

    def dial(self) -> None:
        caller = str(7_000 + len(self.callers))
        self.callers.append(caller)
        self._centre.lab.callers.dial("4002", caller, talk=TALK_S)

    async def flows(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            self.dial()
            await asyncio.sleep(EVERY_S)


async def signed_in(centre: Centre) -> None:
    """Six who take calls, and two at a pause who talk to each other."""
    await centre.sign_in(*AGENTS)
    await centre.register(*PAUSED)
    for agent in PAUSED:
        await centre.set_state(agent, "paused", "a word")
        await centre.agent_is(agent, "paused")
    for agent in (*AGENTS, *PAUSED):
        centre.lab.phones.phone(agent).behaviour = answers()
    centre.lab.record.serving = set(AGENTS)


async def stored_once(centre: Centre, traffic: Traffic) -> None:
    """The contacts of these callers, once all have ended in Postgres; each is there once."""

    async def ended() -> bool:
        return len(await rows()) >= len(traffic.callers)

    async def rows() -> list[dict[str, Any]]:
        return await centre.rows("SELECT id, caller FROM contact WHERE ended_at IS NOT NULL AND direction = 'inbound'")

    await centre.until(ended, within=60, what=lambda: "all contacts to have ended in Postgres")
    assert Counter(each["caller"] for each in await rows()) == Counter(traffic.callers)


def nobody_noticed(centre: Centre) -> None:
    """By the phones' own log: every caller talked to an agent, and idle phones rang at once."""
    record = centre.lab.record
    assert record.lost == 0, record.outcomes
    assert max(record.idle_to_ring) < RUNG_WITHIN_S
    assert record.double_booked == 0


@pytest.mark.parametrize("way", WAYS)
async def test_calls_flow_on_while_postgres_is_away_and_each_is_stored_once_afterwards(
    local_node: LocalNode, server: EmbeddedPostgres, tmp_path: Path, way: str
) -> None:
    """An agent's own call goes, too; the leader leads all the while."""
    async with open_centre(local_node, server.url(), tmp_path, CCPLANE_LEASE_S=str(TERMS_S[way])) as centre:
        await signed_in(centre)
        traffic = Traffic(centre)
        await traffic.flows(2)
        async with WAYS[way](server):
            flowing = asyncio.create_task(traffic.flows(TERMS_S[way] + 1))
            own = centre.lab.phones.phone(PAUSED[0]).dial(PAUSED[1])
            await own.up()  # an agent's own call waits for no database either
            while not flowing.done():
                ready = (await centre.api.get("/readyz")).json()
                assert ready["parts"]["leader"]["ok"], ready
                await asyncio.sleep(0.05)
            assert not ready["parts"]["database"]["ok"], ready
            assert ready["status"] == "degraded"
            assert not own.ended.done()
            own.hang_up()
            await centre.lab.drained(within=10)
        await traffic.flows(2)
        assert await centre.lab.drained(within=10) == 0
        nobody_noticed(centre)
        await stored_once(centre, traffic)
        assert await centre.rows("SELECT 1 FROM fact GROUP BY epoch, seq HAVING count(*) > 1") == []
        seqs = (await centre.rows("SELECT count(*) AS n, max(seq) AS last FROM fact"))[0]
        assert seqs["n"] == seqs["last"], "no fact is left out"


async def test_a_plane_killed_and_begun_again_without_postgres_routes_on_from_what_it_kept(
    local_node: LocalNode, server: EmbeddedPostgres, tmp_path: Path
) -> None:
    """People and phones are known, callers are answered; what both planes saw is stored once Postgres is there."""
    async with open_centre(local_node, server.url(), tmp_path) as centre:
        await signed_in(centre)
        traffic = Traffic(centre)
        await traffic.flows(1)
        async with WAYS["killed"](server):
            await traffic.flows(1)
            await centre.lab.drained(within=10)
            await centre.kill()
            await centre.start()
            for agent in AGENTS:
                await centre.agent_is(agent, "ready")
            await traffic.flows(2)
            await centre.lab.drained(within=10)
        nobody_noticed(centre)
        await stored_once(centre, traffic)
