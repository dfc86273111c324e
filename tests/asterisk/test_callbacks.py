"""Callbacks on a real Asterisk: the customer hangs up, an agent's phone rings, and the customer is called, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import Call, Phone, Ring, Station, rejects, rings_for_ever
from tests.asterisk.test_own_calls import outside
from tests.centre import Centre, open_centre
from tests.postgres.failing import WAYS
from tests.stack import MakeNode

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

CUSTOMER = "5551000"


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_LEASE_S="5") as centre:
        yield centre


@pytest.fixture
async def mortal(make_node: MakeNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    """Over an Asterisk that no other test has."""
    node = make_node()
    await node.start()
    async with open_centre(node, database, tmp_path, audio=True, CCPLANE_LEASE_S="5") as centre:
        yield centre
    await node.stop()


async def callbacks(centre: Centre, state: str = "open") -> list[dict[str, Any]]:
    return (await centre.get(f"/api/v1/callbacks?state={state}"))["callbacks"]


async def a_callback(centre: Centre, **wanted: Any) -> dict[str, Any]:
    """The one there is, once it is as wanted."""
    found: list[dict[str, Any]] = []

    async def is_so() -> bool:
        found[:] = (await centre.get("/api/v1/callbacks"))["callbacks"]
        return len(found) == 1 and all(found[0][name] == value for name, value in wanted.items())

    await centre.until(is_so, what=lambda: f"a callback with {wanted}, not {found}")
    return found[0]


async def asked(centre: Centre, caller: str, times: int) -> None:
    """The program of this caller waits for keys for the so many-th time."""

    async def is_so() -> bool:
        rows = await centre.rows(
            "SELECT count(*) AS n FROM fact WHERE kind = 'StepStarted' AND body -> 'verb' ->> 'type' = 'Gather' AND"
            " body ->> 'attempt' = '1' AND contact IN (SELECT id FROM contact WHERE caller = $1 AND ended_at IS NULL)",
            caller,
        )
        return rows[0]["n"] >= times

    await centre.until(is_so, 20, lambda: f"{caller} to be asked {times} times")


async def key(centre: Centre, call: Call, keys: str, times: int, caller: str = CUSTOMER) -> None:
    await asked(centre, caller, times)
    await call.audio.press(keys)


async def promised(centre: Centre) -> dict[str, Any]:
    """A customer dials in, takes the offer, agrees to their number and to be called soon, and is told."""
    call = centre.lab.callers.dial("4005", CUSTOMER)
    await call.up()
    for times in (1, 2, 3):
        await key(centre, call, "1", times)
    await call.over()
    return await a_callback(centre, number=CUSTOMER, queue="support")


async def agent_takes_it(centre: Centre) -> Ring:
    ring = await rung(centre)
    ring.answer()
    return ring


async def rung(centre: Centre) -> Ring:
    """An agent signs in, and their phone rings for the customer."""
    phone = ringing(centre)
    await centre.register("1001")
    await centre.set_state("1001", "ready")
    ring = await phone.next_ring()
    assert ring.caller == CUSTOMER
    return ring


def ringing(centre: Centre, agent: str = "1001") -> Phone:
    phone = centre.lab.phones.phone(agent)
    phone.behaviour = rings_for_ever()
    return phone


async def hear_each_other(agent: Ring, customer: Ring) -> None:
    agent.audio.play(AGENT_TONE)
    customer.audio.play(CALLER_TONE)
    await agent.audio.hears(CALLER_TONE)
    await customer.audio.hears(AGENT_TONE)


def each_rang_once(centre: Centre) -> bool:
    """The agent's phone and the customer's, since the test began."""
    return centre.lab.record.rings == 2


async def test_a_customer_keeps_their_place_and_is_called_back_by_the_agent_whose_turn_it_is(centre: Centre) -> None:
    before = await promised(centre)
    assert before["asked_in"]
    ring = await rung(centre)
    async with outside(centre, CUSTOMER) as world:
        ring.answer()
        customer = await world.phone(CUSTOMER).next_ring()
        assert customer.caller == "4000"
        await ring.audio.hears_sound()
        customer.answer()
        await hear_each_other(ring, customer)
        await centre.agent_is("1001", "talking")
        done = await a_callback(centre, state="done")
        assert (done["id"], done["tries"], done["agent"]) == (before["id"], 1, "1001")
        customer.hang_up()
        await ring.over()
        assert each_rang_once(centre)
    await centre.agent_is("1001", "ready")
    contact = await centre.get(f"/api/v1/contacts/{done['contact']}")
    assert (contact["direction"], contact["caller"]) == ("outbound", CUSTOMER)
    assert [each["kind"] for each in contact["segments"]] == ["queue-callback", "agent"]
    support = await centre.queue("support")
    assert (support["offered"], support["answered"], support["callbacks"]) == (0, 0, 0)


async def test_who_is_busy_frees_the_agent_at_once_and_is_not_called_again_before_its_time(centre: Centre) -> None:
    await promised(centre)
    async with outside(centre, CUSTOMER) as world:
        world.phone(CUSTOMER).behaviour = rejects(486)
        ring = await agent_takes_it(centre)
        await ring.over()
        await centre.agent_is("1001", "ready")
        later = await a_callback(centre, state="pending")
        assert (later["tries"], later["why"]) == (1, "busy")
        assert later["next_at"] > later["asked_at"]
        assert each_rang_once(centre)


async def test_a_plane_that_is_killed_while_they_wait_still_calls_them_when_their_turn_comes(centre: Centre) -> None:
    before = await promised(centre)
    await centre.kill()
    await centre.start()
    async with outside(centre, CUSTOMER) as world:
        ring = await agent_takes_it(centre)
        customer = await world.phone(CUSTOMER).next_ring()
        customer.answer()
        await hear_each_other(ring, customer)
        ring.hang_up()
        await customer.over()
        done = await a_callback(centre, state="done")
    assert (done["id"], done["since"]) == (before["id"], before["since"])


async def test_a_plane_that_is_killed_after_the_dial_goes_on_with_that_call_and_makes_no_other(centre: Centre) -> None:
    await promised(centre)
    async with outside(centre, CUSTOMER) as world:
        ring = await agent_takes_it(centre)
        customer = await world.phone(CUSTOMER).next_ring()
        await centre.kill()
        await centre.start()
        customer.answer()
        await hear_each_other(ring, customer)
        assert (await a_callback(centre, state="done"))["tries"] == 1
        ring.hang_up()
        await customer.over()
        assert each_rang_once(centre)


async def test_a_customer_who_refuses_while_the_plane_is_dead_was_tried_and_is_not_called_twice(centre: Centre) -> None:
    await promised(centre)
    async with outside(centre, CUSTOMER) as world:
        ring = await agent_takes_it(centre)
        customer = await world.phone(CUSTOMER).next_ring()
        await centre.kill()
        customer.reject(603)
        await customer.over()
        await centre.start()
        later = await a_callback(centre, state="pending")
        assert (later["tries"], later["why"]) == (1, "unknown")
        await ring.over()
        await centre.agent_is("1001", "ready")
        assert each_rang_once(centre)


async def test_a_promise_by_the_api_is_kept_taken_back_and_refused_twice(centre: Centre) -> None:
    async def ask(number: str) -> tuple[int, dict[str, Any]]:
        answer = await centre.api.post("/api/v1/callbacks", json={"number": number, "queue": "support", "name": "Li"})
        return answer.status_code, answer.json()

    status, made = await ask(CUSTOMER)
    assert (status, made["state"]) == (201, "waiting")
    assert (await ask(CUSTOMER))[1]["code"] == "already-promised"
    assert (await ask("5900000"))[1]["code"] == "number-not-allowed"
    await centre.api.put("/api/v1/do-not-call/5551001", json={"why": "asked not to be called"})
    assert (await ask("5551001"))[1]["code"] == "do-not-call"
    assert (await centre.api.delete(f"/api/v1/callbacks/{made['id']}")).status_code == 204

    async def cancelled() -> bool:
        answer = await centre.api.get(f"/api/v1/callbacks/{made['id']}")
        return answer.status_code == 200 and answer.json()["state"] == "cancelled"

    await centre.until(cancelled)
    await centre.api.delete("/api/v1/do-not-call/5551001")
    assert (await ask("5551001"))[0] == 201


async def asterisk_restarts(centre: Centre) -> None:
    """It dies with all its calls, and comes back; what it was is found to have begun anew."""
    centre.node.kill()
    await centre.node.wait()
    await centre.node.start()

    async def found() -> bool:
        told = "SELECT 1 FROM fact WHERE kind = 'SwitchFound' AND (body ->> 'restarted')::boolean"
        return await centre.routes() and bool(await centre.rows(told))

    await centre.until(found, within=40, what=lambda: "ccplane to have found the new Asterisk")


async def test_who_waits_to_be_called_back_keeps_the_place_over_a_restart_of_asterisk(mortal: Centre) -> None:
    before = await promised(mortal)
    await asterisk_restarts(mortal)
    async with outside(mortal, CUSTOMER) as world:
        ring = await agent_takes_it(mortal)
        customer = await world.phone(CUSTOMER).next_ring()
        customer.answer()
        await hear_each_other(ring, customer)
        done = await a_callback(mortal, state="done")
        assert (done["id"], done["since"], done["tries"]) == (before["id"], before["since"], 1)
        ring.hang_up()
        await customer.over()
        assert each_rang_once(mortal)


async def test_an_asterisk_that_dies_while_the_customer_is_called_has_tried_and_nobody_is_called_again_at_once(
    mortal: Centre,
) -> None:
    await promised(mortal)
    async with outside(mortal, CUSTOMER) as world:
        await agent_takes_it(mortal)
        await world.phone(CUSTOMER).next_ring()
        await asterisk_restarts(mortal)
        later = await a_callback(mortal, state="pending")
        assert later["tries"] == 1
        assert later["next_at"] > later["asked_at"]
        assert each_rang_once(mortal)


async def outbox_is_another(centre: Centre) -> None:
    """Another node takes over: it has no facts of the plane before, Postgres alone."""
    await centre.kill()
    outboxes = list(centre.runtime.rglob("outbox*"))
    assert outboxes
    for each in outboxes:
        each.unlink()
    await centre.start()


async def both_rung(centre: Centre, world: Station) -> tuple[Ring, Ring]:
    """The agent's and the customer's. A plane that has just begun may hear late of a phone that registers now: it takes
    that for gone, and rings it again; so the agent answers as often as it rings."""
    customer = asyncio.create_task(world.phone(CUSTOMER).next_ring(within=40))
    ring = await agent_takes_it(centre)
    while not customer.done():
        again = asyncio.create_task(ringing(centre).next_ring(within=None))
        await asyncio.wait({customer, again}, return_when=asyncio.FIRST_COMPLETED)
        if again.done():
            ring = again.result()
            ring.answer()
        else:
            again.cancel()
    return ring, customer.result()


async def test_a_plane_over_another_outbox_takes_promises_over_with_their_clock(centre: Centre) -> None:
    before = await promised(centre)
    await outbox_is_another(centre)
    async with outside(centre, CUSTOMER) as world:
        ring, customer = await both_rung(centre, world)
        customer.answer()
        await hear_each_other(ring, customer)
        done = await a_callback(centre, state="done")
        assert (done["id"], done["since"], done["tries"]) == (before["id"], before["since"], 1)
        ring.hang_up()
        await customer.over()
        assert world.phone(CUSTOMER).idle


async def test_a_plane_over_another_outbox_dials_no_customer_twice_who_was_being_called(centre: Centre) -> None:
    """It knows nothing of the call: who is called is let go of, the try was counted by its claim, and stays counted."""
    await promised(centre)
    async with outside(centre, CUSTOMER) as world:
        await agent_takes_it(centre)
        customer = await world.phone(CUSTOMER).next_ring()
        await outbox_is_another(centre)
        await customer.over()
        rows = await centre.rows("SELECT live, turn, tries FROM promise")
        assert [(each["live"], each["turn"], each["tries"]) for each in rows] == [(True, 1, 1)]
        assert each_rang_once(centre)


@pytest.mark.parametrize("way", ["killed", "read-only"])
async def test_while_postgres_is_away_no_agent_is_rung_for_a_callback_and_once_it_is_back_one_is(
    local_node: LocalNode, own_postgres: EmbeddedPostgres, tmp_path: Path, way: str
) -> None:
    async with open_centre(local_node, own_postgres.url(), tmp_path, CCPLANE_LEASE_S="5") as centre:
        made = await centre.api.post("/api/v1/callbacks", json={"number": CUSTOMER, "queue": "support"})
        assert made.status_code == 201
        contact, phone = made.json()["contact"], ringing(centre)
        async with WAYS[way](own_postgres):
            await waits_because(centre, contact, "database-away")
            await centre.register("1001")
            await centre.set_state("1001", "ready")
            centre.lab.callers.dial("4002", "501")
            ring = await phone.next_ring()
            assert ring.caller == "501", "who came later, and is there"
            ring.reject(486)
            await ring.over()
        back = await phone.next_ring()
        while back.caller != CUSTOMER:
            back.reject(486)
            back = await phone.next_ring()


async def waits_because(centre: Centre, contact: str, word: str) -> None:
    found: list[str] = []

    async def is_so() -> bool:
        answer = await centre.api.get(f"/api/v1/contacts/{contact}/why")
        found[:] = [str(answer.json().get("because"))]
        return found == [word]

    await centre.until(is_so, within=30, what=lambda: f"{contact} to wait because {word}, not {found}")
