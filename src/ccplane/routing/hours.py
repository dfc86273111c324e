"""When a queue is open: weekly hours on the site's own clock, as data alone. No machine's time zones are asked here.

What the zone's clock does is written beside the hours (`Shift`), when the files are read. So the same rules mean the
same everywhere and ever after, also when a log is replayed on a machine that has other tables.
"""

from __future__ import annotations

from bisect import bisect_right

import msgspec

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
WEEK = 7 * DAY
MONDAY = 4 * DAY
"""The first Monday after the beginning of 1970, which was a Thursday."""


class Span(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of the week, [opens, closes) in minutes since Monday 00:00; one over Sunday's midnight ends past it."""

    opens: int
    closes: int


class Shift(msgspec.Struct, frozen=True, array_like=True):
    """From `at` (ms UTC) on the zone's clock is `offset` ms ahead of UTC."""

    at: int
    offset: int


class Hours(msgspec.Struct, frozen=True):
    """Weekly opening hours, `[main]` in ivr/hours.toml. `week`: in order, and no two overlap or touch. `shifts`: in
    order; the first holds also before it, and the last ever after."""

    name: str
    week: tuple[Span, ...]
    shifts: tuple[Shift, ...] = (Shift(0, 0),)

    def open_at(self, at: int) -> bool:
        """Whether it is open at `at` (ms UTC)."""
        offset = self._steady(at, at)
        if offset is None:
            return any(opens <= at < closes for opens, closes in self._around(at))
        here = (at + offset - MONDAY) % WEEK
        now = (here, here + WEEK)
        return any(span.opens * MINUTE <= each < span.closes * MINUTE for span in self.week for each in now)

    def closes_after(self, at: int) -> int | None:
        """The first moment after `at` at which it closes (ms UTC); None if it never does."""
        closes = [span.closes for span in (self.week[:-1] if self._round else self.week)]
        soon = self._next(at, closes) if closes else None
        return (
            soon if soon or not closes else next((closes for _, closes in self._around(at)[:-1] if closes > at), None)
        )

    def opens_after(self, at: int) -> int | None:
        """The first moment after `at` at which it opens (ms UTC); None if it is always open, or never."""
        opens = [span.opens for span in (self.week[1:] if self._round else self.week)]
        soon = self._next(at, opens) if opens else None
        return soon if soon or not opens else next((opens for opens, _ in self._around(at)[1:] if opens > at), None)

    @property
    def _round(self) -> bool:
        """Whether it is open over the week's end, from its last stretch into its first."""
        return bool(self.week) and self.week[-1].closes * MINUTE == self.week[0].opens * MINUTE + WEEK

    def _next(self, at: int, edges: list[int]) -> int | None:
        """When the first of these minutes of the week comes; None if the clock is changed about then: that has to be
        looked at closely."""
        here = (at + self._offset(at) - MONDAY) % WEEK
        soon = at + min((edge * MINUTE - here - 1) % WEEK + 1 for edge in edges)
        return soon if self._steady(at, soon) is not None else None

    def _steady(self, since: int, until: int) -> int | None:
        """What the clock is ahead of UTC; None if it is changed in this time, or within a day of it."""
        before = bisect_right(self.shifts, since - DAY, key=_at)
        same = before == bisect_right(self.shifts, until + DAY, key=_at)
        return self.shifts[max(0, before - 1)].offset if same else None

    def _around(self, at: int) -> list[tuple[int, int]]:
        """The stretches from the week before to the second after, as instants, in order; what touches is one."""
        local = at + self._offset(at)
        monday = local - (local - MONDAY) % WEEK
        joined: list[tuple[int, int]] = []
        for week in (-1, 0, 1, 2):
            for span in self.week:
                opens = self._instant(monday + week * WEEK + span.opens * MINUTE)
                closes = self._instant(monday + week * WEEK + span.closes * MINUTE)
                if joined and opens <= joined[-1][1]:
                    joined[-1] = (joined[-1][0], max(closes, joined[-1][1]))
                elif opens < closes:
                    joined.append((opens, closes))
        return joined

    def _offset(self, at: int) -> int:
        return self.shifts[max(0, bisect_right(self.shifts, at, key=_at) - 1)].offset

    def _instant(self, local: int) -> int:
        """When the clock shows this: the first time, where it does so twice; when it is put forward, where never."""
        known = sorted({self._offset(local - DAY), self._offset(local + DAY)}, reverse=True)
        for offset in known:
            if self._offset(local - offset) == offset:
                return local - offset
        return self.shifts[bisect_right(self.shifts, local - known[-1], key=_at) - 1].at


def _at(shift: Shift) -> int:
    return shift.at
