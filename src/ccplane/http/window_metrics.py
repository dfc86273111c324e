"""The live windows as gauges: what alerts ask of the last minutes and of today, as `GET /api/v1/live` has it.

By site, and by the queues that were offered most today, MOST_QUEUES of them: however many queues there are, the series
are bounded, and what is read of them is read in steps (law 13). A rate without data is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from heapq import nsmallest
from typing import Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ccplane.http.ports import Plane, Snapshot
from ccplane.ids import QueueName
from ccplane.kpi.counters import NOTHING
from ccplane.kpi.definitions import DEFINITIONS
from ccplane.kpi.slices import WHOLE_SITE, By
from ccplane.kpi.spans import WINDOWS
from ccplane.kpi.wallboard import rate, service_level
from ccplane.kpi.windows import TODAY, Figures, reading

MOST_QUEUES: Final = 50
AT_ONCE: Final = 1_000
"""Queues looked at before the loop may go on."""
READ: Final = (*WINDOWS, TODAY)
FIGURES: Final[dict[str, tuple[str, Callable[[Figures], float | None]]]] = {
    "offered": ("offered", lambda of: of.counters.entered),
    "answered": ("answered", lambda of: of.counters.answered),
    "abandoned": ("abandoned", lambda of: of.counters.abandoned),
    "service_level_ratio": ("service_level", lambda of: service_level(of.counters, of.overdue)),
    "abandonment_ratio": (
        "abandonment",
        lambda of: rate(of.counters.abandoned, of.counters.answered + of.counters.abandoned),
    ),
    "asa_seconds": ("asa", lambda of: _seconds(of.counters.answered_wait_ms, of.counters.answered)),
}
"""By the end of the metric's name: the definition that explains it, and how it is made."""


def _seconds(ms: int, many: int) -> float | None:
    return ms / many / 1000 if many else None


async def busiest(snapshot: Snapshot, now: int, most: int = MOST_QUEUES) -> list[QueueName]:
    """The queues that were offered most today, of as many the first by name; also those without any. So many of them at
    a time that the loop is not held."""
    today = snapshot.board.on_day(now).today.queues
    names = list({*snapshot.state.rules.queues, *today})
    found: list[tuple[int, QueueName]] = []
    for first in range(0, len(names), AT_ONCE):
        some = [(-today.get(name, NOTHING).entered, name) for name in names[first : first + AT_ONCE]]
        found = nsmallest(most, found + some)
        await asyncio.sleep(0)
    return sorted(name for _, name in found)


class WindowMetrics(Collector):
    """Read before a scrape, a window at a time; between scrapes it costs nothing."""

    def __init__(self, plane: Plane, clock: Callable[[], int]) -> None:
        self._plane, self._clock = plane, clock
        self._read: dict[tuple[By, str], tuple[Figures, ...]] = {}

    def describe(self) -> list[Metric]:
        """Nothing beforehand: this keeps the registry from collecting only to learn names."""
        return []

    async def read(self) -> None:
        """All windows as they are now; whatever else is to be done on the loop is done between two of them."""
        snapshot = self._plane.snapshot
        now = max(self._clock(), snapshot.at)
        found: dict[tuple[By, str], tuple[Figures, ...]] = {}
        for by, names in ((By.SITE, [WHOLE_SITE]), (By.QUEUE, await busiest(snapshot, now))):
            for over in READ:
                found[by, over] = reading(snapshot.board, by, over, now, names).figures
                await asyncio.sleep(0)
        self._read = found

    def collect(self) -> Iterator[Metric]:
        for by, prefix, labels in ((By.SITE, "site", ("window",)), (By.QUEUE, "queue", ("queue", "window"))):
            for end, (key, make) in FIGURES.items():
                family = GaugeMetricFamily(f"ccplane_{prefix}_window_{end}", DEFINITIONS[key].meaning, labels=labels)
                for over in READ:
                    for each in self._read.get((by, over), ()):
                        if (value := make(each)) is not None:
                            family.add_metric((over,) if by is By.SITE else (each.name, over), value)
                yield family
