"""Measures whether far more call than usual, as acd/site.toml says: each half minute, from Postgres, beside the calls.

A surge is a fact and a word in the log, with the command that tells callers; nobody is told anything by itself. While
Postgres is away nothing is measured, and what was a surge stays one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog

from ccplane.contacts.facts.surges import SurgeBegan, SurgeEnded
from ccplane.core.inputs import SurgeSeen
from ccplane.errors import StoreError
from ccplane.kpi.surge import Measured, Slot, changes, measured, slots
from ccplane.laws import Fact
from ccplane.plane import Plane

EVERY_S: Final = 30.0
log = structlog.get_logger()


class Arrivals(Protocol):
    async def arrivals(self, slots: Sequence[Slot]) -> list[dict[str, int]]:
        """How many called each number in each of these slots. StoreError without Postgres."""


class Surging:
    """Measures for ever, and knows what it found last: `measured`, None before that, and without a rule."""

    def __init__(self, plane: Plane, arrivals: Arrivals, now: Callable[[], int]) -> None:
        self._plane, self._arrivals, self._now = plane, arrivals, now
        self.measured: Measured | None = None

    async def run(self, every_s: float = EVERY_S) -> None:
        while True:
            await asyncio.sleep(every_s)
            try:
                self.measured = await look(self._plane, self._arrivals, self._now())
            except StoreError:
                continue
            except Exception:  # it is beside the calls: nothing of it may end the plane
                log.exception("whether more call than usual could not be measured")


async def look(plane: Plane, arrivals: Arrivals, at: int) -> Measured | None:
    """Measure once; what has changed is a fact. None where acd/site.toml has no rule."""
    state = plane.snapshot.state
    rule = state.rules.surge
    if rule is None:
        gone = tuple(state.surges)
        for number in gone:
            await plane.ask(SurgeSeen(SurgeEnded(at=at, number=number)))
        return None
    current, last = slots(at, state.rules.timezone, rule)
    counts = await arrivals.arrivals((*current, *last))
    measures = measured(counts[: len(current)], counts[len(current) :])
    begin, over = changes(measures, state.surges, rule)
    for each in begin:
        began = SurgeBegan(
            at=at, number=each.number, arrivals=each.arrivals, usual=each.usual, index=round(each.index, 2)
        )
        await plane.ask(SurgeSeen(began))
    for number in over:
        await plane.ask(SurgeSeen(SurgeEnded(at=at, number=number)))
    return Measured(at, rule, measures, current[0], last[0])


def command(number: str) -> str:
    """What tells callers of it."""
    whom = f" --number {number}" if number else ""
    return f'ccplane emergency on surge{whom} --text en="…"'


def tell_surges(_: object, facts: Sequence[Fact], __: int) -> None:
    """For `Plane.follow`: a word in the log."""
    for fact in facts:
        if isinstance(fact, SurgeBegan):
            whom = fact.number or "all numbers"
            log.warning(
                "far more call than usual", number=whom, arrivals=fact.arrivals, usual=fact.usual, index=fact.index,
                tell_them=command(fact.number),
            )  # fmt: skip
        elif isinstance(fact, SurgeEnded):
            log.info("as many call as usual again", number=fact.number or "all numbers")
