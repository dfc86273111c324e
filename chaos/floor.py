"""Who works: agents at desk phones, and some whose phone and screen are a browser that may vanish.

Agents see to it that they are ready: who was paused for missed offers, or by nobody knows what, asks again. Now and
then one takes a break; each state that is acknowledged is written down, with a reason that is unique in the run.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from contextlib import suppress
from functools import partial
from typing import Final

import httpx
from websockets.exceptions import WebSocketException

from ccplane.testing.screen import open_screen
from ccplane.testing.siplab import RegistrationRefused, Station
from ccplane.testing.siplab.phones import rings_for_ever
from chaos.logs import Asked, Away, Board, Ended
from chaos.people import People
from chaos.stage import Stage

LOOK_S: Final = 0.5
REGISTER_AGAIN_S: Final = 60.0
BREAK_EVERY_S: Final = 4.0
READY: Final = ("ready", "offered", "connecting", "talking", "rejoining", "wrap-up")


class Browser:
    """An agent's browser: a phone behind a socket of its own, and a screen that comes back when it was cut off."""

    def __init__(self, agent: str, station: Station, stage: Stage, people: People) -> None:
        self.agent, self.station, self._stage, self._people = agent, station, stage, people
        self._there = asyncio.Event()
        self._there.set()
        self._showing: asyncio.Task[None] | None = None

    def open(self) -> None:
        self._showing = asyncio.create_task(self._show())

    async def close(self) -> None:
        if self._showing is not None:
            self._showing.cancel()
            await asyncio.gather(self._showing, return_exceptions=True)

    async def vanish(self, seconds: float, secret: str) -> None:
        """No BYE, no close, no word; then it is back and registers, and knows nothing of its calls."""
        self._there.clear()
        at = self._people.now()
        self._people.excuse[id(self.station)] = Ended.GONE
        self.station.vanish()
        await self.close()
        await asyncio.sleep(seconds)
        self._people.excuse.pop(id(self.station))
        self.station.lag = 0.0
        self._people.aways.append(Away(agent=self.agent, at=at, until=self._people.now()))
        self._there.set()
        self.open()
        with suppress(RegistrationRefused):
            await self.station.phone(self.agent).register(secret)

    async def _show(self) -> None:
        """The screen: signed in, read, and opened again when the plane was away."""
        while True:
            await self._there.wait()
            with suppress(httpx.HTTPError, OSError, WebSocketException, TimeoutError, EOFError):
                told = await self._stage.json("POST", f"/api/v1/agents/{self.agent}/session", {"state": "ready"})
                async with open_screen(self._stage.url, told["token"]) as screen:
                    await screen.closed(within=86_400)
            await asyncio.sleep(1.0)


class Floor:
    """All agents. `boards`: what the wallboard showed of them, twice a second."""

    def __init__(self, stage: Stage, people: People, seed: int, agents: int, browsers: int) -> None:
        self._stage, self._people = stage, people
        self._chance = random.Random(f"floor {seed}")
        self.agents = [str(1001 + number) for number in range(agents)]
        pbx = ("127.0.0.1", stage.node.sip_port)
        self.callers = Station(pbx, people)
        self.desks = Station(pbx, people)
        self.browsers = [Browser(agent, Station(pbx, people), stage, people) for agent in self.agents[-browsers:]]
        self.stations = [self.callers, self.desks, *(browser.station for browser in self.browsers)]
        for station in self.stations:
            station.behaviour = rings_for_ever()
        self.at_desks = self.agents[:-browsers]
        self.secrets: dict[str, str] = {}
        self.asked: list[Asked] = []
        self.boards: list[Board] = []
        self._away: set[str] = set()
        self._reasons = itertools.count(1)
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        for agent in self.agents:
            self.secrets[agent] = (await self._stage.json("GET", f"/api/v1/agents/{agent}/phone"))["secret"]
        await self.register()
        for agent in self.at_desks:
            await self.ask(agent, "ready")
        for browser in self.browsers:
            browser.open()
        for task in (self._watch(), self._take_breaks(), self._stay_registered()):
            self._tasks.append(asyncio.create_task(task))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for browser in self.browsers:
            await browser.close()
        for station in self.stations:
            await station.hang_up_all(within=2.0)
            station.close()

    def station_of(self, agent: str) -> Station:
        return next((each.station for each in self.browsers if each.agent == agent), self.desks)

    async def register(self) -> None:
        """All phones that are there."""
        for agent, secret in self.secrets.items():
            station = self.station_of(agent)
            if station.lag is not None:
                with suppress(RegistrationRefused):
                    await station.phone(agent).register(secret)

    def switch_died(self) -> None:
        """No call is up any more, and nobody says so."""
        for station in self.stations:
            self._people.excuse[id(station)] = Ended.SWITCH
            station.forget_calls()
            self._people.excuse.pop(id(station))

    async def ask(self, agent: str, state: str) -> bool:
        """Written down once it is acknowledged; not of browsers, whose sign-in says the last reason again."""
        reason = f"{state} {next(self._reasons)}"
        at = self._people.now()
        try:
            await self._stage.json("PUT", f"/api/v1/agents/{agent}/state", {"state": state, "reason": reason})
        except httpx.HTTPError:
            return False
        if agent in self.at_desks:
            self.asked.append(Asked(agent=agent, state=state, reason=reason, at=at, answered_at=self._people.now()))
        return True

    async def all_at_work(self) -> bool:
        """The wallboard shows everybody as ready or with a caller, but for those who are away."""
        return await self.idlers() == {}

    async def idlers(self) -> dict[str, str] | None:
        """Who should be at work, and is shown otherwise; None while nothing is shown."""
        shown = await self._stage.shown()
        gone = {each.agent for each in self.browsers if each.station.lag is None}
        wanted = [agent for agent in self.agents if agent not in self._away | gone]
        return {agent: shown[agent] for agent in wanted if not self._works(agent, shown[agent])} if shown else None

    def _works(self, agent: str, state: str) -> bool:
        """A call of the fallback is an own call to ccplane; without a call there is none."""
        return state in READY or (state == "own-call" and not self.station_of(agent).phone(agent).idle)

    async def everybody_back(self) -> None:
        """No breaks from now on."""
        self._tasks[1].cancel()
        for agent in list(self._away):
            if await self.ask(agent, "ready"):
                self._away.discard(agent)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            shown = await self._stage.shown()
            if not shown:
                continue
            board = {agent: shown[agent] for agent in self.agents}
            self.boards.append(Board(at=self._people.now(), agents=board))
            for agent, state in board.items():
                if state in ("paused", "offline") and agent not in self._away:
                    await self.ask(agent, "ready")

    async def _take_breaks(self) -> None:
        while True:
            await asyncio.sleep(BREAK_EVERY_S)
            agent = self._chance.choice(self.at_desks)
            self._away.add(agent)
            await self.ask(agent, "paused")
            await asyncio.sleep(1.0)
            await self._stage.until(partial(self.ask, agent, "ready"), 600.0)
            self._away.discard(agent)

    async def _stay_registered(self) -> None:
        while True:
            await asyncio.sleep(REGISTER_AGAIN_S)
            await self.register()
