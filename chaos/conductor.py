"""A run: everything is set up, callers come at a steady rate, faults happen one after another, the log is collected.

After each fault the next one waits until all works again, seen by facts: the plane says that nothing is degraded, the
wallboard shows everybody at work, and a caller who dialled after that has been answered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import msgspec

from bench.switching.peers import channels_left
from chaos.faults import FAULTS, Harm
from chaos.floor import Floor
from chaos.logs import Contact, Counters, Fact, Fault, Run
from chaos.people import Habits, People
from chaos.plan import Planned
from chaos.stage import GUARD_S, Stage

WHOLE_WITHIN: Final = 30.0
TOLD_S: Final = 7.0
DRAIN_S: Final = 60.0
STORED_WITHIN: Final = 60.0
FACTS: Final = "SELECT epoch, seq, at, kind, contact, agent, body::text AS body FROM fact ORDER BY epoch, seq, day"
CONTACTS: Final = "SELECT id, caller, ended_by, direction FROM contact"


@dataclass(frozen=True)
class Load:
    """`rate`: calls a second. `warm_up`: seconds of them before the first pause."""

    rate: float = 10.0
    agents: int = 60
    browsers: int = 6
    habits: Habits = field(default_factory=Habits)
    warm_up: float = 6.0


class Conductor:
    """One run, from an empty folder to its log."""

    def __init__(self, root: Path, work: Path, seed: int, load: Load) -> None:
        self._seed, self._load = seed, load
        self.stage = Stage(root, work, load.agents + 1)
        self.people = People(seed, load.habits)
        self.faults: list[Fault] = []
        self.notes: list[str] = []

    async def run(self, planned: Sequence[Planned]) -> Run:
        """The log. What was started is stopped, whatever happens."""
        try:
            await self.stage.start()
            self._floor = Floor(self.stage, self.people, self._seed, self._load.agents, self._load.browsers)
            await self._floor.open()
            began = self.people.now()
            try:
                await self._play(planned)
                return await self._collected(began)
            finally:
                await self._floor.close()
        finally:
            await self.stage.stop()

    async def _play(self, planned: Sequence[Planned]) -> None:
        calling = asyncio.create_task(self._callers())
        try:
            await asyncio.sleep(self._load.warm_up)
            harm = Harm(self.stage, self._floor)
            for each in planned:
                await asyncio.sleep(each.pause)
                await self._one(harm, each)
            await asyncio.sleep(3.0)
        finally:
            calling.cancel()

    async def _one(self, harm: Harm, planned: Planned) -> None:
        fault = Fault(number=planned.number, kind=planned.kind, at=self.people.now())
        self.faults.append(fault)
        fault.said = await FAULTS[planned.kind](harm, planned.chance)
        fault.over_at = self.people.now()
        missing = await self._missing()
        fault.whole_at = self.people.now()
        if missing:
            self.notes.append(f"fault {fault.number} {fault.kind}: after {WHOLE_WITHIN:.0f} s {missing}")
            print(self.notes[-1], flush=True)
        took = (fault.whole_at - fault.over_at) / 1000
        print(f"fault {fault.number:3} {fault.kind:19} {fault.said:16} whole {took:5.1f} s after", flush=True)

    async def _missing(self) -> str:
        """Waits until all works; what still does not, if it takes too long."""
        stage = self.stage
        if not await stage.until(stage.is_whole, WHOLE_WITHIN):
            return f"not ready: {await stage.ailing()}"
        if not await stage.until(self._floor.all_at_work, WHOLE_WITHIN):
            return f"not at work: {await self._floor.idlers()}"
        since = time.monotonic()

        async def somebody_answered() -> bool:
            return self.people.last_answer > since

        return "" if await stage.until(somebody_answered, WHOLE_WITHIN) else "nobody was answered"

    async def _callers(self) -> None:
        """At fixed moments, whatever becomes of them."""
        loop = asyncio.get_running_loop()
        begun, number = loop.time(), 0
        while True:
            self.people.call(self._floor.callers)
            number += 1
            await asyncio.sleep(max(0.0, begun + number / self._load.rate - loop.time()))

    # ── what there is in the end ──

    async def _collected(self, began: int) -> Run:
        await self._floor.everybody_back()
        await self._drained()
        stuck = await channels_left(self.stage.node)
        if not await self.stage.until(self._all_ready, 10.0):
            self.notes.append("not everybody is ready at the end")
        await asyncio.sleep(TOLD_S)  # by the guard, of calls that the fallback served: nothing says that it is done
        if not await self.stage.until(self._all_stored, STORED_WITHIN):
            self.notes.append("not all facts came into Postgres")
        facts = [
            Fact(**{**dict(row), "body": msgspec.json.decode(row["body"])}) for row in await self.stage.rows(FACTS)
        ]
        return Run(
            seed=self._seed,
            began_at=began,
            ended_at=self.people.now(),
            agents=self._floor.agents,
            guard_s=GUARD_S,
            callers=self.people.seen_callers,
            rings=self.people.seen_rings,
            faults=self.faults,
            aways=self.people.aways,
            asked=self._floor.asked,
            boards=self._floor.boards,
            facts=facts,
            contacts=[Contact(**dict(row)) for row in await self.stage.rows(CONTACTS)],
            queues=await self._counters(),
            stuck_channels=stuck,
            notes=self.notes,
        )

    async def _drained(self) -> None:
        """Everybody has hung up, as people do."""

        async def nobody_calls() -> bool:
            return not any(station.legs for station in self._floor.stations)

        await self.stage.until(nobody_calls, DRAIN_S)

    async def _all_ready(self) -> bool:
        shown = await self.stage.shown()
        return bool(shown) and all(shown[agent] == "ready" for agent in self._floor.agents)

    async def _all_stored(self) -> bool:
        with suppress(httpx.HTTPError):
            decided = await self.stage.last_fact()
            stored = await self.stage.rows("SELECT max(seq) AS seq FROM watermark")
            return int(stored[0]["seq"] or 0) >= decided > 0
        return False

    async def _counters(self) -> dict[str, Counters]:
        board = await self.stage.json("GET", "/api/v1/wallboard")
        return {each["name"]: msgspec.convert(each, Counters) for each in board["queues"]}
