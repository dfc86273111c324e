"""Logs that what we start writes: of each two pieces at most, as far as we begin them, and only an end is ever read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 20 * 1024 * 1024
READ_BYTES: Final = 64 * 1024
"""So much of the end has all the lines that a sentence quotes."""


def before(path: Path) -> Path:
    """The piece before this one."""
    return path.with_name(path.name + ".1")


def turn(path: Path, most_bytes: int = MOST_BYTES) -> None:
    """Put a log aside that has grown too long, while nobody writes into it. A disk that refuses it stops nobody."""
    with suppress(OSError):
        if path.stat().st_size > most_bytes:
            path.replace(before(path))


def last_lines(path: Path, count: int) -> list[str]:
    """However long it is; none if it cannot be read."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - READ_BYTES))
            return log.read().decode("utf-8", "replace").splitlines()[-count:]
    except OSError:
        return []
