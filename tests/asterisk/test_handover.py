"""A new process takes the place of the one that leads: no call and no key press is lost, none is seen twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.child import started
from ccplane.testing.rtp import CALLER_TONE
from ccplane.testing.siplab import Call, Ring, answers, rings_for_ever
from tests.asterisk.test_recovery import a_talk
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True) as centre:
        yield centre


async def an_offer_at(centre: Centre, agent: str, caller: str) -> tuple[Call, Ring]:
    """A caller for whom this agent's phone rings."""
    await centre.sign_in(agent)
    phone = centre.lab.phones.phone(agent)
    phone.behaviour = rings_for_ever()
    call = centre.lab.callers.dial("4002", caller)
    return call, await phone.next_ring()


async def begun(centre: Centre) -> dict[str, Any]:
    """A hand-over that has begun: what the old process says of it."""
    answer = await centre.api.post("/api/v1/handover")
    answer.raise_for_status()
    return answer.json()


async def stage(centre: Centre) -> dict[str, Any]:
    return await centre.get("/api/v1/handover")


# ------------------------------------------------------------------------------------------------- nobody notices


async def test_a_talk_a_waiting_caller_and_a_ringing_phone_are_the_successors(centre: Centre) -> None:
    """Two talk on, one waits on with their clock, and the phone that rings is joined when it answers."""
    call, ring = await a_talk(centre, "1001", "501")
    _, ringing = await an_offer_at(centre, "1002", "502")
    waiting = centre.lab.callers.dial("4002", "503")
    await waiting.up()
    await centre.waiting("support", 2)
    await centre.hand_over()
    assert await centre.ends() == 0
    await centre.agent_is("1001", "talking")
    call.audio.play(CALLER_TONE)
    await ring.audio.hears(CALLER_TONE)
    ringing.answer()
    await centre.agent_is("1002", "talking")
    ring.hang_up()
    await call.over()
    ring = await centre.lab.phones.phone("1001").next_ring()
    assert ring.caller == "503"
    contact = await centre.contact_of("501")
    kinds = [fact["type"] for fact in contact["facts"]]
    assert kinds.count("ContactArrived") == kinds.count("TalkStarted") == kinds.count("TalkEnded") == 1
    assert not await centre.rows("SELECT body FROM fact WHERE kind = 'RepairMade'")
    assert len(await centre.rows("SELECT DISTINCT epoch FROM fact")) == 2
    gaps = await centre.rows("SELECT body FROM fact WHERE kind IN ('PlaneStarted', 'SwitchFound') AND epoch = 2")
    assert len(gaps) == 2
    assert all('"gap_ms":0' in row["body"].replace(" ", "") for row in gaps), "nothing was missed in between"


async def test_keys_pressed_while_it_is_handed_over_are_each_seen_once(centre: Centre) -> None:
    """Five callers a second press 1 in the menu, before, while and after it is handed over; all reach sales."""
    chance = random.Random(7)
    callers: list[asyncio.Task[Call]] = []

    async def presses(caller: str) -> Call:
        call = centre.lab.callers.dial("4001", caller)
        await call.up(within=10)
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        await call.audio.press("1")
        return call

    async def more(until: asyncio.Future[Any]) -> None:
        while not until.done() or len(callers) % 10:
            callers.append(asyncio.create_task(presses(str(500 + len(callers)))))
            await asyncio.sleep(0.2)

    await centre.set_state("1001", "paused", "so that there is somebody to wait for")
    handing = asyncio.create_task(centre.hand_over())
    await more(handing)
    await more(asyncio.ensure_future(asyncio.sleep(2)))
    await handing
    calls = await asyncio.gather(*callers)
    await centre.waiting("sales", len(calls))
    for call in calls:
        call.hang_up()
    await asyncio.gather(*(call.over() for call in calls))

    async def all_stored() -> bool:
        rows = await centre.rows("SELECT count(*) AS n FROM contact WHERE ended_at IS NOT NULL")
        return bool(rows[0]["n"] == len(calls))

    await centre.until(all_stored)
    chosen = await centre.rows(
        "SELECT contact, count(*) AS n, min(epoch) AS epoch FROM fact WHERE kind = 'MenuChosen' GROUP BY contact"
    )
    assert [row["n"] for row in chosen] == [1] * len(calls)
    assert {row["epoch"] for row in chosen} == {1, 2}, "some pressed before, some after"


