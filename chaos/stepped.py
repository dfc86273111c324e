"""The plane with a wall clock that a file sets wrong: `python -m chaos.stepped FILE run`. No part of ccplane knows it.

FILE holds whole seconds, positive or negative; it is read at each look at the clock, so that a step is a step.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path


def wrong_by(file: Path) -> Callable[[], int]:
    """Seconds by which the clock is wrong now; 0 while the file is not there."""

    def seconds() -> int:
        try:
            return int(file.read_text() or 0)
        except (OSError, ValueError):
            return 0

    return seconds


def step(file: Path) -> None:
    """From now on `time` tells this process a wrong time. Durations (monotonic, since boot) stay right."""
    seconds, whole, precise = wrong_by(file), time.time, time.time_ns
    time.time = lambda: whole() + seconds()
    time.time_ns = lambda: precise() + seconds() * 1_000_000_000


def main() -> None:
    step(Path(sys.argv.pop(1)))
    from ccplane.cli import main as ccplane  # only now: whoever takes `time` apart finds the stepped one

    ccplane()


if __name__ == "__main__":
    main()
