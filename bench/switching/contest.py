"""All peers up at once, measured by turns. One that fails drops out, the others go on; what was started is stopped.

A peer that waits for its turn has its phones registered and its agents signed in: that costs one or two hundredths of a
core, and `others_cpu_s` tells how much it was. After its load it is stopped: an overrun queue would go on working.
"""

from __future__ import annotations

import asyncio
import gc
import json
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final

from bench.switching import plane, pool, scenarios
from bench.switching.measure import usage
from bench.switching.peers import Peer, channels_left
from bench.switching.plane import Plane
from bench.switching.pool import Seen
from bench.switching.scenarios import Size
from bench.switching.turns import Turn, turns
from ccplane.testing.siplab import Lab, open_lab

Offer = Callable[[Lab, Sequence[str], Size], Awaitable[Seen]]
OFFERS: Final[dict[str, Offer]] = {"idle": scenarios.idle, "refill": scenarios.refill, "load": scenarios.load}


class Contestant:
    """A peer and its phones."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self._lab_open = AsyncExitStack()
        self._signed_in: list[str] = []

    async def start(self, agents: Sequence[str]) -> None:
        await self.peer.start()
        self._lab = await self._lab_open.enter_async_context(open_lab(("127.0.0.1", self.peer.node.sip_port)))
        await self._serve(agents)

    async def _serve(self, agents: Sequence[str]) -> None:
        """These agents and only these take calls, each at a registered phone."""
        if list(agents) == self._signed_in:
            return
        missing = [agent for agent in agents if agent not in self._lab.phones.phones]
        await self._lab.phones.register(await self.peer.secrets(missing))
        await self.peer.sign_in(agents)
        self._signed_in = list(agents)

    async def take(self, turn: Turn, size: Size, others: Sequence[Peer]) -> Seen:
        agents = size.extensions(turn.scenario)
        await self._serve(agents)
        _collect_garbage()
        if turn.scenario == "rest":
            assert isinstance(self.peer, Plane), f"{self.peer.name} is not measured at rest"
            return await plane.at_rest(self.peer, size.rest_seconds)
        begun, before, idle_before = time.monotonic(), _cpu_s([self.peer.node.pid]), _cpu_s(_pids(others))
        seen = await self._offered(turn, agents, size.of_round(turn.round))
        spent = {
            "asterisk_cpu_s": _cpu_s([self.peer.node.pid]) - before,
            "others_cpu_s": max(0.0, _cpu_s(_pids(others)) - idle_before),
            "wall_s": time.monotonic() - begun,
        }
        left = await channels_left(self.peer.node)
        for station in (self._lab.callers, self._lab.phones):
            await station.hang_up_all(within=2.0)  # what is stuck was counted: it may not be in the next round again
        return seen.with_more(Seen(counts={"channels_left": left, **spent}))

    async def _offered(self, turn: Turn, agents: Sequence[str], size: Size) -> Seen:
        offer = OFFERS[turn.scenario]
        if isinstance(self.peer, Plane):
            return await plane.with_its_costs(self.peer, agents, lambda: offer(self._lab, agents, size))
        return await offer(self._lab, agents, size)

    async def stop(self) -> None:
        """Also of one that never came up; a second time it does nothing."""
        try:
            await self._lab_open.aclose()
        finally:
            await self.peer.stop()


class Contest:
    """What was seen of each peer: scenario → peer → its rounds."""

    def __init__(self, size: Size, wanted: Sequence[str]) -> None:
        self._size, self._wanted = size, wanted
        self._up: dict[str, Contestant] = {}
        self.seen: dict[str, dict[str, list[Seen]]] = {scenario: {} for scenario in wanted}
        self.failed: dict[str, str] = {}
        self.asterisk = ""

    async def run(self, peers: Mapping[str, Callable[[], Peer]]) -> None:
        try:  # they start at once: until the last is up, nothing is measured
            await asyncio.gather(*(self._or_out(name, self._enter(name, make)) for name, make in peers.items()))
            for turn in turns(list(peers), self._wanted, self._size.rounds):
                if turn.peer in self._up:
                    await self._or_out(turn.peer, self._take(turn))
        finally:
            gc.unfreeze()
            await self._stop(list(self._up))

    async def _enter(self, name: str, make: Callable[[], Peer]) -> None:
        contestant = self._up[name] = Contestant(make())
        await contestant.start(self._size.extensions("idle"))
        self.asterisk = (await contestant.peer.node.cli("core show version")).partition(" built")[0]

    async def _take(self, turn: Turn) -> None:
        others = [each.peer for name, each in self._up.items() if name != turn.peer]
        seen = await self._up[turn.peer].take(turn, self._size, others)
        self.seen[turn.scenario].setdefault(turn.peer, []).append(seen)
        print(f"{turn.scenario} {turn.round + 1} {turn.peer}: {json.dumps(pool.told(seen))}", flush=True)
        if turn.scenario == "load":
            await self._stop([turn.peer])

    async def _or_out(self, name: str, step: Awaitable[None]) -> None:
        try:
            await step
        except Exception as error:  # the others are measured all the same
            traceback.print_exc()
            self.failed[name] = repr(error)
            await self._stop([name] if name in self._up else [])

    async def _stop(self, names: Sequence[str]) -> None:
        """All of them, whatever becomes of one. Forgotten only then, so that an interrupted stop is done again."""
        ends = await asyncio.gather(*(self._up[name].stop() for name in names), return_exceptions=True)
        for name, error in zip(names, ends, strict=True):
            del self._up[name]
            if error is not None:
                traceback.print_exception(error)
                self.failed.setdefault(name, repr(error))


def _collect_garbage() -> None:
    """Now: a long collection of our own would show in what we measure."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _pids(peers: Sequence[Peer]) -> list[int | None]:
    return [pid for peer in peers for pid in peer.pids]


def _cpu_s(pids: Iterable[int | None]) -> float:
    return sum(usage(pid).cpu_s for pid in pids if pid)
