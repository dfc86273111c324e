"""The manager's page: how the time was, beside as many days before it. Pure, made of slices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from ccplane.kpi.definitions import DEFINITIONS
from ccplane.kpi.measures import MEASURES, Sums, summed
from ccplane.kpi.slices import Slice
from ccplane.reports.paper import Cell, Column, Paper, Section

HEADLINE: Final = (
    "contacts_arrived", "contacts_self_served", "offered", "answered", "abandoned", "service_level_past", "abandonment",
    "asa", "patience", "three_rings", "rona", "handled", "aht", "occupancy", "signed_in", "callback", "lost",
    "satisfaction", "response_rate",
)  # fmt: skip
QUEUES: Final = ("offered", "answered", "abandoned", "service_level_past", "abandonment", "asa", "aht")
NUMBERS: Final = (
    "contacts_arrived",
    "contacts_queued",
    "contacts_answered",
    "contacts_abandoned",
    "contacts_self_served",
)
HOURS: Final = ("offered", "service_level_past", "abandonment", "asa")
QUEUES_MOST: Final = 20
NUMBERS_MOST: Final = 10
HOURS_MOST: Final = 3
FEW: Final = 10
"""Of fewer entries no hour is called a bad one."""


class Time(NamedTuple):
    """What the page is made of: hours of the site; a slice of each queue and number; sums of the time before, None
    where not all of it is known."""

    hours: Sequence[Slice]
    queues: Sequence[Slice]
    numbers: Sequence[Slice]
    before: Sums | None


def paper(time: Time, faults: Section, since: int, until: int, timezone: str, now: int) -> Paper:
    """Of [since, until), ms UTC."""
    sums = summed(time.hours)
    sections = [
        _headline(sums, time.before),
        _groups("queues", "Queues", "队列", time.queues, QUEUES, QUEUES_MOST),
        _hours("busiest", "The busiest hours", "最忙时段", time.hours, lambda each: -each.counters.entered),
        _hours("worst", "The hours served worst", "服务最差时段", _enough(time.hours), _served),
        _groups("numbers", "What numbers dialled brought", "被叫号码来话", time.numbers, NUMBERS, NUMBERS_MOST),
        faults,
    ]
    cut = len(time.queues) > QUEUES_MOST or len(time.numbers) > NUMBERS_MOST
    open_ = until > now or any(each.provisional for each in time.hours)
    return Paper(
        table="brief",
        since=since,
        until=until,
        timezone=timezone,
        sections=tuple(each for each in sections if each.rows),
        notes=(*(["provisional"] if open_ else []), "stays", "times", "before", *(["largest"] if cut else [])),
        meant=tuple(dict.fromkeys((*HEADLINE, *QUEUES, *NUMBERS))),
        provisional=open_,
    )


def _headline(sums: Sums, before: Sums | None) -> Section:
    columns = (
        Column("figure", "figure", "指标"),
        Column("now", "this time", "本期", None),
        Column("before", "before", "上期", None),
        Column("change", "change", "变化", None),
    )
    rows, units = [], []
    for key in HEADLINE:
        one, other = MEASURES[key](sums), None if before is None else MEASURES[key](before)
        rows.append((key, one, other, None if one is None or other is None else one - other))
        units.append(DEFINITIONS[key].unit)
    return Section("headline", "The time in figures", "总体指标", columns, tuple(rows), tuple(units))


def _groups(key: str, en: str, zh: str, slices: Iterable[Slice], figures: tuple[str, ...], most: int) -> Section:
    """The largest first; a slice is a row."""
    rows: list[tuple[Cell, ...]] = [(each.name, *_measured(each, figures)) for each in slices]
    rows = [each for each in rows if each[1]]
    rows.sort(key=lambda row: (-int(row[1] or 0), str(row[0])))
    return Section(key, en, zh, (Column("name", "name", "名称"), *_columns(figures)), tuple(rows[:most]))


def _hours(key: str, en: str, zh: str, hours: Iterable[Slice], order: Callable[[Slice], float]) -> Section:
    """The first by this order."""
    first = sorted((each for each in hours if each.counters.entered), key=lambda each: (order(each), each.began_at))
    rows = tuple((each.began_at, *_measured(each, HOURS)) for each in first[:HOURS_MOST])
    return Section(key, en, zh, (Column("hour", "hour", "时段", "time"), *_columns(HOURS)), rows)


def _measured(each: Slice, figures: Iterable[str]) -> Iterator[Cell]:
    sums = summed([each])
    return (MEASURES[figure](sums) for figure in figures)


def _enough(hours: Iterable[Slice]) -> list[Slice]:
    return [each for each in hours if each.counters.entered >= FEW and _served(each) < 1]


def _served(hour: Slice) -> float:
    level = MEASURES["service_level_past"](summed([hour]))
    return 1.0 if level is None else level


def _columns(figures: Iterable[str]) -> tuple[Column, ...]:
    return tuple(Column(key, DEFINITIONS[key].en, DEFINITIONS[key].zh, DEFINITIONS[key].unit) for key in figures)
