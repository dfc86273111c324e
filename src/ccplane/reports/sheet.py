"""Reports as XLSX: typed cells to go on calculating with, and what they mean on a second sheet."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any, Final

import xlsxwriter

from ccplane.kpi.definitions import DEFINITIONS
from ccplane.kpi.measures import Figure
from ccplane.kpi.slices import By
from ccplane.reports.report import Report, Row
from ccplane.reports.tables import TABLES
from ccplane.reports.words import WORDS
from ccplane.reports.written import local, named, notes

DAY_MS: Final = 86_400_000
FORMATS: Final = {"fraction": "0.0%", "ms": "[h]:mm:ss", "": "#,##0.##"}
SETTINGS: Final = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
"""Text stays text, whatever it begins with."""
WIDTH: Final = 14
FIRST_ROW: Final = 3


def as_xlsx(report: Report, language: str) -> bytes:
    """Fractions are percentages, durations are times, both of full precision; a cell without data is empty. Times are
    those of the site's clock."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, SETTINGS)
    table, words = TABLES[report.table], WORDS[language]
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    when = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    formats = {unit: book.add_format({"num_format": text}) for unit, text in FORMATS.items()}
    sheet = book.add_worksheet(named(table.en, table.zh, language))
    sheet.write_string(0, 0, f"{sheet.name} · {words[report.by.value]} · {report.timezone}", bold)
    group = [] if report.by is By.SITE else [words[report.by.value]]
    head = [words["from"], words["until"], *group]
    head += [named(DEFINITIONS[key].en, DEFINITIONS[key].zh, language) for key in report.columns]
    for column, text in enumerate([*head, words["marks"]]):
        sheet.write_string(FIRST_ROW - 1, column, text, bold)
    units = [DEFINITIONS[key].unit for key in report.columns]
    first_figure = 2 + len(group)

    def put(at: int, figures: tuple[Figure, ...]) -> None:
        for column, (figure, unit) in enumerate(zip(figures, units, strict=True), first_figure):
            if figure is not None:
                value = figure / DAY_MS if unit == "ms" else figure
                sheet.write_number(at, column, value, formats.get(unit, formats[""]))

    at = FIRST_ROW
    for row in report.rows:
        sheet.write_datetime(at, 0, _clock(row.began_at, report), when)
        sheet.write_datetime(at, 1, _clock(row.ends_at, report), when)
        if group:
            sheet.write_string(at, 2, row.name or words["none"])
        put(at, row.figures)
        sheet.write_string(at, first_figure + len(units), _marks(row))
        at += 1
    sheet.write_string(at, 0, words["total"], bold)
    sheet.write_string(at, first_figure + len(units), "*" * report.provisional)
    put(at, report.total)
    sheet.set_column(0, 1, WIDTH + 3)
    sheet.set_column(2, first_figure + len(units), WIDTH)
    sheet.freeze_panes(FIRST_ROW, first_figure)
    _meanings(book, bold, report, language)
    book.close()
    return out.getvalue()


def _meanings(book: Any, bold: Any, report: Report, language: str) -> None:
    sheet = book.add_worksheet(WORDS[language]["meanings"])
    said = notes(report, language)
    for at, text in enumerate(said):
        sheet.write_string(at, 0, text)
    for at, key in enumerate(report.columns, len(said) + 1):
        meant = DEFINITIONS[key]
        sheet.write_string(at, 0, named(meant.en, meant.zh, language), bold)
        sheet.write_string(at, 1, meant.formula)
        sheet.write_string(at, 2, meant.unit)
        sheet.write_string(at, 3, f"v{meant.version}")
    sheet.set_column(0, 0, 2 * WIDTH)
    sheet.set_column(1, 1, 6 * WIDTH)


def _clock(at: int, report: Report) -> datetime:
    return local(at, report).replace(tzinfo=None)


def _marks(row: Row) -> str:
    return "*" * row.provisional + "+" * (row.corrected_at is not None)
