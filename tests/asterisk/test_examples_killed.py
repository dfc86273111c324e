"""Every example program on a real Asterisk, all at once, with a `kill -9` at some moment: what each call did is what it
does without.

When it is killed follows from a seed; another one is a line here.
"""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.testing.rtp import CALLER_TONE, NotPressed
from ccplane.testing.siplab import Call, CallEnded, State, answers
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

SEEDS: Final = (1,)
LONGEST_S: Final = 90.0
CALLS_LEAST: Final = 4
VERBS_LEAST: Final = 3
"""So many calls, and kinds of verbs, are in the middle of something when it is killed."""
FOLDERS: Final = ("dialplan", "ari_apps", "ivr", "acd", "recordings")
AGENTS: Final = tuple(str(1001 + number) for number in range(8))


@dataclass(frozen=True)
class Script:
    """Who calls which number, what they key each time they are asked, and when they hang up in a conference."""

    number: str
    keys: tuple[str, ...] = ()


SCRIPTS: Final = {
    "front_door": Script("4001", ("1",)),
    "straight_to_queue": Script("4002"),
    "orders": Script("4004", ("1", "4711#")),
    "call_me_back": Script("4005", ("1", "1", "1")),
    "balance": Script("4006", ("471100", "1")),
    "voicemail": Script("4007"),
    "on_call": Script("4008"),
    "extension": Script("4009", ("1001",)),
    "meeting": Script("4010", ("4711#",)),
    "order_status": Script("4011", ("4711#",)),
    "rated_support": Script("4013", ("5", "10", "1")),
    "sorry": Script("4998"),
}


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    site = tmp_path / "site"
    for folder in FOLDERS:
        shutil.copytree(HOME / folder, site / folder)
    on_call = site / "ari_apps/on_call.py"
    source = on_call.read_text()
    on_call.write_text(source.replace("timeout_s=25", "timeout_s=10"))  # nobody is there, and all wait for its end
    assert on_call.read_text() != source
    async with open_centre(
        local_node, database, tmp_path, audio=True, CCPLANE_LEASE_S="5", CCPLANE_SITE=str(site)
    ) as centre:
        centre.lab.phones.behaviour = answers(hang_up_after=2)
        for agent in AGENTS:
            await centre.sign_in(agent)
        yield centre


async def played(centre: Centre, run: int, kill_after: float | None) -> dict[str, list[tuple[str, ...]]]:
    """What each of them did, once all calls are over. Nobody presses a key while nobody is there to be told of it."""
    callers = {name: f"555{run}{place:03}" for place, name in enumerate(SCRIPTS)}
    calls = {name: centre.lab.callers.dial(script.number, callers[name]) for name, script in SCRIPTS.items()}
    there = asyncio.Semaphore(len(SCRIPTS))
    async with asyncio.timeout(LONGEST_S), asyncio.TaskGroup() as group:
        for name, call in calls.items():
            group.create_task(follow(centre, callers[name], call, SCRIPTS[name], there))
        if kill_after is not None:
            await asyncio.sleep(kill_after)
            for _ in SCRIPTS:
                await there.acquire()
            await lands_on_much(centre, callers)
            await centre.kill(at_once=True)
            await centre.start()
            for _ in SCRIPTS:
                there.release()
    return {name: did(name, await ended(centre, caller)) for name, caller in callers.items()}


async def lands_on_much(centre: Centre, callers: dict[str, str]) -> None:
    """A kill that finds everybody idle, or gone, would prove nothing."""
    rows = await centre.rows(
        "SELECT c.caller, f.body -> 'verb' ->> 'type' AS verb FROM contact c JOIN fact f ON f.contact = c.id"
        " AND f.kind = 'StepStarted' WHERE c.caller = ANY($1) AND c.direction = 'inbound' AND c.ended_at IS NULL AND"
        " NOT EXISTS (SELECT FROM fact e WHERE e.contact = c.id AND e.kind = 'StepEnded'"
        " AND e.body -> 'step' = f.body -> 'step')",
        list(callers.values()),
    )
    names = {caller: name for name, caller in callers.items()}
    found = {names[each["caller"]]: each["verb"] for each in rows}
    print(f"killed in {found}")  # noqa: T201
    assert len(found) >= CALLS_LEAST, found
    assert len(set(found.values())) >= VERBS_LEAST, found


