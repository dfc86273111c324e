"""A seat that answers by itself: its phone is told so in the INVITE, in both ways that makers know."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

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
