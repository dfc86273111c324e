"""Agents sign in from real phones: *45 and *46, at their own seat and at a shared one, with id and PIN."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.siplab import Call, How, rings_for_ever
from tests.centre import START_S, Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow, pytest.mark.usefixtures("brief")]
PIN = "135790"


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True) as centre:
        yield centre


async def dial(centre: Centre, number: str, seat: str) -> Call:
    """A call from the desk phone of a seat, once it is up."""
    phone = centre.lab.phones.phone(seat)
    if not phone.secret:
        await phone.register((await centre.get(f"/api/v1/seats/{seat}/phone"))["secret"])
    call = phone.dial(number)
    await call.up()
    return call


async def is_over(call: Call) -> None:
    """The confirmation was heard to its end, and the call ended by us."""
    assert (await call.over(within=20)).how is How.PEER_HUNG_UP


async def facts(centre: Centre, kind: str, agent: str) -> list[dict[str, object]]:
    """What Postgres has of this kind, as soon as it has any."""
    found: list[dict[str, object]] = []

    async def there() -> bool:
        rows = await centre.rows("SELECT body FROM fact WHERE kind = $1 AND agent = $2 ORDER BY seq", kind, agent)
        found[:] = [json.loads(row["body"]) for row in rows]
        return bool(found)

    await centre.until(there, what=lambda: f"{kind} of {agent} in Postgres")
    return found


async def asked_for_an_id(centre: Centre, times: int) -> None:
    """So many times in all; what is pressed before, while something else is said, goes nowhere."""
    asked = (
        "SELECT count(*) AS n FROM fact WHERE kind = 'StepStarted' AND body -> 'verb' ->> 'type' = 'Gather'"
        " AND body -> 'verb' -> 'sounds' ->> 0 IS NOT NULL"
    )

    async def there() -> bool:
        return (await centre.rows(asked))[0]["n"] >= times

    await centre.until(there, what=lambda: f"question {times} for an id")


async def test_star_45_at_an_own_phone_signs_in_and_out_and_the_next_call_rings_there(centre: Centre) -> None:
    call = await dial(centre, "*45", "1001")
    await call.audio.hears_sound()
    await is_over(call)
    await centre.agent_is("1001", "ready")
    centre.lab.phones.phone("1001").behaviour = rings_for_ever()
    customer = centre.lab.callers.dial("4002", "55")
    ring = await centre.lab.phones.phone("1001").next_ring()
    customer.hang_up()
    await ring.over()
    await centre.agent_is("1001", "ready")
    await is_over(await dial(centre, "*46", "1001"))
    await centre.agent_is("1001", "paused")
    await is_over(await dial(centre, "*46", "1001"))
    await centre.agent_is("1001", "ready")
    await is_over(await dial(centre, "*45", "1001"))
    await centre.agent_is("1001", "offline")
    changes = await facts(centre, "IntentChanged", "1001")
    assert [(each["intent"], each["by"]) for each in changes] == [
        ("ready", "phone"),
        ("paused", "phone"),
        ("ready", "phone"),
        ("offline", "phone"),
    ]


async def test_a_shared_seat_asks_for_id_and_pin_and_calls_ring_there(centre: Centre) -> None:
    (await centre.api.put("/api/v1/agents/1003/pin", json={"pin": PIN})).raise_for_status()
    call = await dial(centre, "*45", "2002")
    await call.audio.hears_sound()
    await call.audio.press("1003#")
    await call.audio.hears_sound()
    await call.audio.press(PIN)
    await is_over(call)
    await centre.agent_is("1003", "ready")
    assert (await centre.get("/api/v1/agents/1003"))["device"] == "2002"
    [accepted] = await facts(centre, "PinAccepted", "1003")
    assert (accepted["way"], accepted["whence"]) == ("phone", "2002")
    centre.lab.phones.phone("2002").behaviour = rings_for_ever()
    customer = centre.lab.callers.dial("4002", "56")
    ring = await centre.lab.phones.phone("2002").next_ring()
    customer.hang_up()
    await ring.over()
    await is_over(await dial(centre, "*45", "2002"))
    await centre.agent_is("1003", "offline")
    assert (await centre.get("/api/v1/agents/1003"))["device"] == "1003"
    rows = await centre.rows("SELECT count(*) AS n FROM fact WHERE body::text LIKE $1", f"%{PIN}%")
    assert rows[0]["n"] == 0, "no fact has the digits"
    assert PIN not in centre.log()


async def test_five_wrong_pins_lock_it_and_say_so(centre: Centre) -> None:
    (await centre.api.put("/api/v1/agents/1004/pin", json={"pin": PIN})).raise_for_status()
    questions = 0
    for tries in (3, 2):
        call = await dial(centre, "*45", "2002")
        for _ in range(tries):
            await asked_for_an_id(centre, questions := questions + 1)
            await call.audio.hears_sound()
            await call.audio.press("1004#000000#")
        await is_over(call)
    refused = await facts(centre, "PinRefused", "1004")
    assert [each["in_a_row"] for each in refused] == [1, 2, 3, 4, 5]
    [lock] = await facts(centre, "PinLocked", "1004")
    assert (lock["way"], lock["whence"]) == ("phone", "2002")
    assert (await centre.get("/api/v1/agents/1004"))["pin_locked_until"]
    await centre.agent_is("1004", "offline")


async def test_a_plane_that_dies_while_a_pin_is_keyed_asks_for_it_anew(centre: Centre) -> None:
    (await centre.api.put("/api/v1/agents/1005/pin", json={"pin": PIN})).raise_for_status()
    call = await dial(centre, "*45", "2001")
    await call.audio.hears_sound()
    await call.audio.press("1005#")
    await call.audio.press(PIN[:3])
    await centre.kill()
    # from now on: on a busy machine the question is over before the new plane has done all else
    asked = asyncio.create_task(call.audio.hears_sound(within=START_S))
    await centre.start()

    async def asked_anew() -> bool:
        again = "kind = 'StepStarted' AND body->'verb'->>'type' = 'AskPin' AND (body->>'attempt')::int > 1"
        return bool(await centre.rows(f"SELECT 1 FROM fact WHERE {again}"))

    await centre.until(asked_anew, START_S)
    await asked
    await call.audio.press(PIN)
    await is_over(call)
    await centre.agent_is("1005", "ready")


async def test_a_caller_from_outside_cannot_dial_a_feature_code(centre: Centre) -> None:
    assert (await centre.lab.callers.dial("*45", "99").over()).code == 404
