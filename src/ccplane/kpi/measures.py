"""Rates and means of reports: each from summed counters, never from other rates. None without data, shown as "–"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from ccplane.kpi import workforce
from ccplane.kpi.brought import Brought
from ccplane.kpi.counters import NOTHING, Counters
from ccplane.kpi.slices import Slice
from ccplane.kpi.times import NO_TIME, Times, total

Figure = int | float | None
T = TypeVar("T", Counters, Brought)


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted, over any intervals and any groups that were added up."""

    counters: Counters = NOTHING
    brought: Brought = Brought()
    times: Times = NO_TIME


def summed(slices: Iterable[Sums | Slice]) -> Sums:
    """All of them together."""
    those = list(slices)
    return Sums(
        counters=_added(Counters, [each.counters for each in those]),
        brought=_added(Brought, [each.brought for each in those]),
        times=total([each.times for each in those]),
    )


def _added(kind: type[T], those: Sequence[T]) -> T:
    """Field by field: thousands of rows are added up while somebody waits for a report."""
    if len(those) == 1:
        return those[0]
    sums = map(sum, zip(*map(msgspec.structs.astuple, those), strict=True))
    return kind(**dict(zip(kind.__struct_fields__, sums, strict=False)))


def share(part: int, whole: int) -> float | None:
    """None of nothing."""
    return part / whole if whole > 0 else None


def _ended(c: Counters) -> int:
    """A + B."""
    return c.answered + c.abandoned


def _missed(c: Counters) -> int:
    return c.missed_no_answer + c.missed_rejected + c.missed_busy + c.missed_unreachable


def _answered_by_hand(c: Counters) -> int:
    """Offers that rang and were answered: each answered stay was, but for those of open lines."""
    return max(0, c.answered - c.auto_answered)


OF_COUNTERS: Final[Mapping[str, Callable[[Counters], Figure]]] = {
    "offered": lambda c: c.entered,
    "answered": lambda c: c.answered,
    "answered_within": lambda c: c.answered_within,
    "abandoned": lambda c: c.abandoned,
    "abandoned_short": lambda c: c.abandoned_short,
    "abandoned_within": lambda c: c.abandoned_within,
    "no_agents": lambda c: c.no_agents,
    "timed_out": lambda c: c.timed_out,
    "overflowed": lambda c: c.overflowed,
    "closed": lambda c: c.closed,
    "moved": lambda c: c.moved,
    "left_by_key": lambda c: c.left_by_key,
    "callback": lambda c: c.callback,
    "lost": lambda c: c.lost,
    "handled": lambda c: c.handled,
    "talk": lambda c: c.talk_ms,
    "wrap_up": lambda c: c.wrap_up_ms,
    "rang": lambda c: c.rang,
    "service_level_past": lambda c: share(c.answered_within, _ended(c)),
    "service_level_answered": lambda c: share(c.answered_within, c.answered),
    "service_level_excluding": lambda c: share(c.answered_within, _ended(c) - c.abandoned_within),
    "service_level_crediting": lambda c: share(c.answered_within + c.abandoned_within, _ended(c)),
    "service_level_net": lambda c: share(c.answered_within, _ended(c) - c.abandoned_short),
    "abandonment": lambda c: share(c.abandoned, _ended(c)),
    "abandonment_net": lambda c: share(c.abandoned - c.abandoned_short, _ended(c) - c.abandoned_short),
    "connected_share": lambda c: share(c.answered, _ended(c)),
    "asa": lambda c: share(c.answered_wait_ms, c.answered),
    "patience": lambda c: share(c.answered_wait_ms + c.abandoned_wait_ms, c.abandoned),
    "asa_delayed": lambda c: share(c.delayed_wait_ms, c.answered_delayed),
    "aht": lambda c: share(c.talk_ms + c.wrap_up_ms, c.handled),
    "att": lambda c: share(c.talk_ms, c.handled),
    "acw": lambda c: share(c.wrap_up_ms, c.handled),
    "three_rings": lambda c: share(c.rang_in_time, c.rang),
    "rona": lambda c: share(_missed(c), _missed(c) + _answered_by_hand(c)),
    "surveys_asked": lambda c: c.surveys_asked,
    "response_rate": lambda c: share(c.surveys_rated, c.surveys_asked),
    "satisfaction": lambda c: share(c.satisfaction_top, c.satisfaction_rated),
}


def _brought(field: str) -> Callable[[Sums], Figure]:
    return lambda sums: int(getattr(sums.brought, field))


OF_TIMES: Final[Mapping[str, Callable[[Sums], Figure]]] = {
    "signed_in": lambda s: s.times.signed_in_ms,
    "occupancy": lambda s: workforce.occupancy(s.times),
    "productivity": lambda s: workforce.productivity(s.counters.handled, s.times),
    **{f"contacts_{field}": _brought(field) for field in Brought.__struct_fields__},
    "connected_share_system": lambda s: share(s.brought.self_served + s.brought.answered, s.brought.arrived),
}


def _of(make: Callable[[Counters], Figure]) -> Callable[[Sums], Figure]:
    return lambda sums: make(sums.counters)


MEASURES: Final[Mapping[str, Callable[[Sums], Figure]]] = {
    **{key: _of(make) for key, make in OF_COUNTERS.items()},
    **OF_TIMES,
}
"""By the key of their definition."""


def waiting(counters: Counters) -> int:
    """Entered, and ended in no way: still there, and below 0 only if something is wrong."""
    return counters.entered - counters.ended
