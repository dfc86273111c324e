"""A new process takes the place of the one that leads: no call and no key press is lost, none is seen twice."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.child import started
from ccplane.testing.rtp import CALLER_TONE
from ccplane.testing.siplab import Call, Ring, answers, rings_for_ever
from tests.asterisk.test_recovery import a_talk
from tests.asterisk.test_reload import a_site, spoil
from tests.centre import START_S, Centre, open_centre

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
    assert not await centre.repairs()
    assert len(await centre.rows("SELECT DISTINCT epoch FROM fact")) == 2
    gaps = await centre.rows("SELECT body FROM fact WHERE kind IN ('PlaneStarted', 'SwitchFound') AND epoch = 2")
    assert len(gaps) == 2
    assert all('"gap_ms":0' in row["body"].replace(" ", "") for row in gaps), "nothing was missed in between"


async def test_keys_pressed_while_it_is_handed_over_are_each_counted_once(
    local_node: LocalNode, database: str, tmp_path: Path
) -> None:
    """Six callers key numbers all the time, thirty keys a second: each number arrives as it was keyed."""
    site = a_site(tmp_path)
    (site / "ari_apps/keyed.py").write_text(TAKES_NUMBERS)
    with (site / "ivr/numbers.toml").open("a") as numbers:
        numbers.write('\n[4097]\nprogram = "keyed"\n')
    chance, over = random.Random(7), asyncio.Event()

    async def keys(call: Call) -> list[str]:
        keyed = []
        while not over.is_set():
            keyed.append("".join(chance.choices("0123456789", k=7)))
            await call.audio.press(keyed[-1] + "#")
        return keyed

    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_SITE=str(site)) as centre:
        calls = [centre.lab.callers.dial("4097", str(501 + number)) for number in range(6)]
        for call in calls:
            await call.up()
        keying = [asyncio.create_task(keys(call)) for call in calls]
        await centre.hand_over()
        await asyncio.sleep(2)
        over.set()
        keyed = await asyncio.gather(*keying)
        for number, call in enumerate(calls):
            await centre.until(_has_keyed(centre, str(501 + number), len(keyed[number])), within=10)
            call.hang_up()
            contact = await centre.contact_of(str(501 + number))
            said = [fact["value"] for fact in contact["facts"] if fact["type"] == "DataSet"]
            assert said == keyed[number]
        rows = await centre.rows("SELECT DISTINCT epoch FROM fact WHERE kind = 'KeyTaken' ORDER BY epoch")
        assert [row["epoch"] for row in rows] == [1, 2], "some keys before, some after"


TAKES_NUMBERS = """
from ccplane import NoInput
async def main(call):
    number = 0
    while (keyed := await call.gather("order-number", longest=20, ends_with="#")) != NoInput():
        await call.set_data(str(number % 20), keyed.keys)
        number += 1
"""
"""A program that notes one number after the other."""


def _has_keyed(centre: Centre, caller: str, count: int) -> Callable[[], Awaitable[bool]]:
    async def is_so() -> bool:
        rows = await centre.rows(
            "SELECT count(*) AS n FROM fact JOIN contact ON contact.id = fact.contact "
            "WHERE caller = $1 AND kind = 'DataSet'",
            caller,
        )
        return bool(rows[0]["n"] >= count)

    return is_so


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


async def test_a_site_that_was_changed_is_in_force_at_once_also_at_the_switch(
    local_node: LocalNode, database: str, tmp_path: Path
) -> None:
    """Nobody signed in meets the new skills: who waits is told so, by the program that they began with."""
    site = a_site(tmp_path)
    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_SITE=str(site)) as centre:
        await centre.set_state("1001", "paused", "so that there is somebody to wait for")
        call = centre.lab.callers.dial("4002", "501")
        await call.up()
        await centre.waiting("support", 1)
        spoil(site, "acd/queues.toml", "skills   = { support = 1 }", "skills   = { support = 10 }")
        await centre.hand_over()
        await centre.waiting("support", 0)
        await call.over(within=20)
        facts = (await centre.contact_of("501"))["facts"]
        results = [fact["result"]["type"] for fact in facts if fact["type"] == "StepEnded"]
        assert results[-2:] == ["NoAgents", "Done"], "the program has said so, and that was heard"


async def test_agents_stay_signed_in_and_it_can_be_handed_over_again(centre: Centre) -> None:
    await centre.sign_in("1001")
    first = await centre.hand_over()
    second = await centre.hand_over()
    assert first["pid"] != second["pid"]
    assert second["epoch"] == first["epoch"] + 1 == 3
    await centre.agent_is("1001", "ready")
    assert (await centre.get("/readyz"))["parts"]["leader"]["ok"]


async def test_by_the_command_line_it_says_from_which_process_to_which_and_how_long_events_waited(
    centre: Centre,
) -> None:
    call, ring = await a_talk(centre, "1001", "501")
    status, said = await centre.command("handover")
    told = await stage(centre)
    centre.follow(told["pid"])
    assert status == 0, said
    first, last = said.splitlines()
    assert re.fullmatch(rf"Process \d+ \(version \S+\) prepares process {told['pid']} …", first)
    assert re.fullmatch(
        rf"Process {told['pid']} \(version \S+\) routes calls, after \d+\.\d s\. "
        r"Events waited for \d+ ms, \d+ ms of them undecided\.",
        last,
    )
    assert await centre.ends() == 0
    call.audio.play(CALLER_TONE)
    await ring.audio.hears(CALLER_TONE)
    ring.hang_up()
    await call.over()


# ------------------------------------------------------------------------------------------------- it goes wrong


async def test_a_successor_that_cannot_begin_changes_nothing(
    local_node: LocalNode, database: str, tmp_path: Path
) -> None:
    """Its site has a fault by now: it says so and ends, and the old one goes on."""
    site = a_site(tmp_path)
    async with open_centre(local_node, database, tmp_path, CCPLANE_SITE=str(site)) as centre:
        await centre.sign_in("1001")
        spoil(site, "acd/queues.toml", "strategy", "stratgy")
        before = await begun(centre)

        async def failed() -> bool:
            return (await stage(centre))["stage"] == "failed"

        await centre.until(failed, within=START_S)
        assert (await stage(centre))["pid"] == before["pid"] == centre.pid
        assert "stratgy" in centre.log()
        status, said = await centre.command("handover")
        assert status == 1
        assert f"Nothing was handed over; process {centre.pid} goes on." in said
        assert "stratgy" in said, "and why, in this terminal"
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

    await centre.until(settled, within=START_S)
    if started(before["pid"]) is None:
        await centre.start()
    await centre.until(centre.routes, within=START_S)
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
