"""A file taken over whole, or not at all; and written again as it is kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import msgspec

from ccplane.days import Calendar
from ccplane.errors import RequestError
from ccplane.imports.judged import clashes, days_of, judged
from ccplane.imports.kinds import KINDS, Kind, Where
from ccplane.imports.tables import LARGEST, Fault, Misread, from_csv, from_json
from ccplane.postgres.outside import OutsideStore, Row, table_of
from ccplane.spreadsheets import harmless

FORMATS: Final = {"csv": from_csv, "json": from_json}


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did, or as a `trial` would do. `first`, `last`: the days whose figures were replaced; `same`: rows
    that say what was there already."""

    kind: str
    first: date
    last: date
    rows: int
    added: int
    changed: int
    removed: int
    same: int
    trial: bool = False


async def load(
    store: OutsideStore,
    calendar: Calendar,
    kind: str,
    data: bytes,
    *,
    form: str,
    by: str,
    days: tuple[date, date] | None = None,
    only_named: bool = False,
    trial: bool = False,
) -> Loaded:
    """`days`: whose figures it replaces, unless given from the first to the last that it has rows of; with `only_named`
    those alone of agents, or teams, who are in it. RequestError "bad-figures" with all `faults`, "too-large",
    "not-named" (those that are nobody's), "no-such-figures"; StoreError: no Postgres. Then nothing was loaded."""
    if only_named and not table_of(kind).who:
        raise RequestError("not-named", f"{KINDS[kind].en} are nobody's: an import of them replaces all of its days.")
    if len(data) > LARGEST:
        sentence = f"It has {len(data):,} bytes, and {LARGEST:,} is the most: split it by days."
        raise RequestError("too-large", sentence, bytes=len(data), most=LARGEST)
    what, where = KINDS[kind], Where(calendar, await store.known())
    try:
        lines = FORMATS[form](data, what)
    except Misread as error:
        raise refused(error.faults) from None
    found = judged(lines, what, where, days)
    if found.faults:
        raise refused(found.faults, found.more)
    first, last = days or days_of(found.rows, what, where)
    new = list(zip(found.rows, found.at, strict=True))

    def judge(kept: Sequence[Row]) -> None:
        faults = clashes([*new, *((row, 0) for row in kept)], what, where, lines.called)
        if faults:
            raise refused(faults)

    table = what.table
    only = {table.of(row, table.who) for row in found.rows} if only_named and table.who else None
    bounds = what.bounds(first, last, calendar)
    done = await store.replace(kind, found.rows, bounds, (first, last), judge, by=by, only=only, trial=trial)
    return Loaded(kind=kind, first=first, last=last, rows=len(found.rows), trial=trial, **msgspec.structs.asdict(done))


def refused(faults: Sequence[Fault], more: int = 0) -> RequestError:
    """With the first hundred, and how many there are besides."""
    told = list(faults[:100])
    more += len(faults) - len(told)
    many = len(told) + more
    sentence = f"{many:,} fault{'s' if many > 1 else ''}; nothing was loaded."
    return RequestError("bad-figures", sentence, faults=told, more=more)


async def kept(store: OutsideStore, calendar: Calendar, kind: str, first: date, last: date) -> list[dict[str, str]]:
    """What is kept of those days, as files have it."""
    table_of(kind)
    what = KINDS[kind]
    return [cells(row, what, calendar) for row in await store.rows(kind, what.bounds(first, last, calendar))]


def cells(row: Row, kind: Kind, calendar: Calendar) -> dict[str, str]:
    return {column.key: column.write(value, calendar) for column, value in zip(kind.columns, row, strict=True)}


def as_csv(kind: str, rows: Sequence[dict[str, str]], lang: str = "en") -> str:
    """With a header, of `lang` "en" or "zh-CN"; `load` takes either. No spreadsheet works out any of its cells."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(each.names[0] if lang == "zh-CN" else each.key for each in KINDS[kind].columns)
    writer.writerows([harmless(cell) for cell in each.values()] for each in rows)
    return out.getvalue()


def as_json(kind: str, rows: Sequence[dict[str, str]]) -> str:
    """As `load` takes it."""
    told: dict[str, Any] = {"kind": kind, "rows": rows}
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n"
