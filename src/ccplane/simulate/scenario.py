"""A contact centre to be simulated, whole: queues, who comes, who works. Frozen; a day of it is made by its number."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ccplane.ids import QueueName
from ccplane.routing.rules import Queue
from ccplane.simulate.arrivals import Stream, calling_again, in_order
from ccplane.simulate.chance import stream
from ccplane.simulate.day import SLOT_MS, Day, Shift


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """`busyness`: how much days differ, as the shape of a Gamma of mean 1 by which a day's rates are all multiplied;
    None: not at all."""

    name: str
    queues: Mapping[QueueName, Queue]
    streams: tuple[Stream, ...]
    shifts: tuple[Shift, ...]
    open_ms: int
    opens_at: int = 0
    """The time of day at which the doors open, ms from midnight: for showing alone."""
    slot_ms: int = SLOT_MS
    pickup_ms: int = 0
    busyness: float | None = None
    wait_without_agents: bool = False
    description: str = ""

    def day(self, seed: int, number: int) -> Day:
        """Day `number` under this seed: it begins empty."""
        factor = 1.0
        if self.busyness is not None:
            factor = stream(seed, number, "busyness").gammavariate(self.busyness, 1 / self.busyness)
        return Day(
            queues=self.queues,
            arrivals=in_order(self.streams, seed, number, factor),
            shifts=self.shifts,
            closes=self.open_ms,
            slot_ms=self.slot_ms,
            pickup_ms=self.pickup_ms,
            wait_without_agents=self.wait_without_agents,
            again=calling_again(self.streams, seed, number),
        )
