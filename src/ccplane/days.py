"""A site's days: from midnight to midnight where the site is, which may be 23 or 25 hours apart."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
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
