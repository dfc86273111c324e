"""How long word is on its way between plane and switch when a fault holds it back: nobody knows it before it comes.

| fault | what is sent while it lasts arrives |
|---|---|
| delay | two seconds later, or when it is over |
| stall | when it is over |

It is over when all that it held back has come. What is sent in its last moments comes behind that.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Final

from chaos.logs import Fault

DELAY_MS: Final = 2_000
LATE_MS: Final[dict[str, float]] = {"delay": DELAY_MS, "stall": inf}
SETTLES_MS: Final = 1_000
"""What was held back comes all at once, and takes Asterisk so long."""


class Way:
    """Of one run, whose end is the end of a fault that was never mended. By the plan alone: nobody's word is taken."""

    def __init__(self, faults: Iterable[Fault], ended_at: int) -> None:
        """`_held`: when each fault that holds back began and ended, and by how much it delays."""
        self._held = [
            (each.at, each.over_at or ended_at, LATE_MS[each.kind]) for each in faults if each.kind in LATE_MS
        ]

    def heard(self, at: int) -> float:
        """When, at the latest, the far end hears of what is told at this moment, either way."""
        return max([at, *(min(at + late, over_at) for began_at, over_at, late in self._held if began_at <= at)])

    def decided(self, at: int) -> float:
        """When at the earliest the plane decided what is seen at a phone at this moment."""
        lasting = (each for each in self._held if each[0] <= at <= each[1] + SETTLES_MS)
        return min([at, *(max(began_at, at - late) for began_at, _, late in lasting)])
