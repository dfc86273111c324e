"""User agents that others wrote reach each other through the plane: baresip as an agent, SIPp as a caller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import rings_for_ever
from tests.calls import talking_call
from tests.centre import Centre, open_centre
from tests.strangers import baresip, sipp

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True) as centre:
        yield centre


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The stranger's own."""
    (tmp_path / "stranger").mkdir()
    return tmp_path / "stranger"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_baresip_is_an_agent_who_is_heard_and_hears(centre: Centre, folder: Path, transport: str):
    """Registered by digest over UDP or TCP with the account that the API gives, made ready, rung, talking."""
    secret = (await centre.get("/api/v1/agents/1001/phone"))["secret"]
    async with baresip(folder, centre.node.sip_port, "1001", secret, transport) as agent:
        await centre.set_state("1001", "ready")
        call = centre.lab.callers.dial("4002", "301")
        await call.up()
        call.audio.play(AGENT_TONE)  # baresip has 440 Hz
        await agent.says("Call established")
        await call.audio.hears(CALLER_TONE)
        await agent.hears(AGENT_TONE)
        await centre.agent_is("1001", "talking")
        call.hang_up()
        await agent.says("session closed")
    assert [offer["state"] for offer in (await centre.contact_of("301"))["offers"]] == ["connected"]


async def test_sipp_is_a_caller_who_is_heard_and_is_hung_up_on(centre: Centre, folder: Path):
    """Its scenario fits to the last message, and the agent hears its tone."""
    await centre.sign_in("1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    caller = await sipp(folder, centre.node.sip_port, "4002", "13800138001")
    ring = await phone.next_ring()
    assert ring.caller == "13800138001"
    ring.answer()
    await ring.audio.hears(CALLER_TONE)
    ring.hang_up()
    _, said = await asyncio.wait_for(caller.communicate(), 20)
    assert caller.returncode == 0, said.decode()


async def test_a_phone_registered_over_tcp_talks_like_any_other(centre: Centre):
    """The call comes back over the phone's own connection."""
    secret = (await centre.get("/api/v1/agents/1002/phone"))["secret"]
    await centre.lab.phones.phone("1002").register(secret, transport="tcp")
    await centre.set_state("1002", "ready")
    async with talking_call(centre.lab, "4003", "1002", "302") as talk:
        assert talk.agent.link.reliable
        await talk.heard_both_ways()
        await talk.hang_up_by(talk.caller)
    assert centre.lab.record.lost == 0
