"""A report as XLSX, read back as a spreadsheet reads it."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import openpyxl
import pytest

from ccplane.kpi.definitions import DEFINITIONS
from ccplane.kpi.slices import By
from ccplane.reports.asked import Asked, report
from ccplane.reports.report import Interval
from ccplane.reports.sheet import as_xlsx
from ccplane.reports.tables import TABLES
from tests.reports.test_reports import LATER, LONG, NINE, TEN, Kept, a_slice, at

EIGHT = at("2026-10-25T08:00")


async def book(kept, table="traffic", by=None, lang="en"):
    made = await report(kept, Asked(table=table, first=LONG, last=LONG, interval=Interval.HOUR, by=by), LATER)
    return made, openpyxl.load_workbook(io.BytesIO(as_xlsx(made, lang)))


def rows(sheet):
    return [list(row) for row in sheet.iter_rows(min_row=3, values_only=True)]


async def test_numbers_are_numbers_rates_are_percentages_and_durations_are_times():
    made, read = await book(Kept(NINE, TEN))
    head, *lines, total = rows(read.worksheets[0])
    columns = {key: head.index(DEFINITIONS[key].en) for key in made.columns}
    (nine,) = [line for line in lines if line[0] == datetime(2026, 10, 25, 9)]
    assert nine[1] == datetime(2026, 10, 25, 10)
    assert (nine[columns["offered"]], nine[columns["answered"]]) == (3, 2)
    assert nine[columns["service_level_past"]] == pytest.approx(1 / 3)
    assert nine[columns["asa"]] == timedelta(seconds=25)
    assert total[columns["offered"]] == 4
    cell = read.worksheets[0].cell(4 + lines.index(nine), columns["service_level_past"] + 1)
    assert cell.number_format == "0.0%"
    assert len(lines) == 25, "a day of 25 hours"


async def test_what_there_is_no_data_of_is_empty_and_not_nothing():
    _, read = await book(Kept(NINE))
    head, first, *_ = rows(read.worksheets[0])
    assert first[head.index(DEFINITIONS["asa"].en)] is None
    assert first[head.index(DEFINITIONS["offered"].en)] == 0


@pytest.mark.parametrize("name", ["=1+1", "+86", "-5", "@sum", "http://x.example"])
async def test_a_name_is_text_whatever_it_begins_with(name):
    _, read = await book(Kept(a_slice(EIGHT, name=name, by=By.QUEUE, entered=1)), by=By.QUEUE)
    cell = read.worksheets[0].cell(4, 3)
    assert (cell.value, cell.data_type, cell.hyperlink) == (name, "s", None)


async def test_what_may_still_change_and_what_was_corrected_is_marked():
    _, read = await book(Kept(a_slice(EIGHT, entered=1, provisional=True, corrected_at=LATER)))
    line = next(row for row in rows(read.worksheets[0]) if row[0] == datetime(2026, 10, 25, 8))
    assert line[-1] == "*+"


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
@pytest.mark.parametrize("table", TABLES)
async def test_the_second_sheet_says_what_each_column_means(table, lang):
    made, read = await book(Kept(), table=table, lang=lang)
    said = {row[0]: row[1] for row in read.worksheets[1].iter_rows(values_only=True)}
    for key in made.columns:
        meant = DEFINITIONS[key]
        assert said[meant.zh if lang == "zh-CN" else meant.en] == meant.formula
    assert read.sheetnames[0] == (TABLES[table].zh if lang == "zh-CN" else TABLES[table].en)
