"""Look-ups by a real plane beside a real Asterisk and a real service: what the caller hears, hang-ups, and kill -9."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.siplab import Call
from tests.asterisk.test_kill_anywhere import fact, killed_and_back
from tests.asterisk.test_programs import results, steps
from tests.centre import Centre, open_centre
from tests.lookups.service import Asked, Service, a_service, hangs, says

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

SENT = says('{"state": "sent", "on": "2026-11-20"}')


@pytest.fixture
async def shop() -> AsyncIterator[Service]:
    async with a_service(SENT) as service:
        yield service


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path, shop: Service) -> AsyncIterator[Centre]:
    of_the_shop = {"ORDERS_URL": shop.url, "ORDERS_TOKEN": "s3cret"}
    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_LEASE_S="5", **of_the_shop) as centre:
        yield centre


async def asks(centre: Centre, number: str) -> Call:
    """Up to the look-up."""
    call = centre.lab.callers.dial("4011", number)
    await call.up()
    await call.audio.hears_sound()
    await call.audio.press("4711#")
    await steps(centre, number, "LookUp")
    return call


async def test_the_caller_hears_where_the_order_is_and_has_served_themselves(centre: Centre, shop: Service) -> None:
    call = await asks(centre, "801")
    await steps(centre, "801", "Play")
    await call.audio.hears_sound()
    await call.over(within=30)
    contact = await centre.contact_of("801")
    assert contact["self_served"] is True
    assert results(contact)[2] == "Found"
    assert shop.asked[0].line == "GET /orders/4711 HTTP/1.1"
    assert shop.asked[0].headers["authorization"] == "Bearer s3cret"
    assert "s3cret" not in centre.log()
    metrics = (await centre.api.get("/metrics")).text
    assert 'ccplane_look_ups_total{name="orders",result="found"} 1.0' in metrics
    assert 'ccplane_look_up_circuit_closed{name="orders"} 1.0' in metrics


async def test_who_waits_hears_a_word_and_music_until_the_answer_is_there(centre: Centre, shop: Service) -> None:
    answer = asyncio.Event()

    async def late(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answer.wait()
        await SENT(asked, writer)

    shop.behaves = late
    call = await asks(centre, "802")
    await fact(centre, "LookUpDelayed")
    await call.audio.hears_sound()
    answer.set()
    await steps(centre, "802", "Play")
    await call.over(within=30)
    contact = await centre.contact_of("802")
    assert results(contact)[2] == "Found"
    assert contact["self_served"] is True


async def test_killed_while_the_service_is_asked_it_is_asked_again_and_the_caller_gets_the_answer(
    centre: Centre, shop: Service
) -> None:
    shop.behaves = hangs
    call = await asks(centre, "803")
    await shop.came.wait()
    await centre.kill()
    shop.behaves = SENT
    await centre.start()
    await steps(centre, "803", "Play")
    await call.audio.hears_sound()
    await call.over(within=30)
    contact = await centre.contact_of("803")
    assert "Found" in results(contact)
    assert contact["self_served"] is True
    tries = [
        each["attempt"]
        for each in contact["facts"]
        if each["type"] == "StepStarted" and each["verb"]["type"] == "LookUp"
    ]
    assert tries == [1, 2]


async def test_killed_after_the_answer_the_program_has_the_same_one_and_asks_nobody(
    centre: Centre, shop: Service
) -> None:
    call = await asks(centre, "804")
    await steps(centre, "804", "Play")
    await call.audio.hears_sound()
    shop.behaves = says('{"state": "packing"}')
    await killed_and_back(centre)
    await call.over(within=30)
    contact = await centre.contact_of("804")
    assert len(shop.asked) == 1
    assert results(contact).count("Found") == 1
    assert contact["self_served"] is True


async def test_who_hangs_up_ends_the_request_and_leaves_nothing(centre: Centre, shop: Service) -> None:
    shop.behaves = hangs
    call = await asks(centre, "805")
    await shop.came.wait()
    call.hang_up()
    await asyncio.wait_for(shop.left.wait(), 10)
    contact = await centre.contact_of("805")
    assert contact["ended_by"] == "caller"
    kinds = [each["type"] for each in contact["facts"]]
    assert kinds.count("ContactEnded") == 1
    assert "ProgramFailed" not in kinds


async def test_a_shop_that_fails_again_and_again_is_left_alone_said_so_and_callers_reach_people(
    centre: Centre, shop: Service
) -> None:
    shop.behaves = says("no", "500 Internal Server Error")
    for number in ("806", "807", "808"):
        call = await asks(centre, number)
        await steps(centre, number, "EnterQueue")
        call.hang_up()
    part = (await centre.get("/readyz"))["parts"]["look-ups"]
    assert part["ok"] is False
    assert "`orders`" in part["detail"]
    assert len(shop.asked) == 5
    code, said = await centre.command("status")
    assert code == 0, said
    assert "look-ups" in said
