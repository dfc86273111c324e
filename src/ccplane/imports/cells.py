"""What stands in a cell: days, months, times by the site's clock, hours, money. What cannot be is refused.

Times without an offset are the site's own. Where its clock is put back an hour comes twice, and where it is put
forward one never comes: neither is guessed.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from fractions import Fraction
from typing import Final

from ccplane.days import Calendar, zone

DATE: Final = r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
DAY: Final = re.compile(DATE, re.ASCII)
MONTH: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})(?:月|[-/.]0?1)?", re.ASCII)
MOMENT: Final = re.compile(DATE + r"[ T]*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.0+)?)?\s*(Z|[+-]\d{2}:?\d{2})?", re.ASCII)
DECIMAL: Final = re.compile(r"(\d{1,12})(?:[.,](\d{1,2}))?", re.ASCII)
CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
WHOLE: Final = re.compile(r"\d{1,9}", re.ASCII)
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099
LONGEST_MS: Final = 25 * 3_600_000
"""Of a day."""


class Unreadable(Exception):
    """A cell that says nothing; the sentence goes to whoever wrote the file."""


def day(text: str) -> date:
    """`2026-11-23`, also with / or 年月日."""
    found = DAY.fullmatch(text)
    if found is None:
        raise Unreadable(f"`{text}` is no day, like 2026-11-23")
    return _date(text, int(found[1]), int(found[2]), int(found[3]))


def month(text: str) -> date:
    """Its first day; `2026-11`, or that day itself."""
    found = MONTH.fullmatch(text)
    if found is None:
        raise Unreadable(f"`{text}` is no month, like 2026-11")
    return _date(text, int(found[1]), int(found[2]), 1)


def _date(text: str, year: int, month: int, day: int) -> date:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Unreadable(f"`{text}`: the year must be {FIRST_YEAR} to {LAST_YEAR}")
    try:
        return date(year, month, day)
    except ValueError:
        raise Unreadable(f"`{text}`: there is no such day") from None


def moment(text: str, calendar: Calendar) -> int:
    """ms UTC; `2026-11-23 09:00` where the site is, or with an offset behind it. 24:00 is the midnight after."""
    found = MOMENT.fullmatch(text)
    if found is None:
        raise Unreadable(f"`{text}` is no time, like 2026-11-23 09:00")
    on = _date(text, int(found[1]), int(found[2]), int(found[3]))
    hour, minute, second = int(found[4]), int(found[5]), int(found[6] or 0)
    if (hour, minute, second) == (24, 0, 0):
        on, hour = on + timedelta(days=1), 0
    try:
        there = datetime.combine(on, time(hour, minute, second))
    except ValueError:
        raise Unreadable(f"`{text}`: there is no such time of day") from None
    return _ms(there.replace(tzinfo=_offset(text, found[7]))) if found[7] else _local(text, there, calendar)


def _offset(text: str, given: str) -> timezone:
    if given == "Z":
        return UTC
    hours, minutes = int(given[1:3]), int(given[-2:])
    if hours > 14 or minutes > 59:
        raise Unreadable(f"`{text}`: there is no such offset")
    return timezone((-1 if given[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


def _local(text: str, there: datetime, calendar: Calendar) -> int:
    its_zone = zone(calendar.timezone(_ms(there.replace(tzinfo=UTC))))
    earlier, later = (there.replace(tzinfo=its_zone, fold=fold) for fold in (0, 1))
    if _ms(earlier) == _ms(later):
        return _ms(earlier)
    back = datetime.fromtimestamp(_ms(earlier) / 1000, its_zone).replace(tzinfo=None)
    if back != there:
        raise Unreadable(f"`{text}` never comes where the site is: the clock is put forward then")
    ways = " or ".join(f"{each:%z}"[:3] + ":" + f"{each:%z}"[3:5] for each in (earlier, later))
    raise Unreadable(f"`{text}` comes twice where the site is: put its offset behind it, {ways}")


def _ms(when: datetime) -> int:
    return round(when.timestamp() * 1000)


def hours(text: str) -> int:
    """ms; `7.5`, `7,5` or `7:30`, a day's at the most."""
    if found := CLOCK.fullmatch(text):
        given, minutes, seconds = (int(each or 0) for each in found.groups())
        if minutes > 59 or seconds > 59:
            raise Unreadable(f"`{text}` are no hours, like 7.5 or 7:30")
        ms = ((given * 60 + minutes) * 60 + seconds) * 1000
    else:
        ms = round(_decimal(text, "are no hours, like 7.5 or 7:30") * 3_600_000)
    if ms > LONGEST_MS:
        raise Unreadable(f"`{text}`: a day has no more than 25 hours")
    return ms


def money(text: str) -> int:
    """Hundredths; `1234.5`, without thousands' separators."""
    return round(_decimal(text, "is no sum of money, like 1234.50, without a sign for thousands") * 100)


def _decimal(text: str, what: str) -> Fraction:
    found = DECIMAL.fullmatch(text)
    if found is None:
        raise Unreadable(f"`{text}` {what}")
    return Fraction(f"{found[1]}.{found[2] or 0}")


def count(text: str) -> int:
    """A whole number, none too."""
    if WHOLE.fullmatch(text) is None:
        raise Unreadable(f"`{text}` is no whole number of 0 or more")
    return int(text)


def moment_told(ms: int, calendar: Calendar) -> str:
    """As `moment` takes it, by the site's clock and with its offset."""
    return datetime.fromtimestamp(ms / 1000, zone(calendar.timezone(ms))).isoformat(timespec="seconds")


def hours_told(ms: int) -> str:
    """As `hours` takes it: 7:30:00."""
    seconds = ms // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def money_told(cents: int) -> str:
    """As `money` takes it."""
    return f"{cents // 100}.{cents % 100:02}"
