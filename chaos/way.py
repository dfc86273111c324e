"""How long word is on its way between plane and switch when a fault holds it back: nobody knows it before it comes.

| fault | what is sent while it lasts arrives |
|---|---|
| delay | two seconds later; what is sent right after it comes behind that |
| stall | when it is over |
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chaos.logs import Fault

DELAY_MS: Final = 2_000
SETTLES_MS: Final = 1_000
"""What was held back comes all at once, and takes Asterisk so long."""


class Way:
    """Of one run, whose end is the end of a fault that was never mended. By the plan alone: nobody's word is taken."""

    def __init__(self, faults: Iterable[Fault], ended_at: int) -> None:
        """`_held`: when each fault that holds back began and ended, and by how much it delays; None: until its end."""
        delays = {"delay": DELAY_MS, "stall": None}
        self._held = [(each.at, each.over_at or ended_at, delays[each.kind]) for each in faults if each.kind in delays]

    def heard(self, at: int) -> int:
        """When the plane hears of what the switch tells at this moment."""
        arrives = [
            over_at if delay is None else min(at, over_at) + delay
            for began_at, over_at, delay in self._held
            if began_at <= at
        ]
        return max([at, *arrives])

    def decided(self, at: int) -> int:
        """When at the earliest the plane decided what is seen at a phone at this moment."""
        sent = [
            began_at if delay is None else max(began_at, at - delay)
            for began_at, over_at, delay in self._held
            if began_at <= at <= over_at + (delay or 0) + SETTLES_MS
        ]
        return min([at, *sent])
