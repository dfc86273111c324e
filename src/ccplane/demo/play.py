"""The demo itself: phones registered, agents at work, callers by the curve, a line now and then, a table at the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Final

import httpx

from ccplane.demo import board, calls
from ccplane.demo.agents import PlayedAgent
from ccplane.demo.centre import Centre, client_of
from ccplane.demo.day import Day, arrivals
from ccplane.demo.people import SHIFTS, callers, mean_talk
from ccplane.demo.voices import Voices, voices
from ccplane.errors import SetupError
from ccplane.local.terminal import say
from ccplane.settings import Settings
from ccplane.testing.siplab import Lab, RegistrationRefused, open_lab

SPARE: Final = 5
"""So many agents are left to whoever looks on; with fewer than twice as many, none is."""

LOOK_EVERY: Final = 1.0
SAY_EVERY: Final = 5.0
REGISTER_EVERY: Final = 60.0
"""A registration holds for an hour; a switch that lost it gets it back sooner."""

LAST_CALLS_WITHIN: Final = 5.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is played. `minutes`: how long a day takes; `days`: so many, 0 until told to end; `agents`: so many, None
    all but a few. `peak`: the talk that callers ask for at the busiest moment, against what all agents can give.
    """

    minutes: float = 10.0
    peak: float = 1.0
    seed: str = "1"
    days: int = 0
    agents: int | None = None


async def play(plan: Plan, settings: Settings) -> None:
    """Plays until all days are over, or until cancelled; then everybody hangs up and signs out, and the table is said.

    SetupError if the plane, its phones or a voice can't be had.
    """
    async with client_of(settings) as client:
        centre = Centre(client)
        begun = await _first_look(centre)
        spoken = await voices()
        async with open_lab((settings.external_address, settings.sip_port), audio=True) as lab:
            ids = played([each["id"] for each in begun["agents"]], plan.agents)
            await _register(lab, centre, ids)
            await _Show(plan, centre, lab, spoken, begun, ids).run()


def played(agents: list[str], wanted: int | None) -> list[str]:
    """Which agents are played, the first ones by id. SetupError "no-agents"."""
    spare = SPARE if len(agents) >= 2 * SPARE else 0
    chosen = agents[: len(agents) - spare if wanted is None else wanted]
    if not chosen:
        raise SetupError("no-agents", "The demo needs agents to play: see acd/agents.toml and CCPLANE_DEMO_AGENTS.")
    return chosen


def busiest(peak: float, agents: int) -> float:
    """Callers a second at the busiest moment."""
    return peak * agents / mean_talk()


class _Show:
    """What is going on."""

    def __init__(
        self, plan: Plan, centre: Centre, lab: Lab, spoken: Voices, begun: board.Wallboard, ids: list[str]
    ) -> None:
        self._plan, self._centre, self._lab, self._voices, self._begun = plan, centre, lab, spoken, begun
        self._day = Day(plan.minutes)
        self._began = _now()
        self._outcomes = Counter(dict.fromkeys(calls.OUTCOMES, 0))
        self._agents = [self._agent(n, agent) for n, agent in enumerate(ids)]

    def _agent(self, n: int, agent: str) -> PlayedAgent:
        phone = self._lab.phones.phone(agent)
        voice = self._voices.agents[n % len(self._voices.agents)]
        return PlayedAgent(agent, SHIFTS[n % len(SHIFTS)], self._centre, phone, voice, self._hour, self._plan.seed)

    def _hour(self) -> float:
        return self._day.hour(_now() - self._began)

    async def run(self) -> None:
        say(
            f"The demo plays {len(self._agents)} agents, {self._agents[0].id} to {self._agents[-1].id}, "
            f"and a day from 8 to 20 in {self._plan.minutes:g} min. Watch: {self._centre.url}/wallboard\n"
        )
        going_on = [self._call(), self._look_on(), self._stay_registered(), *(agent.live() for agent in self._agents)]
        tasks = [asyncio.create_task(each) for each in going_on]
        try:
            limit = self._plan.days * self._day.seconds or None
            done, _ = await asyncio.wait(tasks, timeout=limit, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._end()

    async def _call(self) -> None:
        """Callers, one after the other as the curve has it."""
        times = arrivals(self._day, busiest(self._plan.peak, len(self._agents)), Random(f"{self._plan.seed} when"))
        who = callers(Random(f"{self._plan.seed} who"))
        async with asyncio.TaskGroup() as group:
            for at, caller in zip(times, who, strict=False):
                await asyncio.sleep(self._began + at - _now())
                voice = self._voices.callers[caller.voice % len(self._voices.callers)]
                group.create_task(calls.make(caller, self._lab, voice, self._outcomes))

    async def _look_on(self) -> None:
        """Keeps the latest wallboard, and says a line now and then."""
        said = _now()
        while True:
            try:
                now = await self._centre.look()
                told = board.line(self._hour(), self._begun, now)
            except httpx.HTTPError:
                told = "ccplane does not answer; calls that are up go on, new ones hear the apology"
            if _now() - said >= SAY_EVERY:
                said = _now()
                say(told)
            await asyncio.sleep(LOOK_EVERY)

    async def _stay_registered(self) -> None:
        while True:
            await asyncio.sleep(REGISTER_EVERY)
            phones = [self._lab.phones.phone(agent.id) for agent in self._agents]
            tries = (phone.register(phone.secret) for phone in phones)
            await asyncio.gather(*tries, return_exceptions=True)  # a switch that is away hears them the next time

    async def _end(self) -> None:
        """Everybody hangs up and goes home, and then the last numbers are told."""
        seconds = _now() - self._began
        for station in (self._lab.callers, self._lab.phones):
            await station.hang_up_all(within=2.0)
        await asyncio.gather(*(agent.go_home() for agent in self._agents), return_exceptions=True)
        with suppress(httpx.HTTPError):
            await _until(self._is_quiet, LAST_CALLS_WITHIN)
        say(board.table(seconds, self._begun, self._centre.board or self._begun, self._outcomes))

    async def _is_quiet(self) -> bool:
        now = await self._centre.look()
        busy = any(each["state"] in ("offered", "connecting", "talking") for each in now["agents"])
        return not busy and not any(queue["waiting"] for queue in now["queues"])


async def _first_look(centre: Centre) -> board.Wallboard:
    try:
        return await centre.look()
    except httpx.HTTPError as error:
        raise SetupError("not-running", f"No ccplane answers the demo ({error}): is it running?") from error


async def _register(lab: Lab, centre: Centre, agents: list[str]) -> None:
    try:
        secrets = await asyncio.gather(*(centre.secret(agent) for agent in agents))
    except httpx.HTTPError as error:
        raise SetupError("no-phones", f"The agents' phones have no accounts ({error}).") from error
    try:
        await lab.phones.register(dict(zip(agents, secrets, strict=True)))
    except* RegistrationRefused as refused:
        raise SetupError("no-phones", f"The agents' phones can't register: {refused.exceptions[0]}.") from refused


async def _until(is_so: Callable[[], Awaitable[bool]], within: float) -> None:
    """Returns when it is so, or too late."""
    deadline = _now() + within
    while not await is_so() and _now() < deadline:  # noqa: ASYNC110 - an API is asked
        await asyncio.sleep(0.1)


def _now() -> float:
    return asyncio.get_running_loop().time()
