"""How long people wait before they hang up, when most are answered before: the estimate of Kaplan and Meier."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from random import Random

import msgspec


class Patience(msgspec.Struct, frozen=True):
    """`waits`: ms at which somebody hung up, rising; `stayed`: the share who are still there after each."""

    waits: tuple[int, ...]
    stayed: tuple[float, ...]

    @classmethod
    def of(cls, seen: Iterable[tuple[int, bool]]) -> Patience:
        """From (waited ms, whether that ended by a hang-up). Who was answered would have waited longer."""
        hung_up: Counter[int] = Counter()
        left: Counter[int] = Counter()
        for waited, gave_up in seen:
            left[waited] += 1
            hung_up[waited] += gave_up
        waits, stayed = [], []
        there, share = sum(left.values()), 1.0
        for wait in sorted(left):
            if hung_up[wait]:
                share *= 1.0 - hung_up[wait] / there
                waits.append(wait)
                stayed.append(share)
            there -= left[wait]
        return cls(tuple(waits), tuple(stayed))

    def longer_than(self, waited_ms: int, rng: Random) -> int | None:
        """How long somebody waits who has waited so long already; None: longer than anybody was seen to."""
        at = bisect_right(self.waits, waited_ms)
        share = (self.stayed[at - 1] if at else 1.0) * (1.0 - rng.random())
        # `stayed` falls: the first wait after which no more than this share is left.
        low, high = at, len(self.stayed)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.stayed[middle] > share else (low, middle)
        return self.waits[low] if low < len(self.waits) else None
