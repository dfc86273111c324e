"""What waits for Postgres, and how long there is room for it: said while there is time to do something about it.

Room is what the file may still grow by its bound, or the disk under it if that has less. Half of it gone is an alarm,
nine tenths an urgent one: each is a line in the log once, and stands in /readyz until there is room again.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from ccplane.log.outbox import Outbox

log = structlog.get_logger()

LOOK_EVERY_S: Final = 2.0
WINDOW: Final = 45
"""Looks from which a rate is taken: a minute and a half."""
CALM: Final = 0.05
"""So far below its threshold an alarm ends, so that it does not come and go."""
MB: Final = 1 << 20


class Level(IntEnum):
    """How much of the room is gone."""

    AMPLE = 0
    HALF_GONE = 1
    ALMOST_FULL = 2


THRESHOLDS: Final = {Level.HALF_GONE: 0.5, Level.ALMOST_FULL: 0.9}


def level(gone: float, before: Level) -> Level:
    """By the part of the room that is gone, 0 to 1. Once raised, it falls only when there is clearly more room."""
    held = [each for each, at in THRESHOLDS.items() if gone >= at - (CALM if each <= before else 0)]
    return max(held, default=Level.AMPLE)


class Trend:
    """How fast something grows, over the last looks."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque(maxlen=WINDOW)

    def see(self, at: float, value: float) -> None:
        self._seen.append((at, value))

    def per_second(self) -> float:
        """0 while too little was seen."""
        if len(self._seen) < 2:
            return 0.0
        (began, first), (ended, last) = self._seen[0], self._seen[-1]
        return (last - first) / (ended - began) if ended > began else 0.0


def free_bytes(folder: Path) -> int:
    """What an ordinary process may still write to the disk of this folder."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


class Standing(NamedTuple):
    """How it stands, in bytes and facts. `full_in_s`: at the present rate; `to_go_s`: until Postgres has all of it;
    None if it is not getting there."""

    used: int
    left: int
    unshipped: int
    level: Level
    full_in_s: float | None
    to_go_s: float | None

    @property
    def limit(self) -> int:
        return self.used + self.left


class Backlog:
    """Looks at an outbox every few seconds. `now`: monotonic seconds."""

    def __init__(
        self,
        outbox: Outbox,
        max_bytes: int,
        *,
        free: Callable[[Path], int] = free_bytes,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox, self._max, self._free, self._now = outbox, max_bytes, free, now
        self._taken, self._waiting = Trend(), Trend()
        self.standing = Standing(0, max_bytes, 0, Level.AMPLE, None, None)

    async def run(self) -> None:
        """For ever, until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    def look(self) -> Standing:
        """How it stands now; the log has it when the alarm begins, rises or ends."""
        now, before = self._now(), self.standing.level
        size, spare, unshipped = self._outbox.bytes_on_disk, self._outbox.bytes_spare, self._outbox.stats.unshipped
        used = max(size - spare, 0)
        left = max(min(self._max - used, self._room_on_disk() + spare), 0)
        self._taken.see(now, used)
        self._waiting.see(now, unshipped)
        grows, waits = self._taken.per_second(), self._waiting.per_second()
        self.standing = Standing(
            used=used,
            left=left,
            unshipped=unshipped,
            level=level(1 - left / self._max, before),
            full_in_s=left / grows if grows > 0 else None,
            to_go_s=0.0 if not unshipped else unshipped / -waits if waits < 0 else None,
        )
        self._tell(before)
        return self.standing

    def words(self) -> str:
        """What is wrong and what to do, for people; empty while there is room."""
        standing = self.standing
        if standing.level is Level.AMPLE:
            return ""
        gone = "almost all" if standing.level is Level.ALMOST_FULL else "half"
        short = " (the disk has no more)" if standing.limit < self._max else ""
        until = "" if standing.full_in_s is None else f", enough for {lasting(standing.full_in_s)} at the present rate"
        return (
            f"{gone} of the room for facts is gone: {standing.left // MB} of {self._max // MB} MB are left{short}"
            f"{until}; {standing.unshipped} facts wait for Postgres. {self._cure()}"
        )

    def progress(self) -> str:
        """How far Postgres is behind, if it is being caught up with."""
        unshipped, to_go = self.standing.unshipped, self.standing.to_go_s
        return f"catching up: {unshipped} facts to go" + (f", about {lasting(to_go)}" if to_go else "")

    def _cure(self) -> str:
        short_of_disk = self.standing.limit < self._max
        return "Make room on that disk, and bring Postgres back." if short_of_disk else "Bring Postgres back."

    def _room_on_disk(self) -> int:
        try:
            return self._free(self._outbox.path.parent)
        except OSError:
            return self._max  # what can't be asked is no alarm; a commit that fails is one

    def _tell(self, before: Level) -> None:
        if self.standing.level > before:
            log.warning("the room for facts gets short", detail=self.words())
        elif self.standing.level is Level.AMPLE < before:
            log.info("there is room for facts again", left_mb=self.standing.left // MB)


def lasting(seconds: float) -> str:
    """A duration for people: 40 s, 12 min, 3 h 20 min, 4 d."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 2880 else f"{minutes // 1440} d"
