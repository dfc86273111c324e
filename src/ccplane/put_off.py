"""What a fault of ours keeps from being done is put off, each time for longer, and holds up nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from typing import Final

FIRST_S: Final = 60.0
LONGEST_S: Final = 3_600.0


class PutOff:
    """Of many things by their names. Times are the loop's."""

    def __init__(self, first_s: float = FIRST_S, longest_s: float = LONGEST_S) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._until: dict[str, float] = {}
        self._pauses: dict[str, float] = {}

    def put_off(self, what: str) -> None:
        """It could not be done now."""
        before = self._pauses.get(what)
        pause = self._first_s if before is None else min(2 * before, self._longest_s)
        self._pauses[what], self._until[what] = pause, asyncio.get_running_loop().time() + pause

    def waits(self, what: str) -> bool:
        """Whether it is to be left alone still."""
        until = self._until.get(what)
        return until is not None and asyncio.get_running_loop().time() < until

    def done(self, what: str) -> None:
        self._until.pop(what, None)
        self._pauses.pop(what, None)

    def only(self, there: Container[str]) -> None:
        """Forget what is not there any more."""
        for what in [each for each in self._until if each not in there]:
            self.done(what)
