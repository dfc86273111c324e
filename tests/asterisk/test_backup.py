"""A whole centre, copied while its calls go on, and again in another place: the same to the integer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.facts import decode
from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.testing.siplab import Call, answers
from tests.asterisk.test_voicemail import messages, presses_9, records
from tests.backup.places import ALL, SITE, Place, an_empty_database, folded_over
from tests.calls import talking_call
from tests.centre import Centre, open_centre
from tests.stack import MakeNode

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

AGENTS = ("1001", "1002", "1003")
COUNTED = ("name", "offered", "answered", "abandoned", "service_level", "three_rings")
ROWS = {table: statement for table, statement in ALL.items() if table not in ("migration", "agent_axes")}


async def ccplane(centre: Centre, *arguments: str | Path, code: int = 0) -> str:
    """What the command says, run as an operator does beside that plane."""
    ended, said = await centre.command(*map(str, arguments), within=60)
    assert ended == code, said
    return said


async def all_rows(centre: Centre) -> dict[str, list[dict[str, Any]]]:
    return {table: await centre.rows(statement) for table, statement in ROWS.items()}


async def board(centre: Centre) -> list[dict[str, Any]]:
    return [{key: queue[key] for key in COUNTED} for queue in (await centre.get("/api/v1/wallboard"))["queues"]]


async def lists(centre: Centre) -> dict[str, Any]:
    paths = ("/api/v1/contacts?limit=100", "/api/v1/recordings", "/api/v1/messages")
    return {path: await centre.get(path) for path in paths}


async def shipped(centre: Centre) -> None:
    """Wait until nothing happens any more, and all of it is in Postgres."""
    seen: list[int] = []

    async def is_so() -> bool:
        (row,) = await centre.rows("SELECT count(*) AS facts FROM fact")
        seen.append(row["facts"])
        await asyncio.sleep(0.1)
        return len(seen) > 15 and len(set(seen[-15:])) == 1

    await centre.until(is_so, 60, lambda: "the last facts")


async def a_morning(centre: Centre, calls: int = 12) -> None:
    """Talks, one who gives up, one who leaves a message."""
    await centre.sign_in(*AGENTS)
    for number in range(calls - 2):
        agent = AGENTS[number % len(AGENTS)]
        for other in AGENTS:
            await centre.set_state(other, "ready" if other == agent else "paused")
        await centre.agent_is(agent, "ready")
        async with talking_call(centre.lab, "4002", agent, f"7700{number}") as talk:
            await talk.heard_both_ways()
        await centre.contact_of(f"7700{number}")
    for agent in AGENTS:
        await centre.set_state(agent, "paused", "lunch")
    impatient = centre.lab.callers.dial("4003", "78001")
    await centre.waiting("sales", 1)
    impatient.hang_up()
    await impatient.over()
    speaker = await presses_9(centre, "78002")
    await records(speaker, centre)
    speaker.hang_up()
    await speaker.over()
    await messages(centre)

    async def kept() -> bool:
        return len(await centre.rows("SELECT FROM recording WHERE stored_at IS NOT NULL")) == calls - 2

    await centre.until(kept, 60, lambda: "recordings to be stored")


@pytest.fixture
async def empty(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    async with an_empty_database(embedded_postgres) as address:
        yield address


async def test_given_a_centre_with_calls_when_it_is_restored_elsewhere_then_every_number_is_the_same(
    local_node: LocalNode, make_node: MakeNode, database: str, empty: str, tmp_path: Path
):
    file, here, there = tmp_path / "b.zip", tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    async with open_centre(local_node, database, here, audio=True) as centre:
        await a_morning(centre)
        assert "contacts 12" in await ccplane(centre, "backup", tmp_path / "first.zip")
        await shipped(centre)
        said = await ccplane(centre, "backup", file)
        rows, numbers, listed = await all_rows(centre), await board(centre), await lists(centre)
        phones = {agent: await centre.get(f"/api/v1/agents/{agent}/phone") for agent in AGENTS}
    assert sum(queue["answered"] for queue in numbers) == 10
    assert sum(queue["abandoned"] for queue in numbers) == 1
    elsewhere = make_node()
    await elsewhere.start()
    async with open_centre(elsewhere, empty, there, audio=True, start=False) as copy:
        assert said.partition(": ")[2] in await ccplane(copy, "restore", "--check", file)
        told = await ccplane(copy, "restore", file)
        assert "Files of sound that are missing: 21" in told, told
        assert await all_rows(copy) == rows
        await copy.start()
        assert await board(copy) == numbers
        assert await lists(copy) == listed
        for agent in AGENTS:
            account = await copy.get(f"/api/v1/agents/{agent}/phone")
            assert account["secret"] == phones[agent]["secret"]
        await gone(copy, listed)
        await copy.lab.phones.register({agent: phones[agent]["secret"] for agent in AGENTS})
        await copy.set_state("1001", "ready")
        await copy.agent_is("1001", "ready")
        async with talking_call(copy.lab, "4002", "1001", "79001") as talk:
            await talk.heard_both_ways()
        await copy.contact_of("79001")
        assert sum(queue["answered"] for queue in await board(copy)) == 11


async def gone(centre: Centre, listed: dict[str, Any]) -> None:
    """A sound that was not restored is answered with a code, not with a fault."""
    recording = listed["/api/v1/recordings"]["recordings"][0]["id"]
    message = listed["/api/v1/messages"]["messages"][0]["id"]
    for path, status, code in (
        (f"/api/v1/recordings/{recording}/audio", 410, "recording-gone"),
        (f"/api/v1/messages/{message}/audio", 404, "no-audio"),
    ):
        answer = await centre.api.get(path)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_given_backups_while_calls_go_on_then_none_of_them_lacks_a_fact_and_no_caller_notices(
    local_node: LocalNode, embedded_postgres: EmbeddedPostgres, database: str, tmp_path: Path
):
    """Calls that come and go all the while, some of them in mid-talk at the moment of the backup."""
    here, least, made, done = tmp_path / "here", 15, 3, asyncio.Event()
    here.mkdir()
    async with open_centre(local_node, database, here) as centre:
        await centre.sign_in(*AGENTS)
        for agent in AGENTS:
            centre.lab.phones.phone(agent).behaviour = answers(after=0.02)

        dialled: list[Call] = []

        async def calls() -> None:
            while len(dialled) < least or not done.is_set():
                dialled.append(centre.lab.callers.dial("4002", f"7800{len(dialled)}", hang_up_after=0.6))
                await asyncio.sleep(0.5)

        async def next_is_known() -> bool:
            return bool(await centre.rows("SELECT FROM contact WHERE caller = $1", following))

        async with asyncio.TaskGroup() as group:
            group.create_task(calls())
            for number in range(made):
                await ccplane(centre, "backup", tmp_path / f"{number}.zip")
                following = f"7800{len(dialled)}"
                await centre.until(next_is_known, what=lambda: "a fact that this backup can't have")
            done.set()
        for number, call in enumerate(dialled):
            await asyncio.wait_for(call.over(), 30)
            assert (await centre.contact_of(f"7800{number}", 30))["segments"][-1]["talk_ms"], "who talked"
        await shipped(centre)
        facts = [decode(row["body"]) for row in await centre.rows("SELECT body::text FROM fact ORDER BY seq")]
    seen = []
    for number in range(made):
        async with an_empty_database(embedded_postgres) as dsn:
            copy = Place(tmp_path / f"copy-{number}", dsn)
            manifest = (await copy.restored(tmp_path / f"{number}.zip")).manifest
            assert list((await copy.facts()).values()) == facts[: manifest.seq]
            assert (await copy.known())[1] == folded_over(facts[: manifest.seq], SITE.rules.timezone)[1]
            seen.append(manifest.seq)
    assert seen == sorted(set(seen)), "while facts came"
    assert seen[-1] < len(facts)
