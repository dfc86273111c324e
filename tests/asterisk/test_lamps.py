"""Lamps (BLF) on real phones follow agents: free, rung, in a call, paused, signed out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.siplab import rings_for_ever
from tests.asterisk.lamps import Lamp, lamp
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]
ON, OFF, BLINKS = "confirmed", "terminated", "early"


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path) as centre:
        yield centre


async def watch(centre: Centre, number: str) -> AbstractAsyncContextManager[Lamp]:
    secret = (await centre.get("/api/v1/agents/1002/phone"))["secret"]
    return lamp(("127.0.0.1", centre.node.sip_port), "1002", secret, number)


async def test_lamps_follow_an_agent_through_a_day(centre: Centre) -> None:
    await centre.register("1001")
    async with (
        await watch(centre, "1001") as of_agent,
        await watch(centre, "*451001") as signed_in,
        await watch(centre, "*461001") as paused,
    ):
        assert {each.answer.result() for each in (of_agent, signed_in, paused)} == {200}
        await of_agent.becomes(ON)  # offline: takes no calls
        await signed_in.becomes(OFF)
        await paused.becomes(OFF)
        await centre.set_state("1001", "ready")
        await of_agent.becomes(OFF)
        await signed_in.becomes(ON)
        await centre.agent_is("1001", "ready")
        centre.lab.phones.phone("1001").behaviour = rings_for_ever()
        call = centre.lab.callers.dial("4002", "77")
        ring = await centre.lab.phones.phone("1001").next_ring()
        await of_agent.becomes(BLINKS)
        ring.answer()
        await of_agent.becomes(ON)
        call.hang_up()
        await ring.over()
        await of_agent.becomes(OFF)
        await centre.set_state("1001", "paused", "lunch")
        await of_agent.becomes(ON)
        await paused.becomes(ON)
        await centre.set_state("1001", "offline")
        await paused.becomes(OFF)
        await signed_in.becomes(OFF)
        assert of_agent.states[-1] == ON


async def test_the_lamp_of_a_seat_follows_its_phone(centre: Centre) -> None:
    async with await watch(centre, "2002") as of_seat:
        await of_seat.becomes(OFF)
        phone = centre.lab.phones.phone("2002")
        await phone.register((await centre.get("/api/v1/seats/2002/phone"))["secret"])
        call = phone.dial("4002")
        await call.up()
        await of_seat.becomes(ON)
        call.hang_up()
        await of_seat.becomes(OFF)


async def test_the_lamp_of_an_agent_at_a_shared_seat_follows_what_they_do_there(centre: Centre) -> None:
    phone = centre.lab.phones.phone("2002")
    phone.behaviour = rings_for_ever()
    await phone.register((await centre.get("/api/v1/seats/2002/phone"))["secret"])
    async with await watch(centre, "1003") as of_agent:
        (await centre.api.put("/api/v1/agents/1003/state", json={"state": "ready", "seat": "2002"})).raise_for_status()
        await of_agent.becomes(OFF)
        await centre.agent_is("1003", "ready")
        call = centre.lab.callers.dial("4002", "78")
        ring = await phone.next_ring()
        await of_agent.becomes(BLINKS)
        ring.answer()
        await of_agent.becomes(ON)
        call.hang_up()
        await ring.over()
        await of_agent.becomes(OFF)


async def test_who_is_no_phone_of_ours_sees_nothing(centre: Centre) -> None:
    async with lamp(("127.0.0.1", centre.node.sip_port), "13800138000", "", "1001") as stranger:
        assert stranger.answer.result() >= 400
        assert not stranger.states
