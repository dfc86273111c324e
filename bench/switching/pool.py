"""How the rounds of a peer become one figure: percentiles are taken over all their calls, never averaged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.switching.measure import milliseconds


@dataclass(frozen=True, slots=True)
class Seen:
    """What one turn showed, or several. The keys are the figures' names; a latency's gets `_ms` when it is told."""

    latencies: Mapping[str, Sequence[float]] = field(default_factory=dict)  # seconds, one for each call
    counts: Mapping[str, float] = field(default_factory=dict)  # over rounds: their sum
    tallies: Mapping[str, Counter[str]] = field(default_factory=dict)  # by kind; over rounds: their sum
    levels: Mapping[str, float] = field(default_factory=dict)  # over rounds: the highest

    def with_more(self, more: Seen) -> Seen:
        """Further figures of the same turn."""
        return Seen(
            {**self.latencies, **more.latencies},
            {**self.counts, **more.counts},
            {**self.tallies, **more.tallies},
            {**self.levels, **more.levels},
        )


def pooled(rounds: Sequence[Seen]) -> Seen:
    """One distribution of all rounds' calls. All rounds have the same keys; there is at least one."""
    some = rounds[0]
    return Seen(
        {name: [value for each in rounds for value in each.latencies[name]] for name in some.latencies},
        {name: sum(each.counts[name] for each in rounds) for name in some.counts},
        {name: sum((each.tallies[name] for each in rounds), Counter[str]()) for name in some.tallies},
        {name: max(each.levels[name] for each in rounds) for name in some.levels},
    )


def figures(rounds: Sequence[Seen]) -> dict[str, Any]:
    """For JSON: everything of the pool, and under `rounds` the percentiles of each, so that their scatter is seen."""
    pool = pooled(rounds)
    return told(pool) | ({"rounds": [_percentiles(each) for each in rounds]} if pool.latencies else {})


def told(seen: Seen) -> dict[str, Any]:
    """Percentiles, counts, tallies and levels, side by side."""
    numbers = {name: round(value, 2) for name, value in (*seen.counts.items(), *seen.levels.items())}
    return {**_percentiles(seen), **numbers, **{name: dict(tally) for name, tally in seen.tallies.items()}}


def _percentiles(seen: Seen) -> dict[str, Any]:
    return {f"{name}_ms": milliseconds(values) for name, values in seen.latencies.items()}
