"""Papers as text for people, as CSV for spreadsheets, as JSON for programs, and as XLSX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import msgspec
import xlsxwriter

from ccplane.days import zone
from ccplane.kpi.definitions import DEFINITIONS
from ccplane.reports.faults import WHATS
from ccplane.reports.paper import PAPERS, Cell, Column, Paper, Section
from ccplane.reports.sheet import DAY_MS, FORMATS, SETTINGS, WIDTH
from ccplane.reports.words import WORDS
from ccplane.reports.written import DASH, lined_up, moment, named, shown
from ccplane.spreadsheets import harmless

LABELS: Final = ("text", "time")


def as_text(paper: Paper, language: str) -> str:
    """For people, in columns."""
    words, title = WORDS[language], PAPERS[paper.table]
    said = [f"{named(title.en, title.zh, language)} · {_span(paper, words['to'])}{'*' * paper.provisional}"]
    for section in paper.sections:
        said += ["", named(section.en, section.zh, language)]
        if not section.rows:
            said.append(words["nothing"])
            continue
        lines = [[named(each.en, each.zh, language) for each in section.columns]]
        lines += [[_plain(cell, each, unit, paper, language) for cell, each, unit in row] for row in _cells(section)]
        said += lined_up(lines, sum(each.unit in LABELS for each in section.columns[:1]))
    said += ["", *(words[note] for note in paper.notes)]
    if paper.meant:
        said += ["", words["meaning"]]
        said += [f"  {_called(key, language)}: {DEFINITIONS[key].formula}" for key in paper.meant]
    return "\n".join(said) + "\n"


def as_csv(paper: Paper, language: str) -> str:
    """One table below the other, each with its key before it; raw numbers, times ISO 8601 of the site's clock."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for section in paper.sections:
        writer.writerow(["section", *(each.key for each in section.columns)])
        for row in _cells(section):
            writer.writerow([section.key, *(_raw(cell, each, paper) for cell, each, _ in row)])
    return out.getvalue()


def as_json(paper: Paper, language: str) -> str:
    """All of it, with what its figures mean."""
    words = WORDS[language]
    plain: dict[str, Any] = {
        "table": paper.table,
        "since": paper.since,
        "until": paper.until,
        "timezone": paper.timezone,
        "provisional": paper.provisional,
        "sections": {
            section.key: [{each.key: cell for cell, each, _ in row} for row in _cells(section)]
            for section in paper.sections
        },
        "notes": [words[note] for note in paper.notes],
        "definitions": {key: DEFINITIONS[key]._asdict() for key in paper.meant},
    }
    return msgspec.json.format(msgspec.json.encode(plain), indent=1).decode() + "\n"


def as_xlsx(paper: Paper, language: str) -> bytes:
    """A sheet for each table, typed cells."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, SETTINGS)
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    when = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    formats = {unit: book.add_format({"num_format": text}) for unit, text in FORMATS.items()}
    for section in paper.sections:
        sheet = book.add_worksheet(named(section.en, section.zh, language)[:31])
        for column, each in enumerate(section.columns):
            sheet.write_string(0, column, named(each.en, each.zh, language), bold)
        for at, row in enumerate(_cells(section), 1):
            for column, (cell, each, unit) in enumerate(row):
                if cell is None:
                    continue
                if isinstance(cell, str):
                    sheet.write_string(at, column, _worded(cell, each, language))
                elif unit == "time":
                    clock = datetime.fromtimestamp(cell / 1000, zone(paper.timezone)).replace(tzinfo=None)
                    sheet.write_datetime(at, column, clock, when)
                elif unit == "ms" and cell < 0:  # a sheet has no time below 0
                    sheet.write_string(at, column, _plain(cell, each, unit, paper, language))
                else:
                    sheet.write_number(
                        at, column, cell / DAY_MS if unit == "ms" else cell, formats.get(unit, formats[""])
                    )
        sheet.set_column(0, len(section.columns), WIDTH + 6)
        sheet.freeze_panes(1, 1)
    said = book.add_worksheet(WORDS[language]["meanings"])
    lines = [_span(paper, WORDS[language]["to"]), *(WORDS[language][note] for note in paper.notes)]
    lines += [f"{_called(key, language)}: {DEFINITIONS[key].formula}" for key in paper.meant]
    for at, line in enumerate(lines):
        said.write_string(at, 0, line)
    book.close()
    return out.getvalue()


def _cells(section: Section) -> Iterator[list[tuple[Cell, Column, str]]]:
    """Each row's cells, with their column and unit."""
    for n, row in enumerate(section.rows):
        own = section.units[n] if section.units else ""
        yield [
            (cell, each, own if each.unit is None else each.unit)
            for cell, each in zip(row, section.columns, strict=True)
        ]


def _plain(cell: Cell, column: Column, unit: str, paper: Paper, language: str) -> str:
    if cell is None:
        return DASH
    if isinstance(cell, str):
        return _worded(cell, column, language)
    if unit == "time":
        return f"{datetime.fromtimestamp(cell / 1000, zone(paper.timezone)):%Y-%m-%d %H:%M:%S}"
    if column.key == "change":
        sign = "+" if cell > 0 else "−" if cell < 0 else "±"
        return sign + (
            f"{100 * abs(cell):.1f} {WORDS[language]['points']}" if unit == "fraction" else shown(abs(cell), unit)
        )
    return shown(cell, unit)


def _raw(cell: Cell, column: Column, paper: Paper) -> Cell:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return harmless(cell)
    return moment(round(cell), paper.timezone) if column.unit == "time" else cell


def _worded(cell: str, column: Column, language: str) -> str:
    """A key as people say it, a name as it is."""
    if column.key == "what" and cell in WHATS:
        return named(WHATS[cell].en, WHATS[cell].zh, language)
    if column.key == "figure" and cell in DEFINITIONS:
        return _called(cell, language)
    return cell or WORDS[language]["none"] if column.key == "name" else cell


def _called(key: str, language: str) -> str:
    return named(DEFINITIONS[key].en, DEFINITIONS[key].zh, language)


def _span(paper: Paper, to: str) -> str:
    there = zone(paper.timezone)
    first, last = (datetime.fromtimestamp(at / 1000, there) for at in (paper.since, paper.until - 1))
    days = f"{first:%Y-%m-%d}" if first.date() == last.date() else f"{first:%Y-%m-%d} {to} {last:%Y-%m-%d}"
    return f"{days} ({paper.timezone})"
