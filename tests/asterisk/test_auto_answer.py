"""A seat that answers by itself: its phone is told so in the INVITE, in both ways that makers know."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.siplab import Ring, rings_for_ever
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path) as centre:
        yield centre


async def rung_at(centre: Centre, seat: str) -> Ring:
    """What reaches the phone of a seat at which 1006 has signed in."""
    phone = centre.lab.phones.phone(seat)
    phone.behaviour = rings_for_ever()
    await phone.register((await centre.get(f"/api/v1/seats/{seat}/phone"))["secret"])
    answer = await centre.api.put("/api/v1/agents/1006/state", json={"state": "ready", "seat": seat})
    answer.raise_for_status()
    await centre.agent_is("1006", "ready")
    call = centre.lab.callers.dial("4002", "13800138000", display="Ann")
    ring = await phone.next_ring()
    assert (ring.caller, ring.display) == ("13800138000", "Ann")
    call.hang_up()
    await ring.over()
    return ring


async def test_the_phone_of_such_a_seat_is_told_to_answer_at_once(centre: Centre) -> None:
    invite = (await rung_at(centre, "2001")).invite
    assert invite.headers["call-info"] == ["<sip:ccplane>;answer-after=0"]
    assert invite.headers["alert-info"] == ["<http://ccplane>;info=alert-autoanswer;delay=0"]


async def test_the_phone_of_any_other_seat_is_not(centre: Centre) -> None:
    invite = (await rung_at(centre, "2002")).invite
    assert not {"call-info", "alert-info"} & invite.headers.keys()


async def test_a_phone_that_was_to_pick_up_and_only_rings_has_failed_at_that_and_the_next_one_rings(
    centre: Centre,
) -> None:
    """Within six seconds of the twenty for which a phone may ring; the caller's clock goes on."""
    phone = centre.lab.phones.phone("2001")
    phone.behaviour = rings_for_ever()
    await phone.register((await centre.get("/api/v1/seats/2001/phone"))["secret"])
    (await centre.api.put("/api/v1/agents/1006/state", json={"state": "ready", "seat": "2001"})).raise_for_status()
    await centre.agent_is("1006", "ready")
    call = centre.lab.callers.dial("4002", "13800138000")
    ring = await phone.next_ring()
    await centre.sign_in("1007")
    other = centre.lab.phones.phone("1007")
    answered = await other.next_ring(within=12)
    answered.answer()
    await call.up()
    await ring.over()
    call.hang_up()
    await call.over()
    (contact,) = (await centre.get("/api/v1/contacts"))["contacts"]

    async def offers() -> list[dict[str, Any]]:
        return (await centre.get(f"/api/v1/contacts/{contact['id']}"))["offers"]

    async def both() -> bool:
        return len(await offers()) == 2

    await centre.until(both, 10, lambda: "two offers in Postgres")
    missed, taken = await offers()
    assert (missed["agent"], missed["cause"], missed["rang"]) == ("1006", "auto-answer-failed", True)
    assert 5_500 <= missed["ring_ms"] <= 7_000
    assert (taken["agent"], taken["attempt"]) == ("1007", 2)
