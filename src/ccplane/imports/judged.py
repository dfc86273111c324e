"""All rows of a file, judged before any is loaded: each cell by itself, each row, and rows against each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from ccplane.imports.cells import Unreadable, moment_told
from ccplane.imports.kinds import DAY_MS, Kind, Where, whole_days
from ccplane.imports.tables import LONGEST_CELL, MOST_ROWS, Fault, Line, Lines, Misread
from ccplane.postgres.outside import Row

TOLD: Final = 100
"""Faults that are told one by one."""


class Judged(NamedTuple):
    """`at`: of each row, which one of the file it was. `more`: faults beside those that are told."""

    rows: list[Row]
    at: list[int]
    faults: list[Fault]
    more: int = 0


def judged(lines: Lines, kind: Kind, where: Where, days: tuple[date, date] | None = None) -> Judged:
    """With `days`, those alone may be in it."""
    rows, at, faults = list[Row](), list[int](), list[Fault]()
    try:
        for line in lines.lines:
            if len(rows) >= MOST_ROWS:
                faults.append(Fault(line.row, "", f"a file may have {MOST_ROWS:,} rows; split it by days"))
                break
            row = _row(line, lines.called, kind, where, faults)
            if row is not None and _fits(line.row, row, lines.called, kind, where, days, faults):
                rows.append(row)
                at.append(line.row)
    except Misread as error:
        faults += error.faults
    if not rows and not faults and days is None:
        faults.append(Fault(1, "", "there are no rows; to take all away from some days, say which"))
    faults += clashes(zip(rows, at, strict=True), kind, where, lines.called)
    faults.sort(key=lambda each: each.row)
    return Judged(rows, at, faults[:TOLD], max(0, len(faults) - TOLD))


def _row(line: Line, called: dict[str, str], kind: Kind, where: Where, faults: list[Fault]) -> Row | None:
    if line.wrong:
        faults += line.wrong
        return None
    before, values = len(faults), list[Any]()
    for column in kind.columns:
        text = line.cells.get(column.key, "")
        try:
            if len(text) > LONGEST_CELL:
                raise Unreadable(f"a cell may have {LONGEST_CELL:,} characters")
            if not text and column.needed:
                raise Unreadable("is empty")
            values.append(column.read(text, where))
        except Unreadable as error:
            faults.append(Fault(line.row, called.get(column.key, column.key), str(error)))
    return tuple(values) if len(faults) == before else None


def _fits(
    n: int,
    row: Row,
    called: dict[str, str],
    kind: Kind,
    where: Where,
    days: tuple[date, date] | None,
    faults: list[Fault],
) -> bool:
    """Whether the row can be, taken by itself."""
    table, wrong = kind.table, ""
    if table.until:
        begins, ends = table.of(row, table.place), table.of(row, table.until)
        if ends < begins or (ends == begins and not isinstance(ends, date)):
            wrong = "comes before where it begins" if ends < begins else "is when it begins"
        elif _length(begins, ends) > kind.longest:
            longest = kind.longest // timedelta(hours=1)
            wrong = f"a row may be {f'{longest // 24} days' if longest > 24 else f'{longest} hours'} long"
        if wrong:
            faults.append(Fault(n, called["to"], wrong))
            return False
    if days is not None and not days[0] <= kind.day(row, where.calendar) <= days[1]:
        place = kind.columns[table.columns.index(table.place)].key
        faults.append(Fault(n, called[place], f"is not within {days[0]} to {days[1]}"))
        return False
    return True


def _length(begins: Any, ends: Any) -> timedelta:
    if isinstance(begins, date):
        return timedelta(days=whole_days(begins, ends))
    return timedelta(days=(ends - begins) / DAY_MS)


class _Span(NamedTuple):
    """What must not overlap another of the same. `which`: of the file's rows; 0 is what is kept."""

    whose: Row
    begins: Any
    ends: Any
    which: int

    def meets(self, later: _Span) -> bool:
        if self.whose != later.whose:
            return False
        return bool(later.begins < self.ends or (later.begins == self.ends and isinstance(self.ends, date)))


def clashes(rows: Iterable[tuple[Row, int]], kind: Kind, where: Where, called: dict[str, str]) -> list[Fault]:
    """What can't stand together: the same thing said twice, or times that overlap, of each agent or team. Each row
    comes with which of the file it is, or 0 if it is kept; the fault is at the later one."""
    table, faults = kind.table, list[Fault]()
    column = kind.columns[table.columns.index(table.place)].key
    whose = [n for n, each in enumerate(table.columns) if each in table.key and each != table.place]
    ends = table.until or table.place
    longest: _Span | None = None
    for this in sorted(
        _Span(tuple(row[n] for n in whose), table.of(row, table.place), table.of(row, ends), which)
        for row, which in rows
    ):
        if longest is not None and longest.meets(this):
            first, second = sorted((longest, this), key=lambda each: each.which)
            other = f"row {first.which}" if first.which else "what is kept already"
            said = f"overlaps {other}, {_shown(first, where)}" if table.until else f"says the same as {other}"
            faults.append(Fault(second.which, called.get(column, column), said))
        if longest is None or longest.whose != this.whose or longest.ends <= this.ends:
            longest = this
    return faults


def _shown(span: _Span, where: Where) -> str:
    ways = (each if isinstance(each, date) else moment_told(each, where.calendar) for each in (span.begins, span.ends))
    return " to ".join(map(str, ways))


def days_of(rows: Sequence[Row], kind: Kind, where: Where) -> tuple[date, date]:
    """The first and the last."""
    days = [kind.day(each, where.calendar) for each in rows]
    return min(days), max(days)
