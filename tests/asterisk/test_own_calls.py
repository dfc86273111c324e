"""Agents' own calls on a real Asterisk: by phone and by click, to each other and outside, and what is barred."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import Station, rings_for_ever
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True) as centre:
        yield centre


@asynccontextmanager
async def outside(centre: Centre, *numbers: str) -> AsyncIterator[Station]:
    """The world behind the trunk: these numbers ring there."""
    port = int(centre.node.trunk.rpartition(":")[2])
    station = Station(("127.0.0.1", centre.node.sip_port), centre.lab.record, port=port, audio=True)
    for number in numbers:
        station.phone(number).behaviour = rings_for_ever()
    try:
        yield station
    finally:
        await station.hang_up_all(within=2.0)
        station.close()


async def the_contact(centre: Centre, number: str) -> dict[str, Any]:
    """The contact of a call to this number, once it has ended."""

    async def ended() -> bool:
        return bool(await centre.rows(ENDED, number))

    await centre.until(ended, what=lambda: f"the call to {number} to have ended in Postgres")
    return await centre.get(f"/api/v1/contacts/{(await centre.rows(ENDED, number))[0]['id']}")


ENDED = "SELECT id FROM contact WHERE number_dialled = $1 AND ended_at IS NOT NULL"


def kinds(contact: dict[str, Any]) -> list[str]:
    return [fact["type"] for fact in contact["facts"]]


async def test_two_agents_hear_each_other_and_neither_is_offered_a_caller(centre: Centre) -> None:
    """1001 dials 1002; a caller waits meanwhile, and is offered to 1002 once they are done."""
    await centre.sign_in("1001", "1002")
    other = centre.lab.phones.phone("1002")
    other.behaviour = rings_for_ever()
    call = centre.lab.phones.phone("1001").dial("1002")
    ring = await other.next_ring()
    assert ring.caller == "1001"
    await centre.agent_is("1001", "own-call")
    await centre.agent_is("1002", "own-call")
    ring.answer()
    await call.up()
    call.audio.play(CALLER_TONE)
    ring.audio.play(AGENT_TONE)
    await ring.audio.hears(CALLER_TONE)
    await call.audio.hears(AGENT_TONE)
    caller = centre.lab.callers.dial("4002", "13800138000")
    await centre.waiting("support", 1)
    ring.hang_up()
    await call.over()
    contact = await the_contact(centre, "1002")
    assert {"CallConnected", "CallEnded"} <= set(kinds(contact))
    assert (contact["direction"], contact["agent"]) == ("internal", "1001")
    caller.hang_up()


async def test_a_click_rings_the_agent_first_and_then_the_number_outside(centre: Centre) -> None:
    await centre.sign_in("1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    async with outside(centre, "5551234") as world:
        answer = await centre.api.post("/api/v1/agents/1001/calls", json={"to": "5551234"})
        assert answer.status_code == 201
        own = await phone.next_ring()
        assert own.caller == "5551234"
        own.answer()
        ring = await world.phone("5551234").next_ring()
        assert ring.caller == "4000"
        ring.answer()
        own.audio.play(AGENT_TONE)
        ring.audio.play(CALLER_TONE)
        await own.audio.hears(CALLER_TONE)
        await ring.audio.hears(AGENT_TONE)
        own.hang_up()
        await ring.over()
    contact = await the_contact(centre, "5551234")
    assert contact["id"] == answer.json()["contact"]
    assert (contact["direction"], contact["agent"]) == ("outbound", "1001")
    await centre.agent_is("1001", "ready")


async def test_a_number_that_is_barred_is_not_called_and_that_is_a_fact(centre: Centre) -> None:
    """Premium and foreign numbers: refused from the phone, by a word, and by the API."""
    await centre.sign_in("1001")
    for number in ("0900123456", "5900123", "00449001"):
        async with outside(centre, number) as world:
            call = centre.lab.phones.phone("1001").dial(number)
            await call.up()
            await call.audio.hears_sound()
            await call.over()
            await centre.agent_is("1001", "ready")  # the phone knows a little earlier than ccplane
            answer = await centre.api.post("/api/v1/agents/1001/calls", json={"to": number})
            assert (answer.status_code, answer.json()["code"]) == (403, "number-not-allowed"), answer.text
            assert not world.legs
        contact = await the_contact(centre, number)
        assert "DiallingRefused" in kinds(contact), number
        assert "PartyCalled" not in kinds(contact), number


async def test_a_caller_from_outside_cannot_pretend_to_be_a_phone_of_ours(centre: Centre) -> None:
    """What the dialplan says of phones, said by a caller as part of the number."""
    await centre.sign_in("1001")
    call = centre.lab.callers.dial("4002,phone", "13900139000")
    await call.up()
    call.hang_up()
    contact = await centre.contact_of("13900139000")
    assert (contact["number_dialled"], contact["direction"]) == ("4002", "inbound")


async def test_a_colleague_whose_phone_is_not_there_is_said_to_be_so(centre: Centre) -> None:
    await centre.sign_in("1001")
    call = centre.lab.phones.phone("1001").dial("1003")
    await call.up()
    await call.audio.hears_sound()
    await call.over()
    assert "PartyCalled" not in kinds(await the_contact(centre, "1003"))


async def test_an_own_call_survives_the_plane_and_ends_as_a_true_record(centre: Centre) -> None:
    """kill -9 in the middle: both go on talking, and the plane that comes back sees the end."""
    await centre.sign_in("1001", "1002")
    other = centre.lab.phones.phone("1002")
    other.behaviour = rings_for_ever()
    call = centre.lab.phones.phone("1001").dial("1002")
    ring = await other.next_ring()
    ring.answer()
    await call.up()
    await centre.agent_is("1002", "own-call")
    await centre.kill()
    call.audio.play(CALLER_TONE)
    await ring.audio.hears(CALLER_TONE)
    await centre.start()
    await ring.audio.hears(CALLER_TONE)
    await centre.agent_is("1002", "own-call")
    call.hang_up()
    contact = await the_contact(centre, "1002")
    assert kinds(contact)[-1] == "ContactEnded"
    await centre.agent_is("1001", "ready")
    await centre.agent_is("1002", "ready")
