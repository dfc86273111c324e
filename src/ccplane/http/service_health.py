"""How the service itself does: delays over the last minutes, and whether more call than usual (kpi `surge_index`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Never

import msgspec
from fastapi import APIRouter, Depends, Response

from ccplane.asterisk.stats import AriStats
from ccplane.histogram import Histogram, Recent
from ccplane.http.auth import Guard
from ccplane.http.metrics import Meters
from ccplane.http.openapi import answers
from ccplane.http.ports import Plane
from ccplane.http.views import ServiceView, Time, iso, told
from ccplane.kpi.counters import RING_BOUNDS_MS
from ccplane.kpi.surge import Measured
from ccplane.log.shipping import ShippingStats

EVERY_S: Final = 15.0
LOOKS: Final = 20
"""Five minutes."""
LOOKS_OF_A_MINUTE: Final = 4
NUMBERS_MOST: Final = 100


class DelayTold(msgspec.Struct, frozen=True):
    """A delay over the last minutes: how often it was measured, and what half of them, 99 in 100 and all kept.

    These are upper bounds of the steps in which it is counted, the highest of these where it was longer; null without
    any."""

    count: int
    p50_ms: float | None
    p99_ms: float | None
    max_ms: float | None


class SurgeTold(msgspec.Struct, frozen=True):
    """Of a number dialled, "" all of them: arrivals in the slot that began at `since`, the usual ones, their ratio;
    whether a surge holds."""

    number: str
    arrivals: int
    usual: float
    index: float
    surge: bool
    since: Time


class SurgesTold(msgspec.Struct, frozen=True):
    """What was measured at `at`, in slots of so long, against so many weeks; a surge begins from the threshold on, if
    at least so many called. `numbers`: all together, then those with the highest index, at most 100."""

    at: Time
    slot_s: int
    weeks: int
    threshold: float
    least: int
    numbers: tuple[SurgeTold, ...]


class ServiceTold(msgspec.Struct, frozen=True):
    """`delays` of the last five minutes by the key of their definition, `last_minute` those of that. `surges`: null
    where acd/site.toml has no `surge`, and until it was measured."""

    at: Time
    delays: dict[str, DelayTold]
    last_minute: dict[str, DelayTold]
    surges: SurgesTold | None


class ServiceHealth:
    """Remembers the counts of the delays, so that those of the last minutes can be told: some 20 short lists each."""

    def __init__(
        self,
        plane: Plane,
        meters: Meters,
        ari: AriStats | None,
        shipping: ShippingStats | None,
        surges: Callable[[], Measured | None],
    ) -> None:
        self._plane, self.surges = plane, surges
        rings = tuple(bound / 1000 for bound in RING_BOUNDS_MS)
        self._recent = {
            "offer_latency": Recent(rings, lambda: plane.snapshot.board.ringing.counts, LOOKS),
            "loop_delay": _of(meters.loop_delay),
        }
        if shipping is not None:
            self._recent["fact_lag"] = _of(shipping.lag)
        if ari is not None:
            self._recent["ari_lag"] = _of(ari.lag)

    async def run(self) -> Never:
        """Look for ever."""
        while True:
            self.look()
            await asyncio.sleep(EVERY_S)

    def look(self) -> None:
        for each in self._recent.values():
            each.look()

    def delays(self, looks: int = LOOKS) -> dict[str, DelayTold]:
        return {key: _told(each.read(looks)) for key, each in self._recent.items()}

    def view(self) -> ServiceView:
        """As the wallboard has it: each delay's p99."""
        measured = self.surges()
        of = {f"{key}_ms": each.p99_ms for key, each in self.delays().items()}
        return ServiceView(surge_index=None if measured is None else round(measured.of_site.index, 2), **of)

    def told(self, at: int) -> ServiceTold:
        return ServiceTold(iso(at), self.delays(), self.delays(LOOKS_OF_A_MINUTE), self._surges())

    def _surges(self) -> SurgesTold | None:
        found = self.surges()
        if found is None:
            return None
        first, *rest = found.measures
        held = self._plane.snapshot.state.surges
        highest = sorted(rest, key=lambda each: (-each.index, each.number))[: NUMBERS_MOST - 1]
        rule = found.rule
        return SurgesTold(
            at=iso(found.at),
            slot_s=rule.slot_ms // 1000,
            weeks=rule.weeks,
            threshold=rule.threshold,
            least=rule.least,
            numbers=tuple(
                SurgeTold(
                    each.number,
                    each.arrivals,
                    each.usual,
                    round(each.index, 2),
                    each.number in held,
                    iso(found.slot(each)[0]),
                )
                for each in (first, *highest)
            ),
        )


def _of(given: Histogram) -> Recent:
    return Recent(given.buckets, lambda: _counts(given), LOOKS)


def _counts(given: Histogram) -> Sequence[int]:
    return given.counts


def _told(recent: Histogram) -> DelayTold:
    if not recent.count:
        return DelayTold(0, None, None, None)
    kept = (min(recent.quantile(share), recent.buckets[-1]) * 1000 for share in (0.5, 0.99, 1.0))
    return DelayTold(recent.count, *(round(each, 3) for each in kept))


def routes(service: ServiceHealth, clock: Callable[[], int], open_here: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/live", tags=["wallboard"], dependencies=[Depends(open_here)])

    @router.get("/service", summary="How the service itself does", responses=answers(ServiceTold))
    async def service_told() -> Response:
        """The delays of the last five minutes and of the last one (loop, facts, ARI, offers), and the surge index by
        number dialled."""
        return told(service.told(clock()), headers={"Cache-Control": "no-store"})

    return router
