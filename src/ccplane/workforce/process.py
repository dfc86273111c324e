"""What is asked of figures, answered in a process of its own: files are read there, and never by the plane (law 13).

One line of JSON comes in, `Asked`, and behind it the file, if there is one; one line goes out, `Answered`, and behind
it the answer itself. An error is an answer, too.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from datetime import date
from typing import Any, BinaryIO, Final

import msgspec

from ccplane.days import Calendar
from ccplane.errors import CcplaneError, RequestError, StoreError
from ccplane.imports.load import as_csv, as_json, kept, load
from ccplane.imports.tables import LARGEST
from ccplane.kpi.schedule import Terms
from ccplane.kpi.slices import By
from ccplane.kpi.workforce import Resolved, fcr
from ccplane.postgres.behind import BehindStore
from ccplane.postgres.faults import FaultStore
from ccplane.postgres.figures import FigureStore
from ccplane.postgres.history import SliceStore
from ccplane.postgres.outside import OutsideStore
from ccplane.postgres.pool import Database
from ccplane.reports import behind as behind_
from ccplane.reports import papers_written
from ccplane.reports import written as reports
from ccplane.reports.asked import Asked as ReportAsked
from ccplane.reports.asked import paper, report
from ccplane.reports.paper import PAPERS, Paper
from ccplane.reports.report import Interval, Report
from ccplane.reports.sheet import as_xlsx
from ccplane.workforce import written
from ccplane.workforce.asked import figures

JSON: Final = "application/json"
CSV: Final = "text/csv; charset=utf-8"
TEXT: Final = "text/plain; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WRITTEN: Final[dict[str, tuple[str, Callable[[Report, str], str | bytes]]]] = {
    "json": (JSON, reports.as_json),
    "csv": (CSV, reports.as_csv),
    "text": (TEXT, reports.as_text),
    "xlsx": (XLSX, as_xlsx),
}

PRINTED: Final[dict[str, tuple[str, Callable[[Paper, str], str | bytes]]]] = {
    "json": (JSON, papers_written.as_json),
    "csv": (CSV, papers_written.as_csv),
    "text": (TEXT, papers_written.as_text),
    "xlsx": (XLSX, papers_written.as_xlsx),
}
EXPLAINED: Final[dict[str, tuple[str, Callable[[behind_.Behind, str], str]]]] = {
    "json": (JSON, behind_.as_json),
    "csv": (CSV, behind_.as_csv),
    "text": (TEXT, behind_.as_text),
}


class Show(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The numbers of these days."""

    first: date
    last: date
    by: By


class Resolve(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """First contacts of these days; the windows as the site has them, unless given (ms)."""

    first: date
    last: date
    by: By
    before_ms: int | None = None
    after_ms: int | None = None


class Keep(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What was imported. `form`: csv or json."""

    kind: str
    first: date
    last: date
    form: str


class Take(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Import the file behind it; `load` says what each means."""

    kind: str
    form: str
    by: str
    days: tuple[date, date] | None = None
    only_named: bool = False
    trial: bool = False


class Tell(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A report, written as `form`: json, csv, text or xlsx."""

    table: str
    first: date
    last: date
    interval: Interval
    by: By | None
    form: str
    language: str


class Explain(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What a figure was counted from, written as `form`: json, csv or text."""

    wanted: behind_.Wanted
    form: str
    language: str


What = Show | Resolve | Keep | Take | Tell | Explain


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`database`: where Postgres is; `now`: ms UTC; `timezone`: the site's, where no plane has ever run."""

    database: str
    now: int
    terms: Terms
    timezone: str
    what: What


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """`type`: of what comes behind it. With a `code` it is an error: `fault` says of which class."""

    type: str = JSON
    code: str = ""
    fault: str = ""
    sentence: str = ""
    facts: dict[str, Any] = {}


async def answer(asked: Asked, file: BinaryIO) -> tuple[Answered, str | bytes]:
    """Never raises what is the asker's or Postgres's fault: it is told."""
    try:
        async with Database(asked.database) as database:
            return await _answer(asked, database, file)
    except (RequestError, StoreError) as error:
        return _told(error), ""


async def _answer(asked: Asked, database: Database, file: BinaryIO) -> tuple[Answered, str | bytes]:
    what = asked.what
    match what:
        case Show():
            found = await figures(database, what.first, what.last, what.by, asked.now, asked.terms, asked.timezone)
            return Answered(), written.as_json(found, "en")
        case Resolve():
            return Answered(), await _resolved(asked, what, database)
        case Keep():
            calendar = await _calendar(asked, database)
            rows = await kept(OutsideStore(database), calendar, what.kind, what.first, what.last)
            text = as_csv(what.kind, rows) if what.form == "csv" else as_json(what.kind, rows)
            return Answered(type=CSV if what.form == "csv" else JSON), text
        case Tell():
            wanted = ReportAsked(table=what.table, first=what.first, last=what.last, interval=what.interval, by=what.by)
            if what.table in PAPERS:
                sheet = await paper(SliceStore(database), FaultStore(database), wanted, asked.now)
                kind, print_ = PRINTED[what.form]
                return Answered(type=kind), print_(sheet, what.language)
            made = await report(SliceStore(database), wanted, asked.now)
            kind, write = WRITTEN[what.form]
            return Answered(type=kind), write(made, what.language)
        case Explain():
            told = await behind_.behind(SliceStore(database), BehindStore(database), what.wanted, asked.now)
            kind, explain = EXPLAINED[what.form]
            return Answered(type=kind), explain(told, what.language)
        case Take():
            done = await load(
                OutsideStore(database),
                await _calendar(asked, database),
                what.kind,
                file.read(LARGEST + 1),
                form=what.form,
                by=what.by,
                days=what.days,
                only_named=what.only_named,
                trial=what.trial,
            )
            return Answered(), msgspec.json.encode(done).decode()


async def _calendar(asked: Asked, database: Database) -> Calendar:
    return await SliceStore(database).calendar(asked.timezone)


async def _resolved(asked: Asked, what: Resolve, database: Database) -> str:
    since, until = (await _calendar(asked, database)).dates(what.first, what.last)
    before = asked.terms.before_ms if what.before_ms is None else what.before_ms
    after = asked.terms.after_ms if what.after_ms is None else what.after_ms
    found = await FigureStore(database).resolved_by(
        since, until, what.by, before_ms=before, after_ms=after, now=asked.now
    )
    rows = [{"name": name, **_plain(each)} for name, each in sorted(found.items())]
    told = {"by": what.by, "first": what.first, "last": what.last, "before_ms": before, "after_ms": after, "rows": rows}
    return msgspec.json.encode(told).decode()


def _plain(found: Resolved) -> dict[str, Any]:
    counts = {"first_contacts": found.first, "resolved": found.resolved}
    return {**counts, "fcr": fcr(found), "provisional": found.provisional}


def _told(error: CcplaneError) -> Answered:
    facts = msgspec.to_builtins({key: value for key, value in error.facts.items() if key in ("faults", "more")})
    fault = "store" if isinstance(error, StoreError) else "request"
    return Answered(code=error.code, fault=fault, sentence=error.sentence, facts=facts)


def main() -> None:
    """Ask on standard input, answer on standard output."""
    os.nice(10)
    asked = msgspec.json.decode(sys.stdin.buffer.readline(), type=Asked)
    answered, text = asyncio.run(answer(asked, sys.stdin.buffer))
    body = text.encode() if isinstance(text, str) else text
    sys.stdout.buffer.write(msgspec.json.encode(answered) + b"\n" + body)
    sys.stdout.buffer.flush()
