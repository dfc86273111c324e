"""The way from the outbox to Postgres: in batches, in order, each exactly once.

The store takes a batch, its place (the watermark) and all that follows from it in one transaction. So after a crash
or a lost connection there is nothing to guess: ask for the watermark and go on behind it. Woken by the outbox's
commits, never polling; at most one batch every `every` seconds, since a batch costs the same few statements, and wakes
Postgres, whether it holds one fact or a hundred.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
import structlog

from ccplane.errors import StoreError
from ccplane.histogram import Histogram
from ccplane.log.outbox import Outbox

log = structlog.get_logger()


class FactStore(Protocol):
    """Where facts are kept for good; `postgres.store` is the real one. Errors: StoreError."""

    async def watermark(self, outbox: str) -> int:
        """The last seq of this outbox that is stored; 0 if none is."""
        ...

    async def ship(self, outbox: str, epoch: int, after: int, facts: Sequence[tuple[int, bytes]]) -> None:
        """Store (seq, JSON) of one epoch, which follow on `after`: all or nothing, or up to where a day (UTC) ends."""
        ...

    async def close(self) -> None:
        """Give up the connection; the next call makes a new one."""
        ...


@dataclass(frozen=True)
class Pace:
    """How shipping shares the machine with the calls. Seconds, and facts per batch."""

    every: float = 0.06
    batch: int = 250
    """So few that no step of a batch holds the loop longer than 5 ms (law 13)."""
    rest: float = 1.0
    """While catching up, so many times as long as the last batch took."""
    retry_first: float = 0.2
    retry_most: float = 5.0


@dataclass
class ShippingStats:
    """For /metrics and /readyz. `lag`: seconds from a fact's `at` to its commit in Postgres. `connected`: facts reach
    it; a Postgres that can be read but takes none is not."""

    connected: bool = False
    connected_since: int | None = None
    shipped_seq: int = 0
    facts: int = 0
    batches: int = 0
    failures: int = 0
    last_error: str = ""
    lag: Histogram = field(default_factory=Histogram)
    stored_at: int | None = None
    """`at` of the last fact that was stored by this process."""
    waits_since: float | None = None
    """Since when (the loop's time) Postgres has not answered to a batch."""
    missing: int = 0
    """Facts that Postgres does not have and the outbox no longer has: it was put back to an earlier day."""


class _When(msgspec.Struct):
    at: int


_when = msgspec.json.Decoder(_When)


class Shipper:
    """Runs as one task. `now`: the site's clock."""

    def __init__(self, outbox: Outbox, store: FactStore, now: Callable[[], int], *, pace: Pace | None = None) -> None:
        self.stats = ShippingStats()
        self._outbox = outbox
        self._store = store
        self._now = now
        self._pace = pace or Pace()
        self._moved = asyncio.Event()
        self._told = ""
        """Why facts are not being shipped, as the log has it; empty while they are."""

    async def run(self) -> None:
        """For ever, until cancelled: a store that is away is tried again, with growing pauses."""
        pause = self._pace.retry_first
        try:
            while True:
                before = self.stats.batches
                try:
                    await self._ship_on()
                except StoreError as error:
                    self._lost(error)
                except Exception as error:  # a fault of ours; the facts are safe in the outbox, and it must be seen
                    log.exception("shipping failed")
                    self._lost(StoreError("shipping-failed", f"Facts could not be shipped: {error!r}"))
                if self.stats.batches > before:
                    pause = self._pace.retry_first
                await self._store.close()
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._pace.retry_most)
        finally:
            self.stats.connected = False
            await self._store.close()

    async def shipped(self, seq: int) -> None:
        """Returns when everything up to `seq` is in Postgres."""
        while self.stats.shipped_seq < seq:
            self._moved.clear()
            await self._moved.wait()

    async def _ship_on(self) -> None:
        """From the watermark on, until the store fails."""
        watermark = await self._store.watermark(self._outbox.id)
        if watermark > self._outbox.stats.appended_seq:
            raise StoreError(
                "outbox-behind",
                f"Postgres has facts up to {watermark} of the outbox {self._outbox.path}, which itself ends at "
                f"{self._outbox.stats.appended_seq}: an old copy of the file was put in place. Move it away.",
            )
        self._moved_to(watermark)
        if self._outbox.stats.committed_seq <= watermark:
            self._reached()  # else only once it has taken something
        loop = asyncio.get_running_loop()
        while True:
            await self._outbox.more_than(self.stats.shipped_seq)
            began = loop.time()
            await self._ship_next()
            took = loop.time() - began
            behind = self._outbox.stats.committed_seq - self.stats.shipped_seq >= self._pace.batch
            await asyncio.sleep(took * self._pace.rest if behind else max(self._pace.every - took, 0))

    async def _ship_next(self) -> None:
        """One batch."""
        stats, after = self.stats, self.stats.shipped_seq
        epoch, facts = await self._outbox.unshipped(after, self._pace.batch)
        if not facts:
            raise StoreError(
                "outbox-gap",
                f"The outbox has no facts after {after}, though {self._outbox.stats.committed_seq} were committed.",
            )
        stats.waits_since = asyncio.get_running_loop().time()
        try:
            await self._store.ship(self._outbox.id, epoch, after, facts)
        finally:
            stats.waits_since = None
        self._reached()
        self._say_missing(after, facts[0][0])
        self._moved_to(facts[-1][0])
        now = self._now()
        stats.batches += 1
        stats.facts += len(facts)
        for _, data in facts:
            stats.stored_at = _when.decode(data).at
            stats.lag.observe((now - stats.stored_at) / 1000)

    def _reached(self) -> None:
        stats = self.stats
        if not stats.connected:
            stats.connected, stats.connected_since, stats.last_error = True, self._now(), ""
            if self._told:
                log.info("facts reach Postgres again", waiting=self._outbox.stats.unshipped)
            self._told = ""

    def _say_missing(self, after: int, first: int) -> None:
        if first > after + 1:
            self.stats.missing += first - after - 1
            log.error(
                "Postgres lacks facts that the outbox no longer has: was it put back to an earlier day?",
                after=after,
                until=first,
            )

    def _moved_to(self, seq: int) -> None:
        self.stats.shipped_seq = seq
        self._outbox.mark_shipped(seq)
        self._moved.set()

    def _lost(self, error: StoreError) -> None:
        stats = self.stats
        stats.failures += 1
        stats.connected, stats.last_error = False, error.sentence
        if self._told != error.sentence:
            log.warning("facts are not being shipped; they wait in the outbox", code=error.code, error=error.sentence)
        self._told = error.sentence
