"""Spans of time over which is counted live: windows that go with the time, and shifts by the site's clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from ccplane.days import Span, zone

MINUTE_MS: Final = 60_000
WINDOWS: Final[Mapping[str, int]] = {f"{minutes}m": minutes * MINUTE_MS for minutes in (5, 15, 30, 60)}
KEPT_MS: Final = max(WINDOWS.values())
DAY_MINUTES: Final = 1_440


def minute_of(at: int) -> int:
    """When the minute began that `at` is in."""
    return at - at % MINUTE_MS


def window(now: int, ms: int) -> Span:
    """[from, to) of a window that ends now. It begins with a whole minute: with the first one that began no longer ago
    than `ms`. So it is never longer than its name, and less than a minute shorter."""
    return -((ms - now) // MINUTE_MS) * MINUTE_MS, now


def shift_at(hours: tuple[int, int], at: int, timezone: str) -> Span:
    """The last shift of these hours that has begun by `at`, [from, to) in ms UTC. `hours`: minutes after midnight, by
    the site's clock; one that ends no later than it begins ends on the next day. On the days when the clock is changed
    a shift is an hour longer or shorter."""
    begins, ends = hours
    there = zone(timezone)
    today = datetime.fromtimestamp(at / 1000, there).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    days = 1 if ends <= begins else 0
    last = None
    for back in (2, 1, 0):
        day = today - timedelta(days=back)
        began_at = _moment(day + timedelta(minutes=begins), there)
        if began_at <= at:
            last = began_at, _moment(day + timedelta(days=days, minutes=ends), there)
    assert last is not None  # one of the day before yesterday has begun
    return last


def _moment(local: datetime, there: object) -> int:
    return round(local.replace(tzinfo=there).timestamp() * 1000)  # type: ignore[arg-type]
