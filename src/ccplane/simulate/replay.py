"""Days of a log run again: as they were, under their own rules, and under changed ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from ccplane.simulate.changes import Changes
from ccplane.simulate.day import Day
from ccplane.simulate.order import Explained, explained
from ccplane.simulate.outcome import Outcome
from ccplane.simulate.recorded import Guesses, RecordedDay, Stay

Run = Callable[[Iterator[Day], int, str], Iterator[Outcome]]
"""(days, how many, what is told meanwhile) -> what came of each"""


class Replayed(msgspec.Struct, frozen=True):
    """By day: `was`, counted in the log; `before`, simulated under the log's rules; `after`, under changed ones."""

    was: list[Outcome]
    before: list[Outcome]
    after: list[Outcome] | None
    order_before: Explained
    """How much of the order in which the log's contacts were served is that of the rules before."""
    order_after: Explained | None


def replay(days: Sequence[RecordedDay], changes: Changes | None, seed: int, run: Run) -> Replayed:
    """The same customers in all of them; what no log can know of them is drawn with this seed."""
    guesses = Guesses(days)
    again = [day.again(guesses, seed) for day in days]
    after = None
    if changes is not None:
        after = list(run((changes.to(day) for day in again), len(again), "under changed rules"))
    return Replayed(
        was=[day.as_it_was() for day in days],
        before=list(run(iter(again), len(again), "as it was")),
        after=after,
        order_before=_order(days, lambda stay: stay.credit_s),
        order_after=_order(days, lambda stay: changes.credit.get(stay.kind, stay.credit_s)) if changes else None,
    )


def _order(days: Sequence[RecordedDay], credit_s: Callable[[Stay], int]) -> Explained:
    total = Explained(0, 0)
    for day in days:
        total = total.plus(explained(day.stays, credit_s))
    return total
