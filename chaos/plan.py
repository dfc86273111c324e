"""Which faults, in which order, with which pauses between them: all of it follows from a seed."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

WEIGHTS: Final[dict[str, float]] = {
    "kill-plane": 6,
    "stop-10": 1,
    "stop-60": 0.3,
    "kill-postgres": 3,
    "postgres-read-only": 2,
    "cut-ari": 5,
    "delay": 3,
    "stall": 3,
    "kill-ami": 4,
    "kill-asterisk": 1,
    "disk-full": 2,
    "clock-ahead": 2,
    "clock-behind": 2,
    "browser-gone": 4,
    "slow-reader": 2,
}
"""How often each comes about, beside the others. Those that take long come less often."""

QUICK: Final = (
    "kill-plane", "cut-ari", "kill-ami", "kill-postgres", "stall", "clock-ahead", "disk-full", "browser-gone",
)  # fmt: skip
"""One of each in the short form."""


@dataclass(frozen=True, slots=True)
class Planned:
    """`pause`: seconds of whole operation before it; `chance`: what the fault itself may decide by, 0 to 1."""

    number: int
    kind: str
    pause: float
    chance: float


def plan(seed: int, faults: int, only: Collection[str] = (), each_once: bool = False) -> list[Planned]:
    """`only`: of these kinds; `each_once`: every kind in turn, shuffled, so that few faults meet many kinds."""
    chance = random.Random(seed)
    kinds = [kind for kind in WEIGHTS if not only or kind in only]
    weights = [WEIGHTS[kind] for kind in kinds]
    chosen: list[str] = []
    while len(chosen) < faults:
        if each_once or len(chosen) < len(kinds):  # every kind at least once in a run that is long enough
            some = chance.sample(kinds, len(kinds))
        else:
            some = chance.choices(kinds, weights)
        chosen += some[: faults - len(chosen)]
    if not each_once and faults > len(kinds):
        chance.shuffle(chosen)
    return [
        Planned(number, kind, round(chance.uniform(1.0, 4.0), 3), round(chance.random(), 4))
        for number, kind in enumerate(chosen, start=1)
    ]
