"""The live figures: over the last minutes, the running day or a shift, by site, queue, skill, number, team or agent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from ccplane.errors import RequestError
from ccplane.http.auth import Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import Plane
from ccplane.http.views import Time, iso, told
from ccplane.kpi.counters import Counters
from ccplane.kpi.measures import OF_COUNTERS
from ccplane.kpi.slices import By
from ccplane.kpi.times import Times
from ccplane.kpi.wallboard import rate, service_level
from ccplane.kpi.windows import Figures, names, reading, spans

LIMIT: Final = 100
VARIANTS: Final = {name: OF_COUNTERS[f"service_level_{name}"] for name in ("answered", "excluding", "crediting", "net")}
MOST: Final = 200
"""In one answer: so that no answer holds the loop (law 13)."""


class FiguresTold(msgspec.Struct, frozen=True, kw_only=True):
    """One group's figures. `counters` as in the table of numbers; those who wait now: `waiting`, `longest_wait_s`, and
    `overdue`, for longer than the threshold. The rates are fractions 0 to 1, null without data. `service_levels`: its
    variants by name, which count the overdue as the level itself does. `contacts` of site and numbers, `times` (ms, by
    agents' states) of site, teams and agents; else null."""

    name: str
    waiting: int
    longest_wait_s: float
    overdue: int
    service_level: float | None
    service_levels: dict[str, float | None]
    abandonment: float | None
    abandonment_net: float | None
    patience_s: float | None
    asa_s: float | None
    aht_s: float | None
    three_rings: float | None
    occupancy: float | None
    counters: Counters
    contacts: dict[str, int] | None
    times: Times | None


class LiveTold(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted from `since` to `until`. `ends`: of the day or shift; null of a window. `provisional`: nobody
    watched for a while, or nothing was counted before `counted_since`. `next`: the cursor of what
    follows; null: nothing."""

    by: By
    window: str
    since: Time
    until: Time
    ends: Time | None
    counted_since: Time
    provisional: bool
    figures: tuple[FiguresTold, ...]
    next: str | None


def figures_told(each: Figures) -> FiguresTold:
    """As people read them."""
    counters, times = each.counters, each.times
    decided = msgspec.structs.replace(counters, abandoned=counters.abandoned + each.overdue)
    busy, free = (times.busy_ms, times.free_ms) if times else (0, 0)
    return FiguresTold(
        name=each.name,
        waiting=each.waiting,
        longest_wait_s=each.longest_wait_ms / 1000,
        overdue=each.overdue,
        service_level=service_level(counters, each.overdue),
        service_levels={name: variant(decided) for name, variant in VARIANTS.items()},
        abandonment=rate(counters.abandoned, counters.answered + counters.abandoned),
        abandonment_net=OF_COUNTERS["abandonment_net"](counters),
        patience_s=_seconds(counters.answered_wait_ms + counters.abandoned_wait_ms, counters.abandoned),
        asa_s=_seconds(counters.answered_wait_ms, counters.answered),
        aht_s=_seconds(counters.talk_ms + counters.wrap_up_ms, counters.handled),
        three_rings=rate(counters.rang_in_time, counters.rang),
        occupancy=rate(busy, busy + free),
        counters=counters,
        contacts=msgspec.structs.asdict(each.brought) if each.brought else None,
        times=times,
    )


def _seconds(ms: int, many: int) -> float | None:
    return ms / many / 1000 if many else None


def routes(plane: Plane, admin: Guard, clock: Callable[[], int]) -> APIRouter:
    router = APIRouter(prefix="/api/v1/live", tags=["wallboard"], dependencies=[Depends(admin)])

    @router.get("", summary="Figures of the last minutes, of today, or of a shift", responses=answers(LiveTold))
    async def live(
        by: By = By.QUEUE,
        window: str = "today",
        name: Annotated[list[str] | None, Query(max_length=MOST)] = None,
        after: str | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = LIMIT,
    ) -> Response:
        """`window`: `5m`, `15m`, `30m`, `60m`, `today`, or the name of a shift (acd/site.toml). `name`, as often as
        wanted: these alone. In the order of names, 100 of them or `limit`, after the cursor `after`."""
        snapshot = plane.snapshot
        known = spans(snapshot.board.live)
        if window not in known:
            raise RequestError("no-such-window", f"`{window}` is none of {', '.join(known)}.")
        found = sorted(set(name)) if name else names(snapshot.board.live, by)
        rest = found if after is None else [each for each in found if each > after]
        page = rest[:limit]
        read = reading(snapshot.board, by, window, max(clock(), snapshot.at), page)
        return told(
            LiveTold(
                by=by,
                window=window,
                since=iso(read.began_at),
                until=iso(read.until),
                ends=None if read.ends_at is None else iso(read.ends_at),
                counted_since=iso(read.counted_since),
                provisional=read.provisional,
                figures=tuple(figures_told(each) for each in read.figures),
                next=page[-1] if len(rest) > limit else None,
            ),
            headers={"Cache-Control": "no-store"},
        )

    return router
