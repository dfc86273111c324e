"""A whole centre whose phones fall silent, lag, and come back; with AMI, and without."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.siplab import Station, open_lab, rings_for_ever
from tests.centre import Centre, open_centre
from tests.proxy import open_proxy

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

SURVEYED = 30.0
"""Within so many seconds a survey, due every 15, has come and gone on a busy machine."""


@asynccontextmanager
async def desk(centre: Centre, agent: str, lag: float = 0.0) -> AsyncIterator[Station]:
    """A phone of that agent at a socket of its own, registered; it does nothing by itself."""
    secret = (await centre.get(f"/api/v1/agents/{agent}/phone"))["secret"]
    async with open_lab((centre.node.bind, centre.node.sip_port)) as lab:
        lab.phones.lag = lag
        lab.phones.phone(agent).behaviour = rings_for_ever()
        await lab.phones.register({agent: secret})
        yield lab.phones


async def part(centre: Centre, name: str) -> dict[str, Any]:
    return (await centre.get("/readyz"))["parts"][name]


async def test_a_phone_that_falls_silent_is_offered_nothing_and_is_offered_to_again_when_it_answers(
    local_node: LocalNode, database: str, tmp_path: Path
):
    async with (
        open_centre(local_node, database, tmp_path, CCPLANE_QUALIFY_S="1") as centre,
        desk(centre, "1001") as ana,
    ):
        await centre.set_state("1001", "ready")
        await centre.agent_is("1001", "ready")
        ana.lag = None  # its power is gone: it stays registered, and answers no OPTIONS
        await centre.agent_is("1001", "unreachable")
        await centre.sign_in("1002")
        centre.lab.phones.phone("1002").behaviour = rings_for_ever()
        first = centre.lab.callers.dial("4002", "5551")
        ring = await centre.lab.phones.phone("1002").next_ring()
        ring.answer()
        await centre.agent_is("1002", "talking")
        second = centre.lab.callers.dial("4002", "5552")
        await centre.waiting("support", 1)
        assert ana.phone("1001").idle
        ana.lag = 0.0  # it answers again, and nobody does anything
        back = await ana.phone("1001").next_ring(within=10)
        back.answer()
        await centre.agent_is("1001", "talking")
        for call in (first, second):
            call.hang_up()
            await call.over()
        offers = await centre.rows("SELECT body FROM fact WHERE kind = 'OfferMissed'")
        assert offers == []


async def test_a_phone_that_takes_long_to_answer_is_shown_as_slow_until_it_does_not(
    local_node: LocalNode, database: str, tmp_path: Path
):
    async with open_centre(local_node, database, tmp_path) as centre:

        async def slow() -> bool:
            return ((await centre.get("/api/v1/agents/1001"))["phone_slow_ms"] or 0) >= 400

        async def quick() -> bool:
            return (await centre.get("/api/v1/agents/1001"))["phone_slow_ms"] is None

        async with desk(centre, "1001", lag=0.4):
            await centre.until(slow, what=lambda: "1001 to be slow")
            async with desk(centre, "1001"):
                await centre.until(quick, what=lambda: "1001 to be quick again")
        metrics = (await centre.api.get("/metrics")).text
        assert "ccplane_phone_latency_seconds_count" in metrics


async def test_without_ami_calls_go_on_and_phones_are_looked_at_by_the_survey(
    local_node: LocalNode, database: str, tmp_path: Path
):
    async with (
        open_proxy(local_node.ami_port) as line,
        open_centre(local_node, database, tmp_path, CCPLANE_AMI_PORT=str(line.port)) as centre,
    ):
        await centre.sign_in("1001")
        centre.lab.phones.phone("1001").behaviour = rings_for_ever()
        call = centre.lab.callers.dial("4002", "5551")
        ring = await centre.lab.phones.phone("1001").next_ring()
        ring.answer()
        await centre.agent_is("1001", "talking")
        assert (await part(centre, "ami"))["ok"]
        line.cut()

        async def away() -> bool:
            return not (await part(centre, "ami"))["ok"]

        await centre.until(away, what=lambda: "AMI to be away")
        ready = await centre.get("/readyz")
        assert (ready["status"], ready["degraded"]) == ("degraded", True)
        await centre.register("1002")
        await centre.set_state("1002", "ready")
        await centre.agent_is("1002", "ready", within=SURVEYED)
        centre.lab.phones.phone("1002").behaviour = rings_for_ever()
        other = centre.lab.callers.dial("4002", "5552")
        (await centre.lab.phones.phone("1002").next_ring()).answer()
        await centre.agent_is("1002", "talking")
        await centre.agent_is("1001", "talking")
        line.mend()

        async def back() -> bool:
            return (await part(centre, "ami"))["ok"]

        await centre.until(back, within=20, what=lambda: "AMI to be back")
        for each in (call, other):
            each.hang_up()
            await each.over()
        await centre.lab.phones.phone("1002").unregister()
        await centre.agent_is("1002", "unreachable")
        assert "a fault of ours" not in centre.log()


async def test_without_an_ami_account_the_plane_routes_calls_and_says_what_is_missing(
    local_node: LocalNode, database: str, tmp_path: Path
):
    async with open_centre(local_node, database, tmp_path, CCPLANE_AMI_USERNAME="") as centre:
        assert (await centre.get("/readyz"))["status"] == "degraded"
        assert "CCPLANE_AMI_USERNAME" in (await part(centre, "ami"))["detail"]
        call = centre.lab.callers.dial("4002", "5551")
        await call.up()
        call.hang_up()
        await call.over()


async def test_a_phone_in_a_call_that_is_not_ours_is_offered_nothing_until_that_is_over(
    local_node: LocalNode, database: str, tmp_path: Path
):
    """Here one that somebody made at Asterisk's own console."""
    async with open_centre(local_node, database, tmp_path) as centre:
        await centre.sign_in("1001")
        await local_node.cli("channel originate PJSIP/1001 application Wait 30")

        async def in_use() -> bool:
            return (await centre.get("/api/v1/agents/1001"))["phone"] == "in-use"

        await centre.until(in_use, what=lambda: "1001 to be in use")
        call = centre.lab.callers.dial("4002", "5551")
        await centre.waiting("support", 1)
        ring = await centre.lab.phones.phone("1001").next_ring()
        ring.hang_up()
        await asyncio.wait_for(centre.lab.phones.phone("1001").next_ring(), 20)
        call.hang_up()
        await call.over()
