"""One live connection to ARI: an event socket and a few command sockets that live and end together.

Events come on the socket of the application. Commands go over sockets of further applications (`ccplane-cmd-…`): they
command the first one's channels fully and receive none of its events, so that a command that blocks (addChannel behind
a prompt: 9.5 s) holds up the contacts of one socket and never the events. If any socket drops, all of it ends: one
truth, and the next connection starts with the reconciler. Whole lists alone are read by HTTP (`lists`).

Nobody subscribes to endpoints or device states here. The first would make Asterisk word each event of a phone's legs
once more, the second **deadlocks ARI for good** when a socket closes while one is being delivered (asterisk issue 2170;
here after 2 to 31 connects). What phones do AMI tells (`phones`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import TypeVar
from zlib import crc32

import structlog

from ccplane.asterisk.events import UNWANTED, ApplicationReplaced, Event, UnknownEvent
from ccplane.asterisk.inbox import Inbox
from ccplane.asterisk.lists import WHOLE, Lists
from ccplane.asterisk.operations import Operation, SetEventFilter
from ccplane.asterisk.outcomes import Done, Outcome, Refused
from ccplane.asterisk.stats import AriStats
from ccplane.asterisk.switch import HOUSE, Replaced
from ccplane.asterisk.websocket import Address
from ccplane.asterisk.wire import Limits, Wire
from ccplane.errors import SwitchError

T = TypeVar("T")
log = structlog.get_logger(__name__)

WEDGED = "wedged"
"""Why a connection ended whose command sockets gave no answer."""

LOOKS = 4
"""How often the gate is looked at in `Limits.fenced`."""

LOOK_S = 0.001

NO_EVENTS = ("ChannelUserevent", "RESTResponse")
"""What the house's socket brings: the echoes of probes, answers."""


