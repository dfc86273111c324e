"""The site's clock (law 12): `at` is our UTC in integer milliseconds, and never decreases, also over restarts.

An anchor says which UTC stood at which reading of CLOCK_BOOTTIME; from there the clock runs by CLOCK_BOOTTIME alone,
which no operator or NTP step can move and which counts a suspended machine's sleep. The anchor lies in the outbox and
is taken up again on the same boot, so a duration that spans a restart of ours is as right as any other.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import msgspec

ANCHOR: Final = "clock-anchor"
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
NS_PER_MS: Final = 1_000_000
WORTH_MOVING: Final = 20
"""ms. Both clocks run at the rate that NTP gives them; only steps set them apart, and a new anchor is a write."""


class Notes(Protocol):
    """Where the anchor is kept; the outbox."""

    def note(self, key: str) -> bytes | None: ...

    def put_note(self, key: str, data: bytes) -> None: ...


class Anchor(msgspec.Struct, frozen=True):
    """At `since` nanoseconds after the boot named `boot`, it was `utc` ms."""

    boot: str
    utc: int
    since: int


def boottime() -> int:
    """Nanoseconds since boot, sleep included."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def wall_clock() -> int:
    """The machine's UTC in ms; it may jump."""
    return time.time_ns() // NS_PER_MS


def boot_id() -> str:
    return BOOT_ID.read_text().strip()


class SiteClock:
    """Made by `open`. Used on the event loop alone."""

    def __init__(
        self, notes: Notes, anchor: Anchor, floor: int, elapsed: Callable[[], int], wall: Callable[[], int]
    ) -> None:
        self._notes = notes
        self._anchor = anchor
        self._last = floor
        self._elapsed = elapsed
        self._wall = wall

    @classmethod
    def open(
        cls,
        notes: Notes,
        last_at: int,
        *,
        boot: str | None = None,
        elapsed: Callable[[], int] = boottime,
        wall: Callable[[], int] = wall_clock,
    ) -> SiteClock:
        """Takes up the anchor of this boot, else sets one, never before `last_at`, the last fact of the outbox."""
        boot = boot_id() if boot is None else boot
        kept = notes.note(ANCHOR)
        anchor = msgspec.json.decode(kept, type=Anchor) if kept else None
        if anchor is None or anchor.boot != boot or elapsed() < anchor.since:
            anchor = Anchor(boot, max(wall(), last_at), elapsed())
            notes.put_note(ANCHOR, msgspec.json.encode(anchor))
        return cls(notes, anchor, last_at, elapsed, wall)

    def now(self) -> int:
        """UTC in ms; never less than the time before."""
        now = self._anchor.utc + (self._elapsed() - self._anchor.since) // NS_PER_MS
        if now > self._last:
            self._last = now
        return self._last

    def reanchor(self, now_wall: int) -> int:
        """Move to the wall clock; only while no contact is live, whose durations it would falsify.

        Returns by how many ms. It only moves forward: a wall clock behind ours is followed by nothing (a clock that
        stood still would stop every deadline), and `behind_wall` shows the difference.
        """
        now = self.now()
        if now_wall - now < WORTH_MOVING:
            return 0
        self._anchor = Anchor(self._anchor.boot, now_wall, self._elapsed())
        self._notes.put_note(ANCHOR, msgspec.json.encode(self._anchor))
        return now_wall - now

    def behind_wall(self) -> int:
        """By how many ms the machine's clock is ahead of ours; negative if ours is ahead."""
        return self._wall() - self.now()
