"""What is shown of many days: each KPI with its interval, by queue and by group; and what changed rules do to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from ccplane.ids import QueueName
from ccplane.kpi.counters import Counters
from ccplane.simulate import outcome as o
from ccplane.simulate.outcome import Outcome, Rate
from ccplane.simulate.student import Interval, interval, quantile


class Kpi(NamedTuple):
    """A figure of a queue's. `unit`: "%" of a share, "s", or "" of a number for each day."""

    key: str
    name: str
    unit: str
    of: Callable[[Counters], Rate]


def _a_day(count: Callable[[Counters], int]) -> Callable[[Counters], Rate]:
    return lambda counters: Rate(count(counters), 1)


KPIS: Final = (
    Kpi("entered", "offered", "", _a_day(lambda c: c.entered)),
    Kpi("answered", "answered", "", _a_day(lambda c: c.answered)),
    Kpi("abandoned", "abandoned", "", _a_day(lambda c: c.abandoned)),
    Kpi("other", "else", "", _a_day(lambda c: c.ended - c.answered - c.abandoned)),
    Kpi("service_level", "in time", "%", o.service_level),
    Kpi("asa", "ASA", "s", o.asa_s),
    Kpi("abandonment", "abandon", "%", o.abandonment),
)
MORE: Final = (
    Kpi("service_level_answered_only", "in time of answered", "%", o.answered_only),
    Kpi("service_level_excluding", "in time, excluding", "%", o.excluding),
    Kpi("service_level_crediting", "in time, crediting", "%", o.crediting),
    Kpi("service_level_net_of_short", "in time, net of short", "%", o.net_of_short),
    Kpi("abandonment_net", "abandon, net of short", "%", o.abandonment_net),
)
"""Only in JSON."""
ALL: Final = "all"
MOST_KINDS: Final = 12
"""With more of them a table helps nobody."""


Lens = Callable[[Outcome], Counters]


def rates(days: Sequence[Outcome], kpi: Kpi, lens: Lens) -> list[Rate]:
    """The KPI of each day, of those whom `lens` picks out."""
    return [kpi.of(lens(day)) for day in days]


def difference(before: Sequence[Rate], after: Sequence[Rate], confidence: float = 0.95) -> Interval:
    """After less before, of the same days: what they have in common does not blur it. None where there is no data."""
    first, second = interval(before, confidence).value, interval(after, confidence).value
    if first is None or second is None:
        return Interval(None)
    days = len(before)
    if days < 2:
        return Interval(second - first)
    one, two = sum(each.over for each in before) / days, sum(each.over for each in after) / days
    parts = [
        (b.sum - second * b.over) / two - (a.sum - first * a.over) / one for a, b in zip(before, after, strict=True)
    ]
    spread = sum(part * part for part in parts) / (days - 1)
    return Interval(second - first, quantile(days - 1, confidence) * math.sqrt(spread / days))


def shown(figure: Interval, unit: str) -> str:
    """A figure for people: "81.3 % ± 0.4"; – where there is no data."""
    if figure.value is None:
        return "–"
    factor = 100 if unit == "%" else 1
    margin = "" if figure.margin is None else f" ±{figure.margin * factor:.1f}"
    return f"{figure.value * factor:.1f}{'%' if unit == '%' else ''}{margin}"


def rows_of(days: Sequence[Outcome]) -> list[tuple[str, Lens]]:
    """The queues, all of them where there are several, and what a log tells apart."""
    queues = sorted({queue for day in days for queue in day.queues})
    rows: list[tuple[str, Lens]] = [(str(queue), _of_queue(queue)) for queue in queues]
    if len(rows) != 1:
        rows.append((ALL, lambda day: day.of()))
    kinds = sorted({kind for day in days for kind in day.kinds})
    return rows + [(kind, _of_kind(kind)) for kind in kinds if 1 < len(kinds) <= MOST_KINDS]


def _of_queue(queue: QueueName) -> Lens:
    return lambda day: day.of(queue)


def _of_kind(kind: str) -> Lens:
    return lambda day: day.kinds.get(kind, Counters())


def queues_table(days: Sequence[Outcome], confidence: float = 0.95) -> list[list[str]]:
    """Rows of text; the first is the heading."""
    rows = [["queue", *(kpi.name for kpi in KPIS)]]
    for name, lens in rows_of(days):
        rows.append([name, *(shown(interval(rates(days, kpi, lens), confidence), kpi.unit) for kpi in KPIS)])
    return rows


