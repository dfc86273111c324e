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
QUARTER_MS = 900_000
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

    @property
    def begins(self) -> int:
        """From when on (ms UTC) anything is known of the site."""
        return self._from[0]

    def hour(self, at: int) -> Span:
        """The hour that `at` is in. Where the clock is put back there are two of one name, and each is an hour; where
        it jumps in the middle of one, or the zone is changed, an hour is shorter."""
        began_at = at // QUARTER_MS * QUARTER_MS
        while not self._is_full(began_at):
            began_at -= QUARTER_MS
        ends_at = began_at + QUARTER_MS
        while not self._is_full(ends_at):
            ends_at += QUARTER_MS
        return began_at, ends_at

    def day(self, at: int) -> Span:
        """The day that `at` is in."""
        which = since = self._which(at)
        began_at, ends_at = day_of(at, self._zones[which].timezone)
        while since and began_at <= self._from[since]:  # it began under the zone of before
            since -= 1
            began_at = day_of(self._from[since + 1], self._zones[since].timezone)[0]
        for upto in range(which + 1, len(self._zones)):
            if ends_at <= self._from[upto]:
                break
            ends_at = day_of(self._from[upto], self._zones[upto].timezone)[1]
        return began_at, ends_at

    def period(self, at: int, month: bool) -> Span:
        """The week (from Monday) or the month that `at` is in."""
        day = datetime.fromtimestamp(at / 1000, zone(self._zones[self._which(at)].timezone)).date()
        if not month:
            monday = day - timedelta(days=day.weekday())
            return self.dates(monday, monday + timedelta(days=6))
        first = day.replace(day=1)
        return self.dates(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))

    def timezone(self, at: int) -> str:
        """The zone of its clock then."""
        return self._zones[self._which(at)].timezone

    def date_of(self, at: int) -> date:
        """What its clock shows then."""
        return datetime.fromtimestamp(at / 1000, zone(self.timezone(at))).date()

    def dates(self, first: date, last: date) -> Span:
        """From the midnight that begins `first` to the one that ends `last`."""
        noons = (datetime.combine(each, time(12), tzinfo=UTC).timestamp() * 1000 for each in (first, last))
        begins, ends = (self._date(each, round(noon)) for each, noon in zip((first, last), noons, strict=True))
        return begins[0], ends[1]

    def _date(self, day: date, at: int) -> Span:
        """The day of that date: it holds noon there, wherever that is."""
        there = zone(self._zones[self._which(at)].timezone)
        return self.day(round(datetime.combine(day, time(12), tzinfo=there).timestamp() * 1000))

    def _which(self, at: int) -> int:
        return max(0, bisect_right(self._from, at) - 1)

    def _is_full(self, quarter: int) -> bool:
        """Whether an hour begins with this quarter of one."""
        here = self._local(quarter)
        return here.minute == 0 or here.utcoffset() != self._local(quarter - QUARTER_MS).utcoffset()

    def _local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at // 1000, zone(self._zones[self._which(at)].timezone))
