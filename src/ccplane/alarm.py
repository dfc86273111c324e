"""When the core is to be woken; and that nothing is called overdue before what happened in time has been read.

A process that stood still (SIGSTOP, a machine that slept, a loop held up) finds both when it goes on: deadlines that
have passed, and in its sockets what happened before they did. Whichever the loop comes upon first, it reads first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

LATE_MS: Final = 250
"""A deadline looked at so much after its time: we stood still."""
READ_MS: Final = 250
"""So long at least is read before deadlines are looked at again,"""
LONGEST_READ_MS: Final = 3_000
"""and so long at most: a plane under load still ticks."""
LOOK_S: Final = 0.05


class Alarm:
    """Calls `ring` at the time it is set to. `unread`: true while events of the switch wait to be decided. `look` is
    asked before a deadline rings: whoever sees that we stood still has it read first. It rings at the end of reading
    whatever is seen then, so that a plane that stands still again and again ticks all the same."""

    def __init__(
        self,
        now: Callable[[], int],
        ring: Callable[[], None],
        unread: Callable[[], object],
        look: Callable[[], object] = lambda: None,
    ) -> None:
        self._now, self._ring, self._unread, self._see = now, ring, unread, look
        self._at: int | None = None
        self._due: int | None = None
        """When the timer should call us: what was overdue when it was set is due at once."""
        self._timer: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None
        self._reading_since = self._looked_at = self._left_ms = 0

    def set(self, at: int | None, now: int) -> None:
        """Ring at `at`, not at what was set before; None: not at all."""
        self._notice_pause(now)
        if at == self._at:
            return
        self._stop_timer()
        if at is not None:
            self._at, self._due = at, max(at, now)
            self._timer = asyncio.get_running_loop().call_later((self._due - now) / 1000, self._fire)

    def read_first(self, now: int) -> None:
        """We stood still: nothing is overdue before all that waits has been decided. Then it rings, whatever deadline
        there is."""
        if self._reading is None:
            self._reading_since = self._looked_at = now
            self._left_ms = LONGEST_READ_MS
            self._read_on()

    def stop(self) -> None:
        """Ring no more, until it is set anew."""
        self._stop_timer()
        if self._reading:
            self._reading.cancel()
            self._reading = None

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer, self._at, self._due = None, None, None

    def _fire(self) -> None:
        self._notice_pause(self._now())
        self._timer, self._due = None, None
        self._see()
        if self._reading is None:
            self._at = None
            self._ring()

    def _notice_pause(self, now: int) -> None:
        if self._due is not None and now - self._due > LATE_MS:
            self.read_first(now)

    def _read_on(self) -> None:
        self._reading = asyncio.get_running_loop().call_later(LOOK_S, self._look)

    def _look(self) -> None:
        """Once what waited has been read and decided, or that takes too long, deadlines count again. Time in which we
        stand still once more is none in which anything was read."""
        now = self._now()
        since_look, self._looked_at = now - self._looked_at, now
        if since_look > LATE_MS:
            self._reading_since = now
        self._left_ms -= min(since_look, LATE_MS)
        if self._left_ms > 0 and (now - self._reading_since < READ_MS or self._unread()):
            return self._read_on()
        self._reading = None
        if self._timer is None:
            self._at = None  # it came while we read
        self._ring()
        return None