def compared_table(
    before: Sequence[Outcome],
    after: Sequence[Outcome],
    confidence: float = 0.95,
    was: Sequence[Outcome] | None = None,
) -> list[list[str]]:
    """By queue and KPI: before, after, and the difference. Where that is surely none of chance it has a *. `was`: what
    a log says of the same days, to show how near the simulation comes to it."""
    seen = [] if was is None else [was]
    rows = [["queue", "", *(["the log"] * len(seen)), "before", "after", "difference"]]
    for name, lens in rows_of([*before, *after]):
        for kpi in KPIS:
            if kpi.key == "other" and not any(rate.sum for rate in rates([*before, *after], kpi, lens)):
                continue
            one, two = rates(before, kpi, lens), rates(after, kpi, lens)
            values = [*(rates(each, kpi, lens) for each in seen), one, two]
            rows.append([name, kpi.name, *_compared(values, kpi.unit, difference(one, two, confidence))])
            name = ""
    for group in groups(before, after):
        one, two = _occupancies(before, group), _occupancies(after, group)
        values = [*([] for _ in seen), one, two]
        rows.append([group or ALL, "occupancy", *_compared(values, "%", difference(one, two, confidence))])
    return rows


def _compared(values: Sequence[Sequence[Rate]], unit: str, apart: Interval) -> list[str]:
    sign, star = "+" if (apart.value or 0) > 0 else "", " *" if sure(apart) else ""
    return [*(shown(Interval(interval(each).value), unit) for each in values), sign + shown(apart, unit) + star]


def beside_table(was: Sequence[Outcome], again: Sequence[Outcome]) -> list[list[str]]:
    """By queue and KPI: what a log says, and what the simulation makes of the same days under the log's own rules."""
    rows = [["queue", "", "the log", "simulated"]]
    for name, lens in rows_of([*was, *again]):
        for kpi in KPIS:
            values = [rates(each, kpi, lens) for each in (was, again)]
            if kpi.key != "other" or any(rate.sum for each in values for rate in each):
                rows.append([name, kpi.name, *(shown(Interval(interval(each).value), kpi.unit) for each in values)])
                name = ""
    return rows


def sure(apart: Interval) -> bool:
    """Whether the interval leaves zero out."""
    return apart.value is not None and apart.margin is not None and abs(apart.value) > apart.margin


def groups(*every: Sequence[Outcome]) -> list[str]:
    return sorted({group for days in every for day in days for group in day.staff})


def groups_table(days: Sequence[Outcome], confidence: float = 0.95) -> list[list[str]]:
    """The agents' occupancy, by group."""
    rows = [["agents", "occupancy", "hours a day"]]
    for group in groups(days):
        hours = sum(day.staff[group].signed_in_ms for day in days if group in day.staff) / 3_600_000 / len(days)
        rows.append([group or ALL, shown(interval(_occupancies(days, group), confidence), "%"), f"{hours:.1f}"])
    return rows


def _occupancies(days: Sequence[Outcome], group: str) -> list[Rate]:
    return [o.occupancy(day.staff, group) for day in days]


def lined_up(rows: Sequence[Sequence[str]], text_columns: int = 1) -> list[str]:
    """A table as lines: the first columns to the left, figures to the right."""
    wide = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if at < text_columns else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, wide, strict=True))
        ).rstrip()
        for row in rows
    ]


def as_json(days: Sequence[Outcome], confidence: float = 0.95) -> dict[str, Any]:
    """All figures, with counters: shares 0 to 1, times in s."""
    return {
        "queues": {
            name: {kpi.key: _interval_json(interval(rates(days, kpi, lens), confidence)) for kpi in (*KPIS, *MORE)}
            for name, lens in rows_of(days)
        },
        "agents": {
            group: {"occupancy": _interval_json(interval(_occupancies(days, group), confidence))}
            for group in groups(days)
        },
        "still_waiting": sum(day.still_waiting for day in days),
        "called_again": sum(day.again for day in days),
        "longest_wait_s": max((day.longest_ms for day in days), default=0) / 1000,
    }


def compared_json(before: Sequence[Outcome], after: Sequence[Outcome], confidence: float = 0.95) -> dict[str, Any]:
    """The differences, after less before."""
    return {
        name: {
            kpi.key: _interval_json(difference(rates(before, kpi, lens), rates(after, kpi, lens), confidence))
            for kpi in (*KPIS, *MORE)
        }
        for name, lens in rows_of([*before, *after])
    }


def _interval_json(figure: Interval) -> dict[str, float | None]:
    return {"value": figure.value, "low": figure.low, "high": figure.high}
