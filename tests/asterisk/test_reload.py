"""The site is read again while calls go on: who waits is under the new rules, and with a fault nothing is changed."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.testing.siplab import CallEnded, answers, rings_for_ever
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


def a_site(folder: Path) -> Path:
    """A copy of the demo site that a test may change."""
    copy = folder / "site"
    for each in ("ari_apps", "ivr", "acd", "recordings"):
        shutil.copytree(HOME / each, copy / each, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def spoil(site: Path, file: str, before: str, after: str) -> None:
    path = site / file
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return a_site(tmp_path)


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path, site: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_SITE=str(site)) as centre:
        yield centre


async def somebody_is_there(centre: Centre) -> None:
    """Without an agent who is signed in nobody waits."""
    await centre.set_state("1001", "paused", "lunch")


async def reloaded(centre: Centre) -> dict[str, Any]:
    answer = await centre.api.post("/api/v1/site/reload", timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_has_changed_is_told_and_nothing_if_nothing_has(centre: Centre, site: Path) -> None:
    assert (await reloaded(centre))["changed"] == []
    (site / "acd/queues.toml").write_text((site / "acd/queues.toml").read_text() + "\n# another word\n")
    (site / "ari_apps/new_one.py").write_text((site / "ari_apps/voicemail.py").read_text())
    told = await reloaded(centre)
    assert told["changed"] == [
        {"file": "acd/queues.toml", "what": "changed"},
        {"file": "ari_apps/new_one.py", "what": "new"},
    ]
    assert (await reloaded(centre))["changed"] == []


async def test_every_fault_is_named_by_file_line_and_key_and_nothing_is_changed(centre: Centre, site: Path) -> None:
    before = (await reloaded(centre))["site"]
    spoil(site, "acd/queues.toml", "strategy", "stratgy")
    spoil(site, "ivr/numbers.toml", "attribution", "atribution")
    answer = await centre.api.post("/api/v1/site/reload")
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "site-faults"
    faults = {(fault["path"], fault["key"]) for fault in problem["errors"]}
    assert ("acd/queues.toml", "support.stratgy") in faults
    assert {path for path, _ in faults} == {"acd/queues.toml", "ivr/numbers.toml"}
    assert all(fault["line"] > 0 and fault["message"] for fault in problem["errors"])
    spoil(site, "acd/queues.toml", "stratgy", "strategy")
    spoil(site, "ivr/numbers.toml", "atribution", "attribution")
    told = await reloaded(centre)
    assert (told["site"], told["changed"]) == (before, [])


async def test_by_the_command_line_it_says_what_has_changed_or_every_fault_by_file_and_line(
    centre: Centre, site: Path
) -> None:
    status, said = await centre.command("reload")
    assert (status, said.startswith("Nothing has changed: site ")) == (0, True), said
    spoil(site, "acd/queues.toml", "[support]", '[support]\nmax_wait = "77s"')
    status, said = await centre.command("reload")
    assert status == 0, said
    assert re.fullmatch(r"  changed  acd/queues\.toml\nSite [0-9a-f]{16} is in force(, \d+ prompts made)?\.\n", said)
    spoil(site, "acd/queues.toml", "strategy", "stratgy")
    status, said = await centre.command("reload")
    assert status == 2
    assert re.search(r"^  \S*acd/queues\.toml:\d+: .*stratgy", said, re.MULTILINE), said


async def test_who_waits_already_is_under_the_new_rules_at_once(centre: Centre, site: Path) -> None:
    """A longest wait that is over already sends them on to their program, which began under the old site."""
    await somebody_is_there(centre)
    call = centre.lab.callers.dial("4002", "601")
    await call.up()
    await centre.waiting("support", 1)
    await asyncio.sleep(1.1)
    spoil(site, "acd/queues.toml", "[support]", '[support]\nmax_wait = "1s"')
    await reloaded(centre)
    await centre.waiting("support", 0)
    await call.over(within=60)
    facts = [fact["type"] for fact in (await centre.contact_of("601"))["facts"]]
    assert "ProgramFailed" not in facts


async def test_a_crash_while_somebody_edits_the_folder_costs_no_caller_their_place(centre: Centre, site: Path) -> None:
    """Nor a new one theirs: it goes on with the site that was in force."""
    await somebody_is_there(centre)
    before = (await reloaded(centre))["site"]
    call = centre.lab.callers.dial("4002", "601")
    await call.up()
    await centre.waiting("support", 1)
    spoil(site, "acd/queues.toml", "strategy", "stratgy")
    await centre.kill()
    await centre.start()
    await centre.waiting("support", 1)
    another = centre.lab.callers.dial("4002", "602")
    await another.up()
    await centre.waiting("support", 2)
    ready = await centre.get("/readyz")
    assert ready["status"] == "degraded"
    detail = ready["parts"]["site"]["detail"]
    assert re.match(r"acd/queues\.toml:\d+: .*stratgy.*; the site before it is in force", detail)
    spoil(site, "acd/queues.toml", "stratgy", "strategy")
    assert (await reloaded(centre))["site"] == before
    assert (await centre.get("/readyz"))["parts"]["site"]["ok"]
    for number, each in (("601", call), ("602", another)):
        each.hang_up()
        facts = [fact["type"] for fact in (await centre.contact_of(number))["facts"]]
        assert (facts.count("ContactArrived"), facts.count("ContactQueued")) == (1, 1), facts
        assert "ProgramFailed" not in facts


async def test_a_program_that_runs_keeps_its_source_and_the_next_call_has_the_new_one(
    centre: Centre, site: Path
) -> None:
    """The caller in the old menu goes on in it; who calls after the reload is sent elsewhere."""
    await somebody_is_there(centre)
    first = centre.lab.callers.dial("4001", "602")
    await first.up()
    await first.audio.hears_sound()
    spoil(site, "ivr/main.toml", 'queue = "sales"', 'queue = "support"')
    await reloaded(centre)
    await first.audio.press("1")
    await centre.waiting("sales", 1)
    second = centre.lab.callers.dial("4001", "603")
    await second.up()
    await second.audio.hears_sound()
    await second.audio.press("1")
    await centre.waiting("support", 1)


async def test_new_agents_in_the_files_can_register_and_take_calls(centre: Centre, site: Path) -> None:
    (site / "acd/agents.toml").write_text(
        (site / "acd/agents.toml").read_text() + '\n["3001"]\nname = "New"\nskills = { support = 5 }\n'
    )
    await reloaded(centre)
    await centre.sign_in("3001")
    phone = centre.lab.phones.phone("3001")
    phone.behaviour = rings_for_ever()
    centre.lab.callers.dial("4002", "604")
    assert (await phone.next_ring()).caller == "604"


async def test_under_load_with_a_reload_every_second_nothing_is_lost(centre: Centre, site: Path) -> None:
    """Ten calls a second for six seconds; every other reload finds a fault. All are talked, no agent is stuck."""
    agents = [str(1001 + number) for number in range(10)]
    await centre.sign_in(*agents)
    centre.lab.phones.behave(answers(0.02), agents)
    loop = asyncio.get_running_loop()
    queues = (site / "acd/queues.toml").read_text()
    statuses: list[int] = []

    async def reloads() -> None:
        number = 0
        while True:
            number += 1
            spoilt = "\n[nonsense\n" if number % 2 else f"\n# reload {number}\n"
            (site / "acd/queues.toml").write_text(queues + spoilt)
            statuses.append((await centre.api.post("/api/v1/site/reload", timeout=30)).status_code)
            await asyncio.sleep(1)

    reloading = asyncio.create_task(reloads())
    began = loop.time()
    for number in range(60):
        await asyncio.sleep(began + number / 10 - loop.time())
        centre.lab.callers.dial("4002", str(10_000 + number), talk=0.3)
    assert await centre.lab.drained(20.0) == 0
    reloading.cancel()
    assert {200, 422} == set(statuses)
    assert centre.lab.record.outcomes["talked"] == 60
    for agent in agents:
        await centre.agent_is(agent, "ready")

    async def all_stored() -> bool:
        rows = await centre.rows("SELECT count(*) AS n, count(ended_at) AS over FROM contact")
        return rows[0]["n"] == rows[0]["over"] == 60

    await centre.until(all_stored)
    assert not await centre.repairs()


async def test_a_program_that_is_saved_takes_the_next_call_and_who_is_in_a_call_keeps_their_own(
    local_node: LocalNode, database: str, tmp_path: Path, site: Path
) -> None:
    """CCPLANE_WATCH: and also over a `kill -9` of the plane."""
    program = site / "ari_apps" / "straight_to_queue.py"
    program.write_text('async def main(call):\n    await call.hold(60, ends_with="1")\n    await call.hang_up(17)\n')
    async with open_centre(
        local_node, database, tmp_path, audio=True, CCPLANE_SITE=str(site), CCPLANE_WATCH="1", CCPLANE_LEASE_S="5"
    ) as centre:
        before = centre.lab.callers.dial("4002", "771")
        await before.up()
        program.write_text("async def main(call):\n    await call.hang_up(21)\n")

        async def is_in_force() -> bool:
            call = centre.lab.callers.dial("4002", "772")
            try:
                await call.up()
            except CallEnded as refused:
                return refused.end.code >= 400
            call.hang_up()
            return False

        await centre.until(is_in_force, 20, lambda: "a call that is refused by the program that was saved")
        await centre.kill()
        await centre.start()
        assert before.audio is not None
        await before.audio.press("1")
        await before.over()
        contact = await centre.contact_of("771")
        assert [each["step"] for each in contact["facts"] if each["type"] == "StepEnded"] == [1]
        assert contact["cause"] == 17
