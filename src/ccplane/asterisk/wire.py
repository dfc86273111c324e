"""One socket of a connection: its requests, its events, and the proof that it lives.

Alive means: an event of our own came back. Asterisk can leave a zombie behind, a socket that is open, answers 204 to
the ping, and never gets an event; only the echo tells.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ccplane.asterisk import events
from ccplane.asterisk.events import ApplicationRegistered, ChannelUserevent, Event, RestResponse
from ccplane.asterisk.operations import Ping
from ccplane.asterisk.rest import Rest
from ccplane.asterisk.stats import AriStats
from ccplane.asterisk.websocket import Address, WebSocket

PROBE = "ccplane-probe"


@dataclass(frozen=True, slots=True)
class Limits:
    """Every wait and every bound of the client, in seconds and pieces."""

    opening: float = 5.0
    request: float = 3.0
    listing: float = 10.0
    """For a whole list: 1,000 channels take 50 ms, but a busy Asterisk is when it is needed most."""
    probe_every: float = 5.0
    probe_echo: float = 2.0
    silence: float = 20.0
    """A command socket that has sent nothing for so long, not even a pong, is dead."""
    fenced: float = 1.0
    """When we may not send for so long, the connection is given up, so that new calls take the dialplan's fallback."""
    stuck: float = 5.0
    """A command socket that has not answered for so long is made anew; while it may be a prompt that holds up an
    addChannel it is not: those are stopped first."""
    cured: float = 30.0
    """One that is held up again so soon after it was made anew is not to be helped."""
    dry: float = 0.01
    """So long after ApplicationReplaced a last event of ours may still come: it was seen up to 1 ms later."""
    answered: float = 0.05
    """So long after that the answers to what was sent are waited for; one may stand behind a prompt for seconds."""
    goodbye: float = 1.0
    goodbye_yielded: float = 0.02
    """How long the far end is given to say goodbye too. What was written before is read, whether it does or not."""
    grace: float = 0.25
    """When we ourselves were late by more than this, what is missing may be our fault: it is read, or asked again."""
    inbox: int = 50_000
    backlog: int = 20_000
    """Unanswered requests on one socket; beyond it they are refused."""
    first_wait: float = 0.01
    """Before the first new try; never less than 1 ms after an abort, or the new socket may be a zombie."""
    longest_wait: float = 2.0
    settled: float = 1.0
    """A connection that lived for so long starts the waits anew."""


class Wire:
    """A WebSocket of one application. `on_event` gets what comes, but for the echoes of our own probes."""

    def __init__(self, app: str, limits: Limits, stats: AriStats, on_event: Callable[[Event], None]) -> None:
        self.app = app
        self._limits = limits
        self._stats = stats
        self._on_event = on_event
        self._socket: WebSocket | None = None
        self._echo: asyncio.Future[bool] | None = None
        self._probes = 0
        self._knocked: float | None = None
        """When it was asked for a sign of life, and has given none since."""
        self.rest = Rest(self._write, limits.request, limits.grace, limits.backlog, stats)

    async def open(self, address: Address, on_lost: Callable[[str], None]) -> None:
        self._socket = await WebSocket.open(address, self.app, self._text, self._limits.opening)
        self._socket.watch(on_lost)

    async def probe(self) -> bool:
        """True when an event of our own came back in time. When we were late ourselves (a suspended machine, a loop
        held up) a missing echo proves nothing, and is asked for again."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            if await self._ping():
                self._stats.probe_rtt_s = loop.time() - began
                self._stats.lag.observe(self._stats.probe_rtt_s)
                return True
            if loop.time() - began < self._limits.probe_echo + self._limits.grace:
                self._stats.probes_lost += 1
                return False

    def knock(self) -> None:
        """Ask for any sign of life: on a command socket a blocked command is no fault, so an echo may be late."""
        if self._socket is not None:
            if self._knocked is None or self._socket.heard >= self._knocked:
                self._knocked = asyncio.get_running_loop().time()
            self._socket.ping()

    def stuck_for(self) -> float:
        """Seconds for which it has owed an answer, or a pong: Asterisk reads a socket only between two commands, so one
        that is held up gives not even that."""
        if self._socket is None:
            return 0.0
        knocked = self._knocked if self._knocked is not None and self._socket.heard < self._knocked else None
        owed = [since for since in (self.rest.waiting_since, knocked) if since is not None]
        return asyncio.get_running_loop().time() - min(owed) if owed else 0.0

    def let_go(self) -> None:
        """Another one has taken its place."""
        if self._socket is not None:
            self._socket.watch(lambda _: None)
        self.abort()

    @property
    def silent(self) -> bool:
        """Nothing at all was heard for too long, not even a pong."""
        loop = asyncio.get_running_loop()
        return self._socket is not None and loop.time() - self._socket.heard > self._limits.silence

    def flush(self) -> None:
        """What was sent leaves now, not only in the loop's next turn."""
        if self._socket is not None:
            self._socket.flush()

    def abort(self) -> None:
        self.lost()
        if self._socket is not None:
            self._socket.abort()

    async def close(self, patience: float) -> None:
        self.lost()
        if self._socket is not None:
            await self._socket.close(patience)

    def lost(self) -> None:
        """Nothing will be answered any more."""
        self.rest.lost()
        if self._echo is not None and not self._echo.done():
            self._echo.set_result(False)

    async def _ping(self) -> bool:
        self._probes += 1
        self._echo = asyncio.get_running_loop().create_future()
        self.rest.send(Ping(self.app, self._name))
        done, _ = await asyncio.wait([self._echo], timeout=self._limits.probe_echo)
        return bool(done) and self._echo.result()

    @property
    def _name(self) -> str:
        return f"{PROBE}-{id(self):x}-{self._probes}"

    def _write(self, frame: bytes) -> None:
        assert self._socket is not None, "nothing is sent before the socket is open"
        self._socket.write(frame)

    def _text(self, frame: bytes) -> None:
        match events.decode(frame):
            case RestResponse() as response:
                self.rest.answered(response)
            case ChannelUserevent(eventname=name) if name.startswith(PROBE):
                self._echoed(name)
            case ApplicationRegistered():
                pass
            case event:
                self._on_event(event)

    def _echoed(self, name: str) -> None:
        """Only the echo of the last ping counts; another connection's, or one that came late, proves nothing."""
        if self._echo is not None and not self._echo.done() and name == self._name:
            self._echo.set_result(True)
