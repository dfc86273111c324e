"""Whose turn it is. A shared machine has good minutes and bad ones: peers that are compared get a piece of each.

`idle` and `refill` run in rounds. In a round every peer has its turn, right after another; the next round begins with
the next peer, so that none is always first or always last. `load` is one stretch, since what fails there may fail late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SCENARIOS: Final = ("rest", "idle", "refill", "load")
IN_ROUNDS: Final = ("idle", "refill")
RESTS: Final = "ccplane"


@dataclass(frozen=True, slots=True)
class Turn:
    """One stretch of one scenario at one peer; `round` counts from 0."""

    scenario: str
    peer: str
    round: int = 0


def turns(peers: Sequence[str], wanted: Sequence[str], rounds: int) -> list[Turn]:
    """All of them, in order. Those who wait for theirs are up and idle."""
    rest = [Turn("rest", peer) for peer in peers if peer == RESTS and "rest" in wanted]
    alternating = [
        Turn(scenario, peer, number)
        for number in range(rounds)
        for scenario in IN_ROUNDS
        if scenario in wanted
        for peer in rotated(peers, number)
    ]
    load = [Turn("load", peer) for peer in peers if "load" in wanted]
    return [*rest, *alternating, *load]


def rotated(peers: Sequence[str], by: int) -> list[str]:
    first = by % len(peers) if peers else 0
    return [*peers[first:], *peers[:first]]