class Connection:
    """Made by `Ari.connections()`, live from the moment it is handed out. See `switch.Switch`."""

    def __init__(
        self,
        app: str,
        sockets: int,
        limits: Limits,
        stats: AriStats,
        may_send: Callable[[], bool],
        yields: Callable[[], bool] = lambda: False,
    ) -> None:
        """`yields`: whether who takes our application was asked to: then what was decided is still sent."""
        self.app = app
        self.ended: str | None = None
        self._yields, self._yielded = yields, False
        self.events = Inbox(limits.inbox, stats)
        self._limits = limits
        self._stats = stats
        self._may_send = may_send
        self._over = asyncio.get_running_loop().create_future()
        self._chores: list[asyncio.Task[None]] = []
        self._held_back = False
        """A command was refused because we may not send: what it was for is undone."""
        self._main = Wire(app, limits, stats, self._event)
        self._house = Wire(f"{app}-house", limits, stats, _ignore)
        self._lanes = [Wire(f"{app}-cmd-{n}", limits, stats, _ignore) for n in range(1, sockets + 1)]
        self._lists = Lists(limits.listing, limits.grace, stats)
        self._renewed: dict[int, float] = {}
        self._owed: list[float] = []
        """For how long each command socket has owed an answer when they were last looked at."""

    @property
    def stuck(self) -> str:
        """What owes an answer for longer than it should; empty if nothing does."""
        late = [str(number + 1) for number, seconds in enumerate(self._owed) if seconds >= self._limits.probe_echo]
        if late and len(late) == len(self._lanes):
            return "no command socket answers"
        if late:
            return f"command socket {' and '.join(late)} of {len(self._lanes)} does not answer"
        return "lists are not answered" if self._lists.unanswered else ""

    @property
    def wedged(self) -> bool:
        """It came to its end since commands were not answered, or may have."""
        return self.ended == WEDGED or self._lists.unanswered

    def send(self, operation: Operation[T], lane: str) -> asyncio.Future[Outcome[T]]:
        """Write a command into its socket's buffer, which leaves with `flush`, else in the loop's next turn. Never
        raises, and the future never carries an exception. Refused(0, "fenced") while we may not send: the lease is
        asked here, where it is written, not where the command was thought of."""
        if not self._may_send():
            return self._fenced()
        if type(operation) in WHOLE:
            return self._lists.send(operation)
        return self._lane(lane).rest.send(operation)

    def flush(self) -> None:
        """What was sent on the contacts' sockets leaves now, not only in the loop's next turn."""
        for wire in self._lanes:
            wire.flush()

    async def close(self) -> None:
        """Goodbye on all sockets, awaited: a reconnect after it never meets a zombie."""
        self._end("closed", graceful=True)
        patience = self._limits.goodbye_yielded if self._yielded else self._limits.goodbye
        await asyncio.gather(*(wire.close(patience) for wire in self._all()), self._lists.close())
        await asyncio.gather(*self._chores, return_exceptions=True)

    async def finished(self) -> str:
        """Wait for its end; the reason."""
        await asyncio.shield(self._over)
        return self.ended or ""

    async def open(self, address: Address) -> None:
        """Connect all sockets, set the filters, prove that events come. Raises SwitchError."""
        self._lists.open(address)
        try:
            await self._main.open(address, self._lost)
            await self._open_all(address, [self._house, *self._lanes])
            await self._ask(self._main, SetEventFilter(self.app, disallowed=UNWANTED))
            await self._ask(self._house, SetEventFilter(self._house.app, allowed=NO_EVENTS))
            if not await self._probe():
                raise SwitchError("ari-zombie", f"ARI at {address.url} took the connection but sends no events.")
        except BaseException:
            self._end("not opened")
            raise
        self._chores = [
            asyncio.create_task(self._beat(), name="ari heartbeat"),
            asyncio.create_task(self._watch_the_gate(), name="ari gate"),
            asyncio.create_task(self._watch_the_lanes(address), name="ari lanes"),
        ]

    # within

    def _all(self) -> list[Wire]:
        return [self._main, self._house, *self._lanes]

    async def _open_all(self, address: Address, wires: list[Wire]) -> None:
        """At once; raises the first fault only when all have come to an end, so that no late one is left open."""
        for fault in await asyncio.gather(*(wire.open(address, self._lost) for wire in wires), return_exceptions=True):
            if fault is not None:
                raise fault

    def _lane(self, lane: str) -> Wire:
        """Always the same socket for the same lane, in every process."""
        return self._house if lane == HOUSE else self._lanes[crc32(lane.encode()) % len(self._lanes)]

    def _fenced(self) -> asyncio.Future[Outcome[T]]:
        future: asyncio.Future[Outcome[T]] = asyncio.get_running_loop().create_future()
        future.set_result(Refused(0, "fenced"))
        self._held_back = True
        self._stats.outcomes["Fenced"] += 1
        return future

    async def _ask(self, wire: Wire, operation: Operation[T]) -> None:
        outcome = await wire.rest.send(operation)
        if not isinstance(outcome, Done):
            raise SwitchError(
                "ari-not-set-up", f"Asterisk refused {type(operation).__name__} at {wire.app!r}: {outcome}."
            )

    def _event(self, event: Event) -> None:
        match event:
            case ApplicationReplaced() if self._yields():
                self._yielded = True
                self._chores.append(asyncio.create_task(self._run_dry(), name="ari runs dry"))
                return
            case ApplicationReplaced():
                self._end("replaced", Replaced(self.app))
                return
            case UnknownEvent(reason="unused"):
                self._stats.unknown += 1
            case UnknownEvent():
                self._stats.undecodable += 1
        self._take(event)

    def _take(self, event: Event) -> None:
        self._stats.received[event.type if isinstance(event, UnknownEvent) else type(event).__name__] += 1
        if not self.events.put(event):
            self._end("overflow")

    def _lost(self, reason: str) -> None:
        self._end(reason)

    def _end(self, reason: str, fault: Exception | None = None, *, graceful: bool = False) -> None:
        if self.ended is not None:
            return
        self.ended = reason
        self.events.close(fault)
        for chore in self._chores:
            if chore is not asyncio.current_task():
                chore.cancel()
        self._lists.lost()
        for wire in self._all():
            wire.lost() if graceful else wire.abort()
        self._over.set_result(None)

    # life

    async def _beat(self) -> None:
        """Every few seconds: do the first two bring our own event, do the others give any sign of life?"""
        limits, loop = self._limits, asyncio.get_running_loop()
        longest = limits.probe_every + limits.probe_echo + limits.grace
        while self.ended is None:
            began = loop.time()
            await asyncio.sleep(limits.probe_every)
            for wire in self._lanes:
                wire.knock()
            if not await self._probe():
                return self._end("probe")
            if loop.time() - began > longest:
                continue  # we were late ourselves: what the others gave may not have been read yet
            if any(wire.silent for wire in self._lanes):
                return self._end("silence")
        return None

    async def _watch_the_gate(self) -> None:
        """Connected, but not allowed to send, we would take every new call and leave it in silence: so we go, and the
        dialplan's fallback has them. Also where we may send again, but held a command back in between: the survey of
        the next connection puts that right, and no agent is blamed for a phone that we never rang."""
        shut = 0
        while self.ended is None:
            await asyncio.sleep(self._limits.fenced / LOOKS)  # looks are counted: a time asleep doesn't count
            shut = 0 if self._may_send() else shut + 1
            if shut >= LOOKS or (self._held_back and not shut):
                self._end("fenced")

    async def _watch_the_lanes(self, address: Address) -> None:
        """One that is held up is made anew: what comes after then goes on. When that helps nothing, or all of them are,
        the switch is wedged, and new calls are better off with the dialplan's fallback."""
        loop, pause = asyncio.get_running_loop(), self._limits.stuck / LOOKS
        while self.ended is None:
            began = loop.time()
            await asyncio.sleep(pause)
            if loop.time() - began > pause + self._limits.grace:
                continue  # we were late ourselves: what they said may not have been read yet
            self._owed = owed = [wire.stuck_for() for wire in self._lanes]
            self._stats.stuck_s = max(owed, default=0.0)
            stuck = [number for number, seconds in enumerate(owed) if seconds >= self._limits.stuck]
            again = [number for number in stuck if loop.time() - self._renewed.get(number, -inf) < self._limits.cured]
            if again or (stuck and len(stuck) == len(self._lanes)):
                return self._end(WEDGED)
            for number in stuck:
                await self._renew(number, address)
        return None

    async def _renew(self, number: int, address: Address) -> None:
        """The answers that it owes are Unknown: events, deadlines or the next survey settle them (law 7)."""
        old = self._lanes[number]
        fresh = Wire(old.app, self._limits, self._stats, _ignore)
        log.warning("a command socket does not answer; making it anew", socket=old.app, seconds=round(old.stuck_for()))
        try:
            await fresh.open(address, self._lost)
        except SwitchError:
            return self._end(WEDGED)
        self._lanes[number] = fresh
        self._renewed[number] = asyncio.get_running_loop().time()
        self._stats.renewed += 1
        old.let_go()
        return None

    async def _run_dry(self) -> None:
        """Our application is our successor's. An event that was on its way to us may still come, and what we have sent
        is still answered: only then are events over."""
        await asyncio.sleep(self._limits.dry)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.answered):
                while any(wire.rest.pending for wire in self._lanes):  # noqa: ASYNC110
                    await asyncio.sleep(LOOK_S)
        self.events.close(Replaced(self.app))

    async def _probe(self) -> bool:
        """The event socket lives, and the one on which all else stands."""
        return all(await asyncio.gather(self._house.probe(), self._main.probe()))


def _ignore(_: Event) -> None:
    """Command sockets belong to applications without channels; what they are told concerns nobody."""
