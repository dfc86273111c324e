"""A whole plane in memory, on the fake switch, in virtual time: how a site's programs are tested without a PBX.

    async def main():
        async with rehearse(files) as centre:
            centre.sign_in("1001")
            call = centre.switch.call("4001")
            await call.up
            call.press("2")
            await centre.becomes("1001", "talking")

    run(main())                                       # ccplane.testing.clock.run: hours pass in milliseconds

Everything between switch and facts is the real thing: link, translation, core, programs, commands. Only the switch, the
clock and the log are stand-ins.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from ccplane.agents.facts import Intent, Seat
from ccplane.asterisk.execute import Executor
from ccplane.asterisk.link import Link
from ccplane.asterisk.phones import PhoneWatch
from ccplane.asterisk.switch import Switch
from ccplane.callflow.runner import Runner
from ccplane.core import State
from ccplane.core.inputs import IntentAsked, PeopleRead, PlaneBegan, SiteRead
from ccplane.ids import AgentId, NodeName
from ccplane.kpi.board import Board
from ccplane.laws import Fact
from ccplane.plane import Plane
from ccplane.site import Site, parse
from ccplane.testing.clock import START, FakeClock
from ccplane.testing.fake_asterisk import FakeAsterisk
from ccplane.testing.fake_faxes import FakeTray
from ccplane.testing.look_ups import Answers

Asks = Callable[[Plane, Callable[[str], Site]], object]


class MemoryLog:
    """Facts in a list; committed as soon as they are appended."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def append(self, facts: Sequence[Fact]) -> int:
        self.facts.extend(facts)
        return len(self.facts)

    def committed(self, seq: int) -> asyncio.Future[None]:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def checkpoint(self, seq: int, make: Callable[[], bytes]) -> None:
        """Nothing is kept."""


class NoMeter:
    """Measures nothing."""

    def observe_step(self, seconds: float) -> None:
        """As said."""


class Rehearsal:
    """The plane of one site and the switch it commands. `facts`: all that was decided, in order."""

    def __init__(self, site: Site, files: Mapping[str, str], asks: Asks | None = None, begins: int = START) -> None:
        self.switch = FakeAsterisk(start=begins)
        self.clock = FakeClock(begins, monotonic=asyncio.get_running_loop().time)
        self._log = MemoryLog()
        self._sites = {site.hash: site}
        executor = self.executor = Executor()
        self.plane = Plane(
            state=State(),
            board=Board.begun(site.rules.timezone),
            seq=0,
            clock=self.clock,
            log=self._log,
            hands=executor,
            runner=Runner(lambda digest: self._sites[digest]),
            meter=NoMeter(),
            encode=lambda state, board: b"",
        )
        executor.post = self.plane.post
        self.look_ups = Answers(self.plane)
        self._tray = FakeTray(self.plane, self.switch.board)
        if asks is not None:
            self.look_ups.silent = True
            asks(self.plane, lambda digest: self._sites[digest])
        ami = self.switch.ami
        self.link = Link(
            node=NodeName("ast1"),
            switches=self.switch,
            executor=executor,
            post=self.plane.post,
            now=self.clock.now,
            provision=_nothing_to_push,
            phones=PhoneWatch(ami, ami.events, self.plane.post),
        )
        self.plane.look = self.link.look
        self.plane.post(PlaneBegan(1, "rehearsal", 0))
        self.reads(site, files)
        profiles = [agent.profile(f"PJSIP/{agent.id}") for agent in site.agents]
        seats = [
            Seat(id=each.id, shared=each.shared, auto_answer=each.auto_answer, always_on=each.always_on)
            for each in site.seats
        ]
        self.plane.post(PeopleRead(tuple(profiles), tuple(seats)))

    def reads(self, site: Site, files: Mapping[str, str]) -> None:
        """As `ccplane reload` does: it holds for calls that begin from now on, and for those that wait."""
        self._sites[site.hash] = site
        self.plane.post(SiteRead(site.hash, site.rules, dict(files)))

    @property
    def facts(self) -> list[Fact]:
        return self._log.facts

    def said(self, kind: type[Fact]) -> list[Fact]:
        """The facts of one kind."""
        return [fact for fact in self.facts if type(fact) is kind]

    def sign_in(self, *agents: str) -> None:
        """Their phones are registered, and they are ready."""
        for agent in agents:
            self.switch.phone(agent)
            self.plane.post(IntentAsked(agent=AgentId(agent), intent=Intent.READY, by=agent))

    async def becomes(self, agent: str, shown: str, within: float = 3600.0) -> None:
        """Wait, in virtual time, until the agent is shown so."""
        async with asyncio.timeout(within):
            async for snapshot in self.plane.subscribe():
                if snapshot.state.agents[AgentId(agent)].shown == shown:
                    return


@asynccontextmanager
async def rehearse(files: Mapping[str, str], asks: Asks | None = None, begins: int = START) -> AsyncIterator[Rehearsal]:
    """Begin a plane over these site files; SiteFaults if they have any. `asks`: what asks services, in place of the
    answers that are given (`ccplane.lookups.asking.LookUps`, on a real loop). `begins`: what time it is, ms UTC."""
    rehearsal = Rehearsal(parse(files), files, asks, begins)
    link = asyncio.create_task(rehearsal.link.run())
    async for snapshot in rehearsal.plane.subscribe():
        if any(snapshot.state.nodes.values()):
            break
    try:
        yield rehearsal
    finally:
        link.cancel()
        await asyncio.gather(link, return_exceptions=True)
        rehearsal.plane.close()


async def _nothing_to_push(switch: Switch) -> None:
    """The fake's phones need no accounts."""
