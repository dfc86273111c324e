"""What is read of the live figures: those of one group, over a window, the running day, or a shift."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from ccplane.kpi.agent_times import parts
from ccplane.kpi.board import Board
from ccplane.kpi.brought import Brought
from ccplane.kpi.counters import Counters
from ccplane.kpi.definitions import LEAST_GAP_MS
from ccplane.kpi.lanes import BROUGHT, COUNTERS, TIMES
from ccplane.kpi.live import Live, Span, key
from ccplane.kpi.rows import Rows
from ccplane.kpi.slices import WHOLE_SITE, By
from ccplane.kpi.spans import WINDOWS, minute_of, window
from ccplane.kpi.times import NO_TIME, Times

TODAY: Final = "today"
WITH_CONTACTS: Final = (By.SITE, By.NUMBER)
WITH_TIMES: Final = (By.SITE, By.TEAM, By.AGENT)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """One group's. `waiting`, `longest_wait_ms`: now, of those who entered in the window; `overdue`: of them, who wait
    longer than the threshold. `brought`, `times`: None where they are not counted by that group."""

    name: str
    counters: Counters
    waiting: int = 0
    longest_wait_ms: int = 0
    overdue: int = 0
    brought: Brought | None = None
    times: Times | None = None


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Figures over [began_at, until), ms UTC, in the order of names. `ends_at`: of the day or shift; None of a window.
    `provisional`: somebody did not watch for a while, or nothing was counted before `counted_since`."""

    began_at: int
    until: int
    ends_at: int | None
    counted_since: int
    provisional: bool
    figures: tuple[Figures, ...]


def spans(live: Live) -> tuple[str, ...]:
    """What `reading` takes as its window."""
    return (*WINDOWS, TODAY, *live.hours)


def names(live: Live, by: By) -> list[str]:
    """All for whom anything is known, in order: of queues and skills also those of the site's files."""
    if by is By.SITE:
        return [WHOLE_SITE]
    if by not in WITH_TIMES:
        return live.named(by, lambda: sorted(_names(live, by)))
    return sorted(_names(live, by))


def _names(live: Live, by: By) -> set[str]:
    prefix = key(by, "")
    keys = {each for held in live.asked.values() for each in held}
    for rows in _held(live):
        keys |= rows.counters.keys() | rows.brought.keys()
    keys |= set(live.numbers.values())
    found = {each[len(prefix) :] for each in keys if each.startswith(prefix)}
    if by in WITH_TIMES:
        for agent, axes in live.times.axes.items():
            if axes.present:
                found.add(str(agent) if by is By.AGENT else axes.team)
    return found


def _held(live: Live) -> Iterable[Rows]:
    return (span.rows for span in live.spans())


def reading(board: Board, by: By, over: str, now: int, wanted: Collection[str]) -> Reading:
    """Of `wanted`, over one of `spans`; KeyError for another."""
    live = board.live
    span: Span | None = None
    if over in WINDOWS:
        began_at, until = window(now, WINDOWS[over])
        ends_at, since = None, began_at if live.since is None else max(began_at, live.since)
    else:
        span = live.today if over == TODAY else live.shifts[over]
        began_at, ends_at, since = span.began_at, span.ends_at, span.since
        until = max(began_at, min(now, ends_at))
        if over == TODAY and now >= ends_at:  # midnight is over, and nothing has happened since
            board = board.on_day(now)
            began_at, ends_at, since, until, span = (
                board.today.began_at,
                board.today.ends_at,
                board.today.began_at,
                now,
                None,
            )
    counted = _minutes(live, began_at, until, by, wanted) if span is None else _span(span, by, wanted)
    times = _times(live, by, began_at, until, span, wanted) if by in WITH_TIMES else {}
    waits = _waits(live, by, began_at, ends_at or now + 1, now, wanted)
    figures = []
    for name in wanted:
        row, brought = counted[name]
        waiting, longest, overdue = waits.get(name, (0, 0, 0))
        figures.append(
            Figures(
                name=name,
                counters=COUNTERS.unpacked(row),
                waiting=waiting,
                longest_wait_ms=longest,
                overdue=overdue,
                brought=BROUGHT.unpacked(brought) if by in WITH_CONTACTS else None,
                times=times.get(name, NO_TIME) if by in WITH_TIMES else None,
            )
        )
    return Reading(
        began_at=began_at,
        until=until,
        ends_at=ends_at,
        counted_since=since,
        provisional=since > began_at or _gap(board, began_at, until),
        figures=tuple(figures),
    )


def _minutes(live: Live, began_at: int, until: int, by: By, wanted: Iterable[str]) -> dict[str, tuple[int, int]]:
    held = [rows for at, rows in live.minutes.items() if began_at <= at < until]
    of = {name: key(by, name) for name in wanted}
    return {
        name: (sum(r.counters.get(each, 0) for r in held), sum(r.brought.get(each, 0) for r in held))
        for name, each in of.items()
    }


def _span(span: Span, by: By, wanted: Iterable[str]) -> dict[str, tuple[int, int]]:
    rows = span.rows
    of = {name: key(by, name) for name in wanted}
    return {name: (rows.counters.get(each, 0), rows.brought.get(each, 0)) for name, each in of.items()}


def _times(
    live: Live, by: By, began_at: int, until: int, span: Span | None, wanted: Collection[str]
) -> Mapping[str, Times]:
    """What is over, and what goes on."""
    rows: defaultdict[str, int] = defaultdict(int)
    if span is not None:
        rows.update(span.rows.times)
    else:
        edge = minute_of(began_at)
        for each in live.times.firsts:
            if row := live.times.in_window(each, edge):
                rows[each] += row
    for each, row in live.times.running(began_at, until):
        rows[each] += row
    sums: defaultdict[str, int] = defaultdict(int)
    paused: defaultdict[str, dict[str, int]] = defaultdict(dict)
    asked = frozenset(wanted)
    for each, row in rows.items():
        agent, team, reason = parts(each)
        name = agent if by is By.AGENT else team if by is By.TEAM else WHOLE_SITE
        if name in asked:
            sums[name] += row
            if took := (row >> _PAUSED) & _LANE:
                paused[name][reason] = paused[name].get(reason, 0) + took
    return {name: replace(TIMES.unpacked(row), paused_by=paused[name]) for name, row in sums.items()}


_PAUSED: Final = TIMES.one["paused_ms"].bit_length() - 1
_LANE: Final = (1 << 64) - 1


def _waits(
    live: Live, by: By, began_at: int, ends_at: int, now: int, wanted: Collection[str]
) -> dict[str, tuple[int, int, int]]:
    """Of those who wait: how many, how long the first of them has, and how many for longer than the threshold."""
    names, found = {key(by, name): name for name in wanted}, dict[str, list[int]]()
    for stay in live.stays.values():
        if not began_at <= stay.at < ends_at:
            continue
        for each in stay.keys:
            if each in names:
                held = found.get(each)
                if held is None:
                    held = found[each] = [0, now, 0]
                held[0] += 1
                held[1] = min(held[1], stay.at)
                held[2] += now - stay.at > live.within(stay.queue)
    return {names[each]: (many, now - first, late) for each, (many, first, late) in found.items()}


def _gap(board: Board, began_at: int, until: int) -> bool:
    """Whether nobody watched for a while in [began_at, until)."""
    for gap in (*board.yesterday.gaps, *board.today.gaps):
        if gap.began_at < until and (gap.ended_at is None or gap.ended_at > began_at):
            return True
    return any(since is not None and until - since >= LEAST_GAP_MS for since in board.watched.values())