async def test_callers_who_come_while_it_is_handed_over_are_all_answered_by_agents(centre: Centre) -> None:
    """Ten calls a second for six seconds, a hand-over in the middle, ten agents: every call is talked, once."""
    agents = [str(1001 + number) for number in range(10)]
    await centre.sign_in(*agents)
    centre.lab.phones.behave(answers(0.02), agents)
    loop = asyncio.get_running_loop()

    async def calls() -> None:
        began = loop.time()
        for number in range(60):
            await asyncio.sleep(began + number / 10 - loop.time())
            centre.lab.callers.dial("4002", str(10_000 + number), talk=0.3)

    calling = asyncio.create_task(calls())
    await asyncio.sleep(1)
    await centre.hand_over()
    await calling
    assert await centre.lab.drained(20.0) == 0
    assert centre.lab.record.outcomes["talked"] == 60
    for agent in agents:
        await centre.agent_is(agent, "ready")

    async def all_stored() -> bool:
        rows = await centre.rows("SELECT count(*) AS n, count(ended_at) AS over FROM contact")
        return rows[0]["n"] == rows[0]["over"] == 60

    await centre.until(all_stored)


async def test_agents_stay_signed_in_and_it_can_be_handed_over_again(centre: Centre) -> None:
    await centre.sign_in("1001")
    first = await centre.hand_over()
    second = await centre.hand_over()
    assert first["pid"] != second["pid"]
    assert second["epoch"] == first["epoch"] + 1 == 3
    await centre.agent_is("1001", "ready")
    assert (await centre.get("/readyz"))["parts"]["leader"]["ok"]


# ------------------------------------------------------------------------------------------------- it goes wrong


async def test_a_successor_that_cannot_begin_changes_nothing(
    local_node: LocalNode, database: str, tmp_path: Path
) -> None:
    """Its site has a fault by now: it says so and ends, and the old one goes on."""
    from tests.asterisk.test_reload import a_site, spoil

    site = a_site(tmp_path)
    async with open_centre(local_node, database, tmp_path, CCPLANE_SITE=str(site)) as centre:
        await centre.sign_in("1001")
        spoil(site, "acd/queues.toml", "strategy", "stratgy")
        before = await begun(centre)

        async def failed() -> bool:
            return (await stage(centre))["stage"] == "failed"

        await centre.until(failed, within=30)
        assert (await stage(centre))["pid"] == before["pid"] == centre.pid
        assert "stratgy" in centre.log()
        await a_call_is_served(centre, "601")
        assert len(await centre.rows("SELECT DISTINCT epoch FROM fact")) == 1, "its application was never taken"


@pytest.mark.parametrize("seed", range(3))
async def test_a_successor_killed_at_any_moment_leaves_calls_routed_by_somebody(centre: Centre, seed: int) -> None:
    """Before it has the outbox the old one goes on; after that a plane is started as after any crash."""
    call, ring = await a_talk(centre, "1001", "602")
    before = await begun(centre)
    await asyncio.sleep(random.Random(seed).uniform(0.6, 2.2))
    os.kill(before["successor"], signal.SIGKILL)

    async def settled() -> bool:
        if started(before["pid"]) is None:
            return True  # it had given it away
        try:
            return (await stage(centre))["stage"] == "failed"
        except Exception:
            return False

    await centre.until(settled, within=20)
    if started(before["pid"]) is None:
        await centre.start()
    await centre.until(centre.routes, within=20)
    await centre.agent_is("1001", "talking")
    call.audio.play(CALLER_TONE)
    await ring.audio.hears(CALLER_TONE)
    ring.hang_up()
    await call.over()
    await centre.agent_is("1001", "ready")


async def a_call_is_served(centre: Centre, caller: str) -> None:
    call = centre.lab.callers.dial("4002", caller)
    await centre.agent_is("1001", "talking")
    call.hang_up()
    await centre.contact_of(caller)