async def ended(centre: Centre, caller: str) -> dict[str, Any]:
    """The contact of this caller, once it is over; not one that stands in the line for them."""
    found: list[str] = []

    async def is_over() -> bool:
        of_theirs = "caller = $1 AND direction = 'inbound' AND ended_at IS NOT NULL"
        found[:] = [each["id"] for each in await centre.rows(f"SELECT id FROM contact WHERE {of_theirs}", caller)]
        return len(found) == 1

    await centre.until(is_over, 30, lambda: f"the call of {caller} to be over")
    return await centre.get(f"/api/v1/contacts/{found[0]}")


async def follow(centre: Centre, caller: str, call: Call, script: Script, there: asyncio.Semaphore) -> None:
    """Answer whatever the program asks, as often as it asks; leave a message, and the conference, by a key."""
    try:
        await call.up(within=LONGEST_S)
    except CallEnded:
        return
    keys, answered = iter(script.keys), 0
    while call.state is not State.ENDED:
        steps = await centre.rows(
            "SELECT (body ->> 'step')::int AS step, body -> 'verb' ->> 'type' AS verb FROM fact"
            " WHERE kind = 'StepStarted' AND contact = "
            " (SELECT id FROM contact WHERE caller = $1 AND direction = 'inbound') ORDER BY epoch, seq",
            caller,
        )
        for each in steps:
            if each["step"] > answered and call.state is State.UP:
                answered = each["step"]
                with suppress(NotPressed):  # it ended that very moment
                    await answer(call, each["verb"], keys, there)
        await asyncio.sleep(0.1)


async def answer(call: Call, verb: str, keys: Any, there: asyncio.Semaphore) -> None:
    match verb:
        case "Gather":
            async with there:
                for key in next(keys, ""):
                    await call.audio.press(key)
        case "TakeMessage":
            call.audio.play(CALLER_TONE)
            await asyncio.sleep(2.0)
            async with there:
                await call.audio.press("#")
        case "Confer":
            await asyncio.sleep(4.0)
            async with there:
                await call.audio.press("#")


def did(name: str, contact: dict[str, Any]) -> list[tuple[str, ...]]:
    """Verb, what came of it, and keys, step by step; and that its record is whole."""
    kinds = [each["type"] for each in contact["facts"]]
    assert "ProgramFailed" not in kinds, (name, [each for each in contact["facts"] if each["type"] == "ProgramFailed"])
    assert (kinds.count("ContactArrived"), kinds.count("ContactEnded")) == (1, 1), (name, kinds)
    verbs = {each["step"]: each["verb"]["type"] for each in contact["facts"] if each["type"] == "StepStarted"}
    over = [each for each in contact["facts"] if each["type"] == "StepEnded"]
    assert [each["step"] for each in over] == sorted({each["step"] for each in over}), (name, "each step ends once")
    return [(verbs[each["step"]], each["result"]["type"], each["result"].get("key", "")) for each in over]


async def test_each_does_what_it_does_without_being_killed(centre: Centre) -> None:
    expected = await played(centre, 0, None)
    assert all(expected[name] for name in SCRIPTS if name != "sorry")
    for run, seed in enumerate(SEEDS, 1):
        after = random.Random(seed).uniform(1.0, 10.0)
        found = await played(centre, run, after)
        assert found == expected, f"killed {after:.1f} s after they called"
        repaired = (await centre.api.post("/api/v1/reconcile", timeout=30)).json()["repaired"]
        assert repaired == [], "nothing was left at the switch"
