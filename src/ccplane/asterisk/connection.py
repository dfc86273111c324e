"""One live connection to ARI: an event socket and a few command sockets that live and end together.

Events come on the socket of the application. Commands go over sockets of further applications (`ccplane-cmd-…`): they
command the first one's channels fully and receive none of its events, so that a command that blocks (addChannel behind
a prompt: 9.5 s) holds up the contacts of one socket and never the events. If any socket drops, all of it ends: one
truth, and the next connection starts with the reconciler.

Alive means: an event of our own came back over the event socket. Asterisk can leave a zombie behind, a socket that is
open, answers 204 to the ping, and never gets an event; only the echo tells. Command sockets are only asked for any sign
of life, since a blocked command there is no fault.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from zlib import crc32

from ccplane.asterisk import events
from ccplane.asterisk.events import (
    UNWANTED,
    ApplicationRegistered,
    ApplicationReplaced,
    ChannelUserevent,
    Event,
    RestResponse,
    UnknownEvent,
)
from ccplane.asterisk.inbox import Inbox
from ccplane.asterisk.operations import Operation, Ping, SetEventFilter
from ccplane.asterisk.outcomes import Done, Outcome, Refused
from ccplane.asterisk.rest import Rest
from ccplane.asterisk.stats import AriStats
from ccplane.asterisk.switch import HOUSE, Replaced
from ccplane.asterisk.websocket import Address, WebSocket
from ccplane.errors import SwitchError

T = TypeVar("T")

PROBE = "ccplane-probe"


@dataclass(frozen=True, slots=True)
class Limits:
    """Every wait and every bound of the client, in seconds and pieces."""

    opening: float = 5.0
    request: float = 3.0
    probe_every: float = 5.0
    probe_echo: float = 2.0
    silence: float = 20.0
    """A command socket that has sent nothing for so long, not even a pong, is dead."""
    grace: float = 0.25
    """When we ourselves were late by more than this, a missing echo is our fault and is asked for again."""
    inbox: int = 50_000
    backlog: int = 20_000
    """Unanswered requests on one socket; beyond it they are refused."""
    first_wait: float = 0.01
    """Before the first new try; never less than 1 ms after an abort, or the new socket may be a zombie."""
    longest_wait: float = 2.0
    settled: float = 1.0
    """A connection that lived for so long starts the waits anew."""


class Wire:
    """A socket with its requests; events, if it has any, go to `on_event`."""

    def __init__(self, app: str, limits: Limits, stats: AriStats, on_event: Callable[[Event], None]) -> None:
        self.app = app
        self._limits = limits
        self._on_event = on_event
        self._socket: WebSocket | None = None
        self.rest = Rest(self._write, limits.request, limits.backlog, stats)

    async def open(self, address: Address, on_lost: Callable[[str], None]) -> None:
        self._socket = await WebSocket.open(address, self.app, self._text, self._limits.opening)
        self._socket.watch(on_lost)

    def ping(self) -> None:
        if self._socket is not None:
            self._socket.ping()

    @property
    def heard(self) -> float:
        return self._socket.heard if self._socket is not None else 0.0

    def abort(self) -> None:
        self.rest.lost()
        if self._socket is not None:
            self._socket.abort()

    async def close(self) -> None:
        self.rest.lost()
        if self._socket is not None:
            await self._socket.close()

    def _write(self, frame: bytes) -> None:
        assert self._socket is not None, "nothing is sent before the socket is open"
        self._socket.write(frame)

    def _text(self, frame: bytes) -> None:
        decoded = events.decode(frame)
        if isinstance(decoded, RestResponse):
            self.rest.answered(decoded)
        else:
            self._on_event(decoded)


class Connection:
    """Made by `Ari.connections()`, live from the moment it is handed out. See `switch.Switch`."""

    def __init__(self, app: str, sockets: int, limits: Limits, stats: AriStats, may_send: Callable[[], bool]) -> None:
        self.app = app
        self.ended: str | None = None
        self.events = Inbox(limits.inbox, stats)
        self._limits = limits
        self._stats = stats
        self._may_send = may_send
        self._over = asyncio.get_running_loop().create_future()
        self._echo: asyncio.Future[None] | None = None
        self._probes = 0
        self._heartbeat: asyncio.Task[None] | None = None
        self._main = Wire(app, limits, stats, self._event)
        self._house, *self._lanes = (Wire(f"{app}-cmd-{n}", limits, stats, _ignore) for n in range(sockets + 1))

    def send(self, operation: Operation[T], lane: str) -> asyncio.Future[Outcome[T]]:
        """Write a command now; never raises, and the future never carries an exception. Refused(0, "fenced") while we
        may not send: the lease is asked here, at the socket, not where the command was thought of."""
        if not self._may_send():
            return self._fenced()
        return self._lane(lane).rest.send(operation)

    async def close(self) -> None:
        """Goodbye on all sockets, awaited: a reconnect after it never meets a zombie."""
        self._end("closed", graceful=True)
        await asyncio.gather(*(wire.close() for wire in self._all()))
        if self._heartbeat is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._heartbeat

    async def finished(self) -> str:
        """Wait for its end; the reason."""
        await asyncio.shield(self._over)
        return self.ended or ""

    async def open(self, address: Address) -> None:
        """Connect all sockets, set the event filter, prove that events come. Raises SwitchError."""
        try:
            await self._main.open(address, self._lost)
            await asyncio.gather(*(lane.open(address, self._lost) for lane in (self._house, *self._lanes)))
            await self._filter()
            if not await self._probe():
                raise SwitchError("ari-zombie", f"ARI at {address.url} took the connection but sends no events.")
        except BaseException:
            self._end("not opened")
            raise
        self._heartbeat = asyncio.create_task(self._beat(), name="ari heartbeat")

    # within

    def _all(self) -> list[Wire]:
        return [self._main, self._house, *self._lanes]

    def _lane(self, lane: str) -> Wire:
        """Always the same socket for the same lane, in every process."""
        return self._house if lane == HOUSE else self._lanes[crc32(lane.encode()) % len(self._lanes)]

    def _fenced(self) -> asyncio.Future[Outcome[T]]:
        future: asyncio.Future[Outcome[T]] = asyncio.get_running_loop().create_future()
        future.set_result(Refused(0, "fenced"))
        self._stats.outcomes["Fenced"] += 1
        return future

    async def _filter(self) -> None:
        outcome = await self._main.rest.send(SetEventFilter(self.app, UNWANTED))
        if not isinstance(outcome, Done):
            raise SwitchError("ari-filter", f"Asterisk did not take the event filter of {self.app!r}: {outcome}.")

    def _event(self, event: Event) -> None:
        match event:
            case ChannelUserevent(eventname=name) if name.startswith(PROBE):
                self._echoed(name)
                return
            case ApplicationReplaced():
                self._end("replaced", Replaced(self.app))
                return
            case ApplicationRegistered():
                return
            case UnknownEvent(reason="unused"):
                self._stats.unknown += 1
            case UnknownEvent():
                self._stats.undecodable += 1
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
        if self._heartbeat is not None and self._heartbeat is not asyncio.current_task():
            self._heartbeat.cancel()
        for wire in self._all():
            wire.rest.lost() if graceful else wire.abort()
        if self._echo is not None and not self._echo.done():
            self._echo.cancel()
        self._over.set_result(None)

    # life

    async def _beat(self) -> None:
        """Every few seconds: does the event socket bring our own event, do the others give any sign of life?"""
        loop = asyncio.get_running_loop()
        while self.ended is None:
            await asyncio.sleep(self._limits.probe_every)
            for lane in (self._house, *self._lanes):
                lane.ping()
            if not await self._probe():
                return self._end("probe")
            if any(loop.time() - lane.heard > self._limits.silence for lane in (self._house, *self._lanes)):
                return self._end("silence")
        return None

    async def _probe(self) -> bool:
        """True when our own event came back in time."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            if await self._ping():
                self._stats.probe_rtt_s = loop.time() - began
                return True
            if loop.time() - began < self._limits.probe_echo + self._limits.grace:
                self._stats.probes_lost += 1
                return False

    async def _ping(self) -> bool:
        self._probes += 1
        self._echo = asyncio.get_running_loop().create_future()
        self._main.rest.send(Ping(self.app, f"{PROBE}-{id(self):x}-{self._probes}"))
        done, _ = await asyncio.wait([self._echo], timeout=self._limits.probe_echo)
        return bool(done) and not self._echo.cancelled()

    def _echoed(self, name: str) -> None:
        """Only the echo of the last ping counts; another connection's, or one that came late, proves nothing."""
        if self._echo is not None and not self._echo.done() and name == f"{PROBE}-{id(self):x}-{self._probes}":
            self._echo.set_result(None)


def _ignore(_: Event) -> None:
    """Command sockets belong to applications without channels; what they are told concerns nobody."""
