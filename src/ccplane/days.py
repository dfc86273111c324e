"""A site's days: from midnight to midnight where the site is, which may be 23 or 25 hours apart."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone(name: str) -> tzinfo:
    """The time zone of that name; UTC for one that this machine does not know (`ccplane check` refuses it)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def day_of(at: int, timezone: str) -> tuple[int, int]:
    """The day that `at` is in, [from, to) in ms UTC. Where the clock skips midnight, the day begins at the skip."""
    there = zone(timezone)
    today = datetime.fromtimestamp(at / 1000, there).date()
    return _midnight(today, there), _midnight(today + timedelta(days=1), there)


def _midnight(day: date, there: tzinfo) -> int:
    return round(datetime.combine(day, time.min, tzinfo=there).timestamp() * 1000)


HOUR_MS = 3_600_000
Span = tuple[int, int]
"""[from, to) in ms UTC."""


class Since(NamedTuple):
    """From `at` (ms UTC) on the site's clock is that of this zone."""

    at: int
    timezone: str


class Calendar:
    """A site's hours and days, also where its files gave it another time zone: the day that ran then went on, and ended
    with the first midnight of the new one. `changes`: in order; before the first of them its zone held too."""

    def __init__(self, changes: Sequence[Since]) -> None:
        zones = [each for n, each in enumerate(changes) if n == 0 or each.timezone != changes[n - 1].timezone]
        self._zones = zones or [Since(0, "UTC")]
        self._from = [each.at for each in self._zones]

    def hour(self, at: int) -> Span:
        """The hour that `at` is in. Where the clock is put back, there are two of one name, and each is an hour."""
        there = zone(self._zones[self._which(at)].timezone)
        local = datetime.fromtimestamp(at // 1000, there)
        began_at = (at // 1000 - local.minute * 60 - local.second) * 1000
        return began_at, began_at + HOUR_MS

    def day(self, at: int) -> Span:
        """The day that `at` is in."""
        which = self._which(at)
        began_at, ends_at = day_of(at, self._zones[which].timezone)
        if which and began_at < self._from[which]:
            began_at = self.day(self._from[which] - 1)[0]
        following = self._from[which + 1] if which + 1 < len(self._from) else None
        if following is not None and following < ends_at:
            ends_at = self.day(following)[1]
        return began_at, ends_at

    def _which(self, at: int) -> int:
        return max(0, bisect_right(self._from, at) - 1)
