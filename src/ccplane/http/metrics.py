"""What is measured while it happens: the loop's own work. Everything else is read from the parts at a scrape."""

from __future__ import annotations

import asyncio
from typing import Final, Never

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.process_collector import ProcessCollector

from ccplane.histogram import Histogram as Counts
from ccplane.kpi.definitions import DEFINITIONS

STEP_BUCKETS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1)
DELAY_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.025, 0.05, 0.1, 0.25, 1.0)


class Meters:
    """One for a process. Its registry also gives the process's own CPU seconds and memory."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        self._step = Histogram(
            "ccplane_step_seconds",
            "One input, all told: decide, evolve, append, execute, publish; 5 ms at most",
            buckets=STEP_BUCKETS,
            registry=self.registry,
        )
        self._loop_delay = Histogram(
            "ccplane_loop_delay_seconds",
            DEFINITIONS["loop_delay"].meaning,
            buckets=DELAY_BUCKETS,
            registry=self.registry,
        )
        self.loop_delay = Counts(DELAY_BUCKETS)
        """The same, to be read."""

    def observe_step(self, seconds: float) -> None:
        """One input took this long."""
        self._step.observe(seconds)

    def observe_loop_delay(self, seconds: float) -> None:
        """The loop was this late."""
        self._loop_delay.observe(seconds)
        self.loop_delay.observe(seconds)


async def sample_loop_delay(meters: Meters, every_s: float = 0.5) -> Never:
    """Measure the loop's delay for ever: sleep, and see how late one is woken."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every_s
        await asyncio.sleep(every_s)
        meters.observe_loop_delay(max(0.0, loop.time() - due))
