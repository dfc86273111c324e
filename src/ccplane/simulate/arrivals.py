"""When customers come: at random with a rate that follows a curve, or as a log says."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import msgspec

from ccplane.ids import QueueName
from ccplane.simulate.chance import FOREVER, Fixed, Shape, stream
from ccplane.simulate.day import Again, Arrival


class Curve(msgspec.Struct, frozen=True):
    """A rate by slot of the day: arrivals per minute, each for `slot_ms`; none after the last."""

    per_minute: tuple[float, ...]
    slot_ms: int
    ends: int = FOREVER
    """Nobody comes from then on, ms."""

    def until(self, ends: int) -> Curve:
        return Curve(self.per_minute, self.slot_ms, ends)

    def times(self, rng: Random, factor: float = 1.0) -> Iterator[int]:
        """Poisson arrivals, in order. `factor`: how busy the day is."""
        for slot, rate in enumerate(self.per_minute):
            mean_ms = 60_000 / (rate * factor) if rate * factor > 0 else 0.0
            at, ends = float(slot * self.slot_ms), min((slot + 1) * self.slot_ms, self.ends)
            while mean_ms and (at := at + rng.expovariate(1.0) * mean_ms) < ends:
                yield int(at)


class Redial(msgspec.Struct, frozen=True):
    """This share of those who hang up calls again, `after` so long."""

    share: float
    after: Shape = Fixed(600_000)


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """Customers of one kind."""

    name: str
    queue: QueueName
    curve: Curve
    service: Shape
    patience: Shape
    credit_s: int = 0
    language: str = ""
    redial: Redial | None = None
    wrap_up: Shape | None = None
    """None: as the queue says."""

    def day(self, seed: int, number: int, factor: float = 1.0) -> Iterator[Arrival]:
        """Those of day `number`: the same ones, whatever else differs."""
        times, rng = stream(seed, number, self.name, "times"), stream(seed, number, self.name, "customers")
        for at in self.curve.times(times, factor):
            yield self._customer(at, rng)

    def again(self, seed: int, number: int, hung_up: Arrival, contact: int, at: int) -> Arrival | None:
        """The customer once more, who hung up at `at`; None if they let it be."""
        if self.redial is None:
            return None
        rng = stream(seed, number, self.name, contact, "again")
        if rng.random() >= self.redial.share:
            return None
        after = self.redial.after.draw(rng)
        return None if after is None else self._customer(at + max(1, after), rng, hung_up.tries + 1)

    def _customer(self, at: int, rng: Random, tries: int = 0) -> Arrival:
        return Arrival(
            at,
            self.queue,
            self.service.draw(rng) or 0,
            self.patience.draw(rng),
            self.credit_s,
            self.language,
            stream=self.name,
            tries=tries,
            wrap_up_ms=self.wrap_up.draw(rng) if self.wrap_up is not None else None,
        )


def in_order(streams: tuple[Stream, ...], seed: int, number: int, factor: float = 1.0) -> tuple[Arrival, ...]:
    """Everybody's arrivals of one day."""
    every = [arrival for each in streams for arrival in each.day(seed, number, factor)]
    every.sort(key=lambda arrival: arrival.at)
    return tuple(every)


def calling_again(streams: tuple[Stream, ...], seed: int, number: int) -> Again | None:
    """Who calls again that day; None if nobody ever does."""
    by_name = {each.name: each for each in streams if each.redial is not None}
    if not by_name:
        return None

    def again(hung_up: Arrival, contact: int, at: int) -> Arrival | None:
        known = by_name.get(hung_up.stream)
        return known.again(seed, number, hung_up, contact, at) if known is not None else None

    return again
