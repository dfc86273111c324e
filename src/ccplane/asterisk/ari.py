"""The ARI client: `async for connection in ari.connections()` gives one live connection after the other, for ever.

    async with aclosing(ari.connections()) as connections:    # so that leaving closes the sockets at once
        async for connection in connections:                  # live: probed, event filter set, all sockets up
            ...reconcile...                                    # nothing is replayed: what happened in between is read
            async for event, received in connection.events:    # ends with the connection
                ...

It gives up by itself on two things only: wrong credentials (`ari-wrong-password`) and having been replaced
(`Replaced`); both are raised, and whether to go on is the caller's choice: call `connections()` again.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable

import structlog

from ccplane.asterisk.connection import Connection
from ccplane.asterisk.lists import Lists
from ccplane.asterisk.operations import ListChannels
from ccplane.asterisk.outcomes import Done
from ccplane.asterisk.stats import AriStats
from ccplane.asterisk.switch import Replaced
from ccplane.asterisk.websocket import WRONG_PASSWORD, Address
from ccplane.asterisk.wire import Limits
from ccplane.errors import SwitchError

log = structlog.get_logger(__name__)

LOOK_AGAIN_S = 0.05
"""While we may not send."""

__all__ = ["Ari", "AriStats", "Connection", "Limits", "Replaced"]


class Ari:
    """A client of one node. `may_send` is asked before each command; `command_sockets` don't count the house's own."""

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        *,
        app: str = "ccplane",
        command_sockets: int = 3,
        may_send: Callable[[], bool] = lambda: True,
        limits: Limits | None = None,
        stats: AriStats | None = None,
    ) -> None:
        self.address = Address(url, username, password)
        self.app = app
        self.limits = limits or Limits()
        self.stats = stats or AriStats()
        self._command_sockets = command_sockets
        self._may_send = may_send
        self.yields: Callable[[], bool] = lambda: False
        """Whether our application is just being handed over, to who was asked to take it."""
        self._ahead: Connection | None = None
        self._wait = 0.0
        self._complaint = ""
        self._doubtful = False
        """The last connection was to a switch that did not do what it was told."""

    async def open_ahead(self) -> Connection:
        """Connect now: `connections` hands it out first, with all events since. SwitchError if it can't be had.

        Only for who takes an application over from a plane that knows, and hasn't our right to send to give up yet.
        """
        connection = self._new()
        try:
            await connection.open(self.address)
        except BaseException:
            await connection.close()
            raise
        self._ahead = self._live(connection)
        return connection

    async def close_ahead(self) -> None:
        """Nobody took it."""
        if self._ahead is not None:
            await self._ahead.close()

    async def connections(self) -> AsyncGenerator[Connection, None]:
        """Asking for the next one closes the last, if it still lives. There is none while we may not send."""
        while True:
            connection, self._ahead = self._ahead, None
            if connection is None:
                await self._allowed()
                connection = await self._connect()
            if connection is None:
                continue
            began = time.monotonic()
            try:
                yield connection
            finally:
                await connection.close()
                self.stats.connected = False
                self.stats.stuck_s = 0.0
                self.stats.ends[connection.ended or ""] += 1
                self._doubtful = connection.wedged
                self.stats.last_error = f"the connection ended: {connection.ended}"
            if connection.ended == "replaced":
                raise Replaced(self.app)
            if time.monotonic() - began >= self.limits.settled:
                self._wait = 0.0
            if connection.ended != "closed":
                log.warning("the connection to Asterisk ended", url=self.address.url, reason=connection.ended)
            await self._pause()

    async def _allowed(self) -> None:
        told = False
        while not self._may_send():
            if not told:
                log.warning("not connecting to Asterisk while we may not command it", url=self.address.url)
                told = True
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _connect(self) -> Connection | None:
        """A live connection; None after a failure and the wait that follows it."""
        connection = self._new()
        try:
            if self._doubtful:
                await self._answers()
            await connection.open(self.address)
        except SwitchError as fault:
            await connection.close()
            self._refused(fault)
            await self._pause()
            return None
        self._doubtful = False
        return self._live(connection)

    def _new(self) -> Connection:
        args = (self.app, self._command_sockets, self.limits, self.stats)
        return Connection(*args, self._may_send, lambda: self.yields())

    def _live(self, connection: Connection) -> Connection:
        self._complaint = self.stats.last_error = ""
        self.stats.connected = True
        self.stats.connects += 1
        return connection

    async def _answers(self) -> None:
        """SwitchError unless it lists its channels: to connect means to take new calls, which a switch that is wedged
        would leave in silence; the dialplan's fallback takes them until it answers."""
        lists = Lists(self.limits.listing, self.limits.grace, self.stats)
        lists.open(self.address)
        try:
            outcome = await lists.send(ListChannels())
        finally:
            await lists.close()
        if not isinstance(outcome, Done):
            raise SwitchError("ari-wedged", f"ARI at {self.address.url} is there, but does not list its channels.")

    def _refused(self, fault: SwitchError) -> None:
        """Say it once for each kind of failure in a row, not twice a second all night."""
        if fault.code == WRONG_PASSWORD:
            raise fault
        if fault.code != self._complaint:
            self._complaint = fault.code
            log.warning("Asterisk can't be reached, trying on", reason=str(fault), code=fault.code)
        self.stats.refusals[fault.code] += 1
        self.stats.last_error = str(fault)

    async def _pause(self) -> None:
        """Longer each time and never the same for two planes, so that a restarted Asterisk isn't stormed."""
        self._wait = min(max(self._wait * 2, self.limits.first_wait), self.limits.longest_wait)
        await asyncio.sleep(self._wait * random.uniform(0.5, 1.0))
