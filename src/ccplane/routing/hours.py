"""When a queue is open: weekly hours on a clock, and the days that are otherwise, as data alone. No machine's time
zones or calendars are asked here.

What the zone's clock does is written beside the hours (`Shift`), and which days are holidays (`Day`), when the files
are read. So the same rules mean the same everywhere and ever after, also when a log is replayed on a machine that has
other tables.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import msgspec

from ccplane.contacts.verbs import Closed, HoursResult, Open

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
WEEK = 7 * DAY
MONDAY = 4 * DAY
"""The first Monday after the beginning of 1970, which was a Thursday."""

NEAR = 3 * DAY
"""Farther from it a day that is otherwise changes nothing: what opens on it lasts for a day at most, and a zone's clock
is less than a day from UTC's."""
QUIET = 12
"""Days, all as in other weeks, after which nothing happens that has not happened before."""


class Span(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of the week, [opens, closes) in minutes since Monday 00:00; one over Sunday's midnight ends past it."""

    opens: int
    closes: int


class Shift(msgspec.Struct, frozen=True, array_like=True):
    """From `at` (ms UTC) on the zone's clock is `offset` ms ahead of UTC."""

    at: int
    offset: int


class Day(msgspec.Struct, frozen=True, array_like=True):
    """A day that is not as its day of the week. `date`: days since 1970, on the zone's clock. `spans`: in minutes since
    its 00:00, in order; none: closed. `reason`: a holiday's name, or what the file says."""

    date: int
    spans: tuple[Span, ...]
    reason: str = ""


class Hours(msgspec.Struct, frozen=True):
    """Opening hours, `[main]` in ivr/hours.toml. `week`: in order, and no two overlap or touch. `shifts`: in order; the
    first holds also before it, and the last ever after. `days`: those that are otherwise, in order. On such a day its
    own stretches open, and none of `lines`, which are the week's, each by itself. A stretch belongs to the day on which
    it opens: a night before a holiday is worked to its end."""

    name: str
    week: tuple[Span, ...]
    shifts: tuple[Shift, ...] = (Shift(0, 0),)
    lines: tuple[Span, ...] = ()
    days: tuple[Day, ...] = ()
    zone: str = ""
    """The name of the clock, for people; "" is the site's."""
    worked_until: int | None = None
    """The last weekend worked instead of a holiday that the calendar knew, as `Day.date`; None: it has none."""

    def now(self, at: int) -> HoursResult:
        """What holds at `at` (ms UTC), why, and until when."""
        today = self._day((at + self._offset(at)) // DAY)
        reason = today.reason if today else ""
        if self.open_at(at):
            return Open(self.closes_after(at), reason)
        return Closed(reason, self.opens_after(at))

    def open_at(self, at: int) -> bool:
        """Whether it is open at `at` (ms UTC)."""
        if self._special(at, at):
            today = (at + self._offset(at)) // DAY
            return any(opens <= at < closes for day in (-2, -1, 0) for opens, closes in self._of(today + day))
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
        if self.days and (soon is None or self._special(at, soon)):
            return self._found(at, opening=False)
        return (
            soon if soon or not closes else next((closes for _, closes in self._around(at)[:-1] if closes > at), None)
        )

    def opens_after(self, at: int) -> int | None:
        """The first moment after `at` at which it opens (ms UTC); None if it is always open, or never."""
        opens = [span.opens for span in (self.week[1:] if self._round else self.week)]
        soon = self._next(at, opens) if opens else None
        if self.days and (soon is None or self._special(at, soon)):
            return self._found(at, opening=True)
        return soon if soon or not opens else next((opens for opens, _ in self._around(at)[1:] if opens > at), None)

    # ---------------------------------------------------------------------------------- days that are otherwise

    def _special(self, since: int, until: int) -> bool:
        """Whether one of `days` may bear on this time: it lies in it, or near it."""
        first = bisect_left(self.days, (since - NEAR) // DAY, key=_date)
        return first < len(self.days) and self.days[first].date <= (until + NEAR) // DAY

    def _day(self, date: int) -> Day | None:
        found = bisect_left(self.days, date, key=_date)
        return self.days[found] if found < len(self.days) and self.days[found].date == date else None

    def _of(self, date: int) -> list[tuple[int, int]]:
        """The stretches that open on this day, as instants, in order."""
        special, weekday = self._day(date), (date - 4) % 7 * DAY // MINUTE
        spans = special.spans if special else [_less(span, weekday) for span in self.lines if _on(span, weekday)]
        instants = [
            (self._instant(date * DAY + span.opens * MINUTE), self._instant(date * DAY + span.closes * MINUTE))
            for span in spans
        ]
        return [each for each in instants if each[0] < each[1]]

    def _found(self, at: int, opening: bool) -> int | None:
        """The first moment after `at` at which it opens, or closes: day by day, and from one of `days` to the next
        where the weeks between have none."""
        day = (at + self._offset(at)) // DAY - 2
        ends: int | None = None
        quiet = 0
        while True:
            if ends is not None and ends < self._instant(day * DAY):
                if not opening and ends > at:
                    return ends
                ends = None
            for opens, closes in self._of(day):
                if ends is None or opens > ends:
                    if not opening and ends is not None and ends > at:
                        return ends
                    if opening and opens > at:
                        return opens
                    ends = closes
                else:
                    ends = max(ends, closes)
            day, quiet = day + 1, 0 if self._day(day) else quiet + 1
            if quiet > QUIET:
                following = bisect_left(self.days, day, key=_date)
                if following == len(self.days):
                    return None
                if self.days[following].date > day + 1:
                    day = self.days[following].date - 1
                    ends = None if ends is None else self._instant(day * DAY)

    # ---------------------------------------------------------------------------------------------------- weeks

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


def _date(day: Day) -> int:
    return day.date


def _on(span: Span, weekday: int) -> bool:
    return weekday <= span.opens < weekday + DAY // MINUTE


def _less(span: Span, minutes: int) -> Span:
    return Span(span.opens - minutes, span.closes - minutes)
