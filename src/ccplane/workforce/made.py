"""The numbers of agents' time, made of what was counted and what was imported: pure.

A number is made of those days alone for which there are the figures that it needs: paid time of days that are over, a
schedule of days that have one, open seats of days that have some. A cost, and a headcount, are of just the days asked
for, or there is none.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import reduce
from typing import Final, NamedTuple

import msgspec

from ccplane.days import Span
from ccplane.kpi import workforce as w
from ccplane.kpi.schedule import Did, Planned, Terms, kept, overlap
from ccplane.kpi.slices import By, Slice
from ccplane.kpi.times import NO_TIME, Times
from ccplane.kpi.workforce import Kept, Resolved

Number = int | float | None
Plans = Mapping[str, Sequence[Planned]]
"""By agent, in order."""
OF_ALL: Final = ("signed_in", "occupancy", "utilisation", "productivity", "attendance", "adherence", "conformance")
COLUMNS: Final = {
    By.AGENT: OF_ALL,
    By.TEAM: (*OF_ALL, "attrition", "cost_per_contact"),
    By.SITE: (*OF_ALL, "seat_utilisation", "attrition", "cost_per_contact", "fcr"),
}
"""Keys of kpi/definitions."""


class Day(NamedTuple):
    """One of the site's, [began_at, ends_at) in ms UTC."""

    date: date
    began_at: int
    ends_at: int


class Heads(NamedTuple):
    at_start: int
    at_end: int
    leavers: int


class Cost(NamedTuple):
    """Of the days from `first` to `last`, in hundredths."""

    first: date
    last: date
    cents: int


class Seats(NamedTuple):
    """So many are open in [began_at, ends_at), ms UTC."""

    began_at: int
    ends_at: int
    seats: int


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What there is. `of_agents`: days of agents; `of_group`: days of what is asked for. `teams`: by agent, from when
    on (ms UTC) they were in which. `kept`: how schedules were, by group. `heads`: of the month asked for, if it is
    one; with `costs` by team, "" is the site."""

    days: tuple[Day, ...]
    now: int
    terms: Terms = Terms()
    of_agents: Sequence[Slice] = ()
    of_group: Sequence[Slice] = ()
    teams: Mapping[str, Sequence[tuple[int, str]]] = {}
    paid: Mapping[tuple[str, date], int] = {}
    kept: Mapping[str, Kept] = {}
    seats: Sequence[Seats] = ()
    costs: Mapping[str, Sequence[Cost]] = {}
    heads: Mapping[str, Heads] = {}
    resolved: Resolved | None = None

    @property
    def span(self) -> Span:
        return self.days[0].began_at, self.days[-1].ends_at


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One group; its `figures` in the order of the columns. `provisional`: they may still change."""

    name: str
    figures: tuple[Number, ...]
    provisional: bool


def made(given: Given, by: By) -> list[Row]:
    """By name; of the site there is one, ""."""
    slices: dict[str, list[Slice]] = {"": []} if by is By.SITE else {}
    for each in given.of_group:
        slices.setdefault(each.name, []).append(each)
    paid = _paid(given, by)
    names = slices.keys() | given.kept.keys() | paid.keys()
    names |= {*given.costs, *given.heads} - {""} if by is By.TEAM else set()
    return [
        _row(name, given, by, slices.get(name, []), given.kept.get(name), paid.get(name, [])) for name in sorted(names)
    ]


def _row(
    name: str,
    given: Given,
    by: By,
    slices: Sequence[Slice],
    keeping: Kept | None,
    paid: Iterable[tuple[Times, int | None]],
) -> Row:
    times = reduce(Times.plus, (each.times for each in slices), NO_TIME)
    handled = sum(each.counters.handled for each in slices)
    team = None if by is By.TEAM and not name else name  # those who are in no team have no headcount of their own
    heads = given.heads.get(team) if team is not None else None
    numbers: dict[str, Number] = {
        "signed_in": times.signed_in_ms,
        "occupancy": w.occupancy(times),
        "utilisation": w.utilised(paid, given.terms.off),
        "productivity": w.productivity(handled, times),
        "attendance": w.attendance(keeping),
        "adherence": w.adherence(keeping),
        "conformance": w.conformance(keeping),
        "attrition": w.attrition(heads.leavers, heads.at_start, heads.at_end) if heads else None,
        "cost_per_contact": w.cost_per_contact(_cents(given, team) if team is not None else None, handled),
        "fcr": w.fcr(given.resolved),
    }
    if by is By.SITE:
        numbers["seat_utilisation"] = _seat_utilisation(given, slices)
    open_ = given.span[1] > given.now or any(each.provisional for each in slices)
    resolving = by is By.SITE and given.resolved is not None and given.resolved.provisional
    return Row(name=name, figures=tuple(numbers[key] for key in COLUMNS[by]), provisional=open_ or resolving)


