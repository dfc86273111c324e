"""The bounded inbox between the event socket and the plane.

The socket is read always and fast: past 500 queued tasks Asterisk ignores new calls for the whole box. So what the
plane hasn't looked at waits here, never in the socket. When even this overflows, the events are thrown away and the
connection is ended: the reconciler at the next connect reads the truth in one go, which a backlog would never reach.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from ccplane.asterisk.events import Event
from ccplane.asterisk.stats import AriStats

Received = tuple[Event, float]
"""An event and when it was read from the socket (monotonic seconds)."""

STRIDE = 32
"""After so many events without a pause the reader lets the loop breathe (law 13)."""


class Inbox:
    """An async iterator of `Received`. Ends, once it is empty, with the connection; `fault` is raised at that end."""

    def __init__(self, bound: int, stats: AriStats, clock: Callable[[], float] = time.monotonic) -> None:
        self._bound = bound
        self._stats = stats
        self._clock = clock
        self._waiting: deque[Received] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._closed = False
        self._fault: Exception | None = None
        self._stride = 0

    def put(self, event: Event) -> bool:
        """False: it overflowed, and everything in it is gone."""
        if self._closed:
            return True
        if len(self._waiting) >= self._bound:
            self._waiting.clear()
            self._stats.overflows += 1
            return False
        self._waiting.append((event, self._clock()))
        self._stats.inbox_depth = depth = len(self._waiting)
        self._stats.inbox_peak = max(self._stats.inbox_peak, depth)
        self._wake()
        return True

    def close(self, fault: Exception | None = None) -> None:
        """No more events. Those already here are still read, then `fault` is raised or the iteration ends."""
        self._closed = True
        self._fault = self._fault or fault
        self._wake()

    def __aiter__(self) -> Inbox:
        return self

    async def __anext__(self) -> Received:
        self._stride += 1
        if self._stride >= STRIDE:
            self._stride = 0
            await asyncio.sleep(0)
        while not self._waiting:
            self._stride = 0
            if self._closed:
                raise self._fault or StopAsyncIteration
            await self._news()
        received = self._waiting.popleft()
        self._stats.inbox_depth = len(self._waiting)
        return received

    def __len__(self) -> int:
        return len(self._waiting)

    async def _news(self) -> None:
        self._reader = asyncio.get_running_loop().create_future()
        try:
            await self._reader
        finally:
            self._reader = None

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
