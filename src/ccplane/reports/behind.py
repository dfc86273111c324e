"""From a figure of a report to what it was counted from."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec

from ccplane.days import Calendar, Span
from ccplane.errors import RequestError
from ccplane.kpi.behind import Kind, Thing, counts_of, made_of
from ccplane.kpi.definitions import DEFINITIONS
from ccplane.kpi.measures import MEASURES, Figure, summed
from ccplane.kpi.slices import QUARTER_MS, By, Grain, Slice
from ccplane.postgres.cursors import cursor, place
from ccplane.reports.tables import figure
from ccplane.reports.words import WORDS
from ccplane.reports.written import lined_up, moment, named, shown
from ccplane.spreadsheets import harmless

MOST: Final = 5_000


class Counted(Protocol):
    """Figures of the past."""

    async def count(self, now: int) -> int: ...
    async def calendar(self) -> Calendar: ...
    async def sums(
        self, spans: Sequence[Span], grain: Grain, by: By, names: tuple[str, ...] = (), /, *, most: int
    ) -> list[Slice]: ...


class Things(Protocol):
    """What they were counted from."""

    async def things(
        self,
        kind: Kind,
        counters: tuple[str, ...],
        since: int,
        until: int,
        by: By,
        name: str,
        *,
        after: tuple[int, str] | None,
        limit: int,
        now: int,
    ) -> list[Thing]: ...


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One cell: a figure of [since, until), ms UTC, of one group. `kind`: None is the first of which it is made.
    `after`: the `next` of the page before."""

    figure: str
    since: int
    until: int
    by: By = By.SITE
    name: str = ""
    kind: Kind | None = None
    after: str | None = None
    limit: int = 100


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    """`value`: the figure; `counters`: those that make it; `kinds`: of what; `things`: a page of those of `kind`, in
    order of time. The counts of all pages of a kind, added up, are its counters."""

    figure: str
    since: int
    until: int
    timezone: str
    by: By
    name: str
    value: Figure
    counters: dict[str, int]
    kinds: tuple[Kind, ...]
    kind: Kind
    things: tuple[Thing, ...]
    next: str | None
    provisional: bool


async def behind(counted: Counted, store: Things, wanted: Wanted, now: int) -> Behind:
    """RequestError "no-such-figure", "no-such-kind", "not-a-quarter", "wrong-way", "bad-cursor"; StoreError."""
    parts = made_of(wanted.figure) if wanted.figure in MEASURES else None
    if not parts:
        raise RequestError("no-such-figure", f"`{wanted.figure}` is none of {', '.join(MEASURES)}.")
    kind = wanted.kind or next(iter(parts))
    if kind not in parts:
        raise RequestError("no-such-kind", f"{wanted.figure} is made of {', '.join(parts)}, and not of {kind}.")
    if wanted.since % QUARTER_MS or wanted.until % QUARTER_MS:
        raise RequestError("not-a-quarter", "Figures are kept by the quarter of an hour: give its beginning and end.")
    if wanted.until <= wanted.since:
        raise RequestError("wrong-way", "It must end after it begins.")
    after = place(wanted.after) if wanted.after else None
    await counted.count(now)
    slices = await counted.sums([(wanted.since, wanted.until)], Grain.QUARTER, wanted.by, (wanted.name,), most=1)
    sums = summed(slices)
    limit = max(1, min(wanted.limit, MOST))
    found = await store.things(
        kind,
        parts[kind],
        wanted.since,
        wanted.until,
        wanted.by,
        wanted.name,
        after=after,
        limit=limit + 1,
        now=now,
    )
    page = found[:limit]
    return Behind(
        figure=wanted.figure,
        since=wanted.since,
        until=wanted.until,
        timezone=(await counted.calendar()).timezone(wanted.since),
        by=wanted.by,
        name=wanted.name,
        value=figure(wanted.figure, wanted.by, sums),
        counters=counts_of(sums, tuple(name for names in parts.values() for name in names)),
        kinds=tuple(parts),
        kind=kind,
        things=tuple(page),
        next=cursor(page[-1].at, page[-1].id) if len(found) > limit else None,
        provisional=wanted.until > now or any(each.provisional for each in slices),
    )


COLUMNS: Final = ("at", "contact", "segment", "queue", "number_dialled", "caller", "agent", "outcome")


def as_json(told: Behind, language: str) -> str:
    """All of it, with what the figure means."""
    plain: dict[str, Any] = msgspec.to_builtins(told)
    plain["definition"] = DEFINITIONS[told.figure]._asdict()
    return msgspec.json.format(msgspec.json.encode(plain), indent=1).decode() + "\n"


def as_csv(told: Behind, language: str) -> str:
    """The page's things, a line each, with what each adds to each counter."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    counters = _counters(told)
    writer.writerow([*COLUMNS, *counters])
    for each in told.things:
        writer.writerow([*map(harmless, _cells(each, told)), *(each.counts.get(name, 0) for name in counters)])
    return out.getvalue()


def as_text(told: Behind, language: str) -> str:
    """The figure, how it is made, and its things in columns."""
    meant, words, counters = DEFINITIONS[told.figure], WORDS[language], _counters(told)
    of = f"{words[told.by.value]} {told.name}".strip()
    said = [
        f"{named(meant.en, meant.zh, language)} · {of} · {moment(told.since, told.timezone)} {words['to']} "
        f"{moment(told.until, told.timezone)} ({told.timezone})",
        "",
        f"{shown(told.value, meant.unit)}{'*' * told.provisional}  = {meant.formula} (v{meant.version})",
        ", ".join(f"{name} {count:,}" for name, count in told.counters.items()),
    ]
    said += [words["provisional"]] * told.provisional
    if not told.things:
        return "\n".join([*said, "", words["nothing"]]) + "\n"
    lines = [[*COLUMNS, *counters]]
    for each in told.things:
        lines.append([*_cells(each, told), *(str(each.counts.get(name, 0)) for name in counters)])
    said += ["", *lined_up(lines, len(COLUMNS))]
    return "\n".join([*said, *([words["more"].format(next=told.next)] if told.next else [])]) + "\n"


def _counters(told: Behind) -> tuple[str, ...]:
    return made_of(told.figure)[told.kind]


def _cells(each: Thing, told: Behind) -> list[str]:
    values = (getattr(each, name) for name in COLUMNS[1:])
    return [moment(each.at, told.timezone), *("" if value is None else str(value) for value in values)]