def keeping(
    given: Given, by: By, spans: Sequence[Span], plans: Plans, did: Mapping[str, Sequence[Did]]
) -> dict[str, Kept]:
    """How `plans` were kept in `spans`, by group: of agents who change team, each team's time is its own."""
    found: dict[str, Kept] = {}
    for span in spans:
        for agent, plan in plans.items():
            for name, part in _parts(agent, span, given, by):
                more = kept(plan, did.get(agent, ()), part, given.now, given.terms)
                found[name] = found[name].plus(more) if name in found else more
    return found


def planned(days: Iterable[Day], plans: Plans) -> Iterator[Span]:
    """The days on which anybody has a schedule, those that follow on one another as one."""
    ends = sorted((each.began_at, each.ends_at) for plan in plans.values() for each in plan)
    began_at = upto = None
    for day in days:
        if not _any(ends, (day.began_at, day.ends_at)):
            continue
        if upto == day.began_at:
            upto = day.ends_at
            continue
        if began_at is not None and upto is not None:
            yield began_at, upto
        began_at, upto = day.began_at, day.ends_at
    if began_at is not None and upto is not None:
        yield began_at, upto


def _any(spans: Sequence[Span], day: Span) -> bool:
    """Whether any of them, none longer than a day, reaches into it."""
    at = bisect_right(spans, (day[0] - 86_400_001, 0))
    while at < len(spans) and spans[at][0] < day[1]:
        if spans[at][1] > day[0]:
            return True
        at += 1
    return False


def _parts(agent: str, span: Span, given: Given, by: By) -> Iterator[tuple[str, Span]]:
    """For whom an agent's time counts."""
    if by is not By.TEAM:
        yield ("" if by is By.SITE else agent), span
        return
    changes = [(0, ""), *given.teams.get(agent, ())]
    for n, (at, team) in enumerate(changes):
        until = changes[n + 1][0] if n + 1 < len(changes) else span[1]
        part = max(at, span[0]), min(until, span[1])
        if part[0] < part[1]:
            yield team, part


def _paid(given: Given, by: By) -> dict[str, list[tuple[Times, int | None]]]:
    """Of days that are over, by group: what each agent whose paid time is known did. A day counts for the team in which
    it ended."""
    times = {(each.name, each.began_at): each.times for each in given.of_agents}
    days = {each.date: each for each in given.days if each.ends_at <= given.now}
    found: dict[str, list[tuple[Times, int | None]]] = {}
    for (agent, on), paid_ms in given.paid.items():
        if (day := days.get(on)) is not None:
            *_, (name, _) = _parts(agent, (day.began_at, day.ends_at), given, by)
            found.setdefault(name, []).append((times.get((agent, day.began_at), NO_TIME), paid_ms))
    return found


def _seat_utilisation(given: Given, slices: Sequence[Slice]) -> float | None:
    open_ms, times = 0, NO_TIME
    for day in given.days:
        span = day.began_at, max(day.began_at, min(day.ends_at, given.now))
        here = sum(each.seats * overlap((each.began_at, each.ends_at), span) for each in given.seats)
        if here:
            open_ms += here
            times = reduce(Times.plus, (each.times for each in slices if each.began_at == day.began_at), times)
    return w.seat_utilisation(times, open_ms or None)


def _cents(given: Given, team: str) -> int | None:
    """Of just these days: where some of them have none, or a sum is of others too, nobody knows."""
    first, last = given.days[0].date, given.days[-1].date
    rows = given.costs.get(team, ())
    if any(each.first < first or each.last > last for each in rows):
        return None
    covered = sum(((each.last - each.first) + timedelta(days=1) for each in rows), timedelta())
    return sum(each.cents for each in rows) if covered == last - first + timedelta(days=1) else None


def is_month(days: Collection[date]) -> bool:
    """Whether they are all days of one."""
    first, last = min(days), max(days)
    return (
        first.day == 1 and (last + timedelta(days=1)).day == 1 and (first.year, first.month) == (last.year, last.month)
    )
