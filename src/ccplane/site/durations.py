"""Lengths of time as operators write them: "20s", "3m", "1h30m", "500ms", "30d". Elsewhere they are integer ms."""

from __future__ import annotations

import re
from typing import Final

UNITS: Final = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
"""From long to short, the order in which they are written."""
DAY: Final = 24 * UNITS["h"]
"""A day of 24 hours. It is read, and written in hours."""

_WRITTEN: Final = re.compile(
    r"(?:(\d{1,5})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?", re.ASCII
)


def milliseconds(text: str) -> int:
    """The length of time in ms. ValueError if it is not written as a number with a unit."""
    found = _WRITTEN.fullmatch(text)
    if not text or found is None:
        raise ValueError(f"{text!r} is no length of time; write it like 20s, 3m, 1h30m or 500ms")
    return sum(int(count) * unit for count, unit in zip(found.groups(), (DAY, *UNITS.values()), strict=True) if count)


def written(ms: int) -> str:
    """The shortest way to write it: 90000 is 1m30s. `milliseconds` reads it back."""
    parts = []
    for name, unit in UNITS.items():
        count, ms = divmod(ms, unit)
        if count:
            parts.append(f"{count}{name}")
    return "".join(parts) or "0s"
