"""Two minutes of everything on a real Asterisk, over a midnight and a `kill -9`: every figure is counted alike by all.

Calls that are answered, given up, overflow to another queue, are put through to one agent, are rated, are called back;
calls of agents' own; agents who reject. Then what the wallboard shows, what `/api/v1/live` says, the figures of the
past in Postgres, and the recount from the log's facts by the definitions' sentences are one, to the integer.

`make parity-hour` is the same for an hour (CCPLANE_PARITY_S).
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict

from ccplane.asterisk.node import LocalNode
from ccplane.contacts.facts import ContactArrived, ContactEnded
from ccplane.facts import decode
from ccplane.kpi.slices import By, Grain
from ccplane.postgres.history import SliceStore
from ccplane.postgres.pool import Database
from ccplane.testing.siplab import Station, answers, rejects
from tests.asterisk.test_callbacks import asked
from tests.asterisk.test_overflow import set_clock
from tests.asterisk.test_own_calls import outside
from tests.asterisk.test_reload import a_site, spoil
from tests.centre import Centre, open_centre
from tests.kpi.recount import OUTCOMES, Recount

TRAFFIC_S = float(os.environ.get("CCPLANE_PARITY_S", "80"))
pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(TRAFFIC_S * 1.2 + 400)]
BEFORE_MIDNIGHT_S = TRAFFIC_S / 3
AGENTS = ("1001", "1002", "1003", "1004", "1005")
OWN = "1006"
"""Who only makes calls of their own."""
CUSTOMERS = tuple(f"555{n}" for n in range(1200, 1240 + round(TRAFFIC_S / 4)))
DAY_MS = 86_400_000
SETTLES_S = 60
RESULT = os.environ.get("CCPLANE_PARITY_RESULT")
ALL_HAPPENED = ("answered", "abandoned", "overflowed", "callbacks_served", "surveys_asked", "missed_busy")
BUSY = ("talking", "wrap-up", "offered", "rejoining")


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    site = a_site(tmp_path)
    spoil(site, "acd/queues.toml", "[support]", '[support]\nlongest_wait = "4s"\noverflow = "sales"')
    midnight = datetime.combine(datetime.now(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
    await set_clock(tmp_path, midnight - timedelta(seconds=BEFORE_MIDNIGHT_S))
    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_SITE=str(site)) as centre:
        yield centre


class Traffic:
    """Calls of every kind, by chance, one about every half second. `made`: how many of each."""

    def __init__(self, centre: Centre, world: Station) -> None:
        self.centre, self.world = centre, world
        self.chance = random.Random(7)
        self.made = dict.fromkeys(("straight", "given up", "rated", "put through", "called back", "own"), 0)
        self.customers = list(CUSTOMERS)
        self.going: set[asyncio.Task[None]] = set()

    async def run(self, seconds: float) -> None:
        ends = asyncio.get_running_loop().time() + seconds
        while (left := ends - asyncio.get_running_loop().time()) > 0:
            self._one()
            await asyncio.sleep(min(left, self.chance.expovariate(1 / 0.5)))  # when they call is chance
        await asyncio.gather(*self.going)

    def _one(self) -> None:
        callers, chance = self.centre.lab.callers, self.chance
        kind = chance.choices(tuple(self.made), (6, 3, 2, 2, 1, 1))[0]
        if kind == "called back" and not self.customers:
            kind = "straight"
        self.made[kind] += 1
        number = chance.choice(("4002", "4003"))
        match kind:
            case "straight":
                callers.dial(number, talk=chance.uniform(0.3, 3), patience=25)
            case "given up":
                callers.dial(number, talk=2, patience=chance.uniform(0.2, 2))
            case "rated":
                callers.dial("4013", patience=25, hang_up_after=9)
            case "put through":
                self._go(self._put_through())
            case "called back":
                self._go(self._called_back(self.customers.pop()))
            case "own":
                self.centre.lab.phones.phone(OWN).dial(chance.choice(("5551199", "1005")), hang_up_after=1, patience=5)

    def _go(self, what: Any) -> None:
        task = asyncio.get_running_loop().create_task(what)
        self.going.add(task)
        task.add_done_callback(self.going.discard)

    async def _put_through(self) -> None:
        caller = f"66{self.made['put through']:05}"
        call = self.centre.lab.callers.dial("4009", caller, hang_up_after=12)
        await call.up()
        await asked(self.centre, caller, 1)
        await call.audio.press(f"{self.chance.choice(AGENTS)}#")

    async def _called_back(self, number: str) -> None:
        asked = {"number": number, "queue": "support", "name": "Li"}
        assert (await self.centre.api.post("/api/v1/callbacks", json=asked)).status_code == 201


async def everything_is_over(centre: Centre) -> None:
    """Every caller has gone, every agent is done, and Postgres has all facts of it."""
    open_ones = "SELECT id FROM contact WHERE ended_at IS NULL AND direction = 'inbound'"

    seen: list[Any] = []

    async def is_so() -> bool:
        board = await centre.get("/api/v1/wallboard")
        busy = [each["id"] for each in board["agents"] if each["state"] in BUSY]
        seen[:] = busy + [row["id"] for row in await centre.rows(open_ones)]
        return not seen

    await centre.until(is_so, SETTLES_S, lambda: f"these to be over and stored: {seen}")


async def log_of(centre: Centre) -> list[Any]:
    rows = await centre.rows("SELECT body::text FROM fact ORDER BY epoch, seq")
    return [decode(row["body"].encode()) for row in rows]


def some(counters: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counters.items() if count}


async def live(centre: Centre, by: By) -> dict[str, dict[str, int]]:
    """What /api/v1/live says of today."""
    found, after = {}, ""
    while True:
        told = await centre.get(f"/api/v1/live?by={by.value}&window=today&limit=200{after}")
        found |= {each["name"]: counts for each in told["figures"] if (counts := some(each["counters"]))}
        if not told.get("next"):
            return found
        after = f"&after={told['next']}"


async def past(db: Database, by: By, grain: Grain) -> dict[tuple[int, int], dict[str, dict[str, int]]]:
    """What Postgres has of all time, by interval."""
    found: dict[tuple[int, int], dict[str, dict[str, int]]] = {}
    for each in await SliceStore(db).slices(0, 1 << 50, grain, by):
        if counts := some(asdict(each.counters)):
            found.setdefault((each.began_at, each.ends_at), {})[each.name] = counts
    return found


async def test_every_figure_of_two_minutes_over_a_midnight_and_a_kill_is_counted_alike_by_all(
    centre: Centre, database: str
) -> None:
    lab = centre.lab.phones
    lab.behave(answers(after=0.8, hang_up_after=3), AGENTS)
    lab.phone("1004").behaviour = answers(after=0.4)
    lab.phone("1005").behaviour = rejects(486, after=0.2)
    await centre.sign_in(*AGENTS)
    await centre.register(OWN)
    async with outside(centre, *CUSTOMERS, "5551199") as world:
        world.behave(answers(after=0.1, hang_up_after=2), [*CUSTOMERS, "5551199"])
        traffic = Traffic(centre, world)
        await traffic.run(TRAFFIC_S * 2 / 3)
        await centre.kill()
        await centre.start()
        await traffic.run(TRAFFIC_S / 3)
        await everything_is_over(centre)
    facts = await log_of(centre)
    again = Recount(facts)
    days = [midnight(each) for each in (facts[0].at, facts[-1].at)]
    assert days[1] == days[0] + DAY_MS, "a midnight was passed"
    assert inside_a_call(facts, days[1])
    board = {each["name"]: each for each in (await centre.get("/api/v1/wallboard"))["queues"]}
    for name, counts in again.of("queue", days[1]).items():
        shown = {key: board[name][key] for key in ("offered", "answered", "abandoned")}
        assert shown == {"offered": counts["entered"]} | {key: counts.get(key, 0) for key in ("answered", "abandoned")}
    for by in By:
        assert await live(centre, by) == again.of(by.value, days[1]), by
    db = Database(database)
    await db.open()
    try:
        await SliceStore(db).count(facts[-1].at + 60_000)
        for by in By:
            days_kept = await past(db, by, Grain.DAY)
            expected = {(day, day + DAY_MS): again.of(by.value, day, day + DAY_MS) for day in days}
            assert days_kept == {span: counts for span, counts in expected.items() if counts}, by
    finally:
        await db.close()
    site = again.of("site")[""]
    ways = (*OUTCOMES.values(), "answered")
    assert site["entered"] == sum(site.get(way, 0) for way in ways), "everybody is accounted for"
    assert all(site.get(each) for each in ALL_HAPPENED), site
    if RESULT:
        told = {"seconds": TRAFFIC_S, "calls": traffic.made, "facts": len(facts), "counters": site}
        Path(RESULT).write_text(json.dumps(told, indent=1) + "\n")


def midnight(at: int) -> int:
    return at // DAY_MS * DAY_MS


def inside_a_call(facts: list[Any], at: int) -> bool:
    """Whether somebody came before that moment and went after it."""
    came = {fact.contact for fact in facts if isinstance(fact, ContactArrived) and fact.at < at}
    return any(isinstance(fact, ContactEnded) and fact.at >= at and fact.contact in came for fact in facts)
