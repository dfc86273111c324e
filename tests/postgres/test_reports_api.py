"""Reports over the API, by the real process beside it: what it says is what the command says."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
import pytest

from ccplane.postgres.history import SliceStore
from ccplane.reports.asked import Asked, report
from ccplane.reports.report import Interval
from ccplane.reports.written import as_csv, as_json, as_text
from ccplane.workforce.process import XLSX
from tests.postgres.test_figures_api import AT, HOUR, api, asking

__all__ = ["api", "asking"]
pytestmark = pytest.mark.postgres
PATH = "/api/v1/reports"
DAYS = {"from": "2026-11-23", "to": "2026-11-24"}


@pytest.mark.parametrize(("form", "write"), [("json", as_json), ("csv", as_csv), ("text", as_text)])
async def test_it_is_what_the_command_says_in_each_form(db, api, form, write):
    told = await api.get(f"{PATH}/agents", params=DAYS | {"format": form, "lang": "zh-CN"})
    wanted = Asked(table="agents", first=date(2026, 11, 23), last=date(2026, 11, 24), interval=Interval.DAY)
    made = await report(SliceStore(db), wanted, AT + 72 * HOUR)
    assert made.rows
    assert told.text == write(made, "zh-CN")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"from": "2016-11-23", "to": "2026-11-24", "interval": "quarter"}, "too-long"),
        ({"from": "2026-11-24", "to": "2026-11-23"}, "wrong-way"),
        (DAYS | {"by": "number"}, "not-by"),
    ],
)
async def test_what_no_report_can_be_made_of_is_refused_and_says_what_to_do(api, params, code):
    problem = await api.get(f"{PATH}/agents", params=params)
    assert (problem.status_code, problem.json()["code"]) == (422, code)
    assert problem.json()["detail"]


@pytest.mark.parametrize("table", ["faults", "brief"])
async def test_a_page_of_several_tables_is_told_in_each_form(api, table):
    plain = await api.get(f"{PATH}/{table}", params=DAYS)
    assert set(plain.json()) >= {"sections", "notes", "definitions", "provisional"}
    text = await api.get(f"{PATH}/{table}", params=DAYS | {"format": "text", "lang": "zh-CN"})
    assert text.text.startswith({"faults": "故障记录统计表", "brief": "服务中心简报"}[table])
    book = await api.get(f"{PATH}/{table}", params=DAYS, headers={"Accept": XLSX})
    assert len(openpyxl.load_workbook(io.BytesIO(book.content)).worksheets) == len(plain.json()["sections"]) + 1


async def test_as_xlsx_it_is_a_workbook_of_the_same_rows(api):
    told = await api.get(f"{PATH}/agents", params=DAYS, headers={"Accept": XLSX})
    assert told.headers["content-type"] == XLSX
    sheet = openpyxl.load_workbook(io.BytesIO(told.content)).worksheets[0]
    plain = (await api.get(f"{PATH}/agents", params=DAYS)).json()
    names = [row[2] for row in sheet.iter_rows(min_row=4, values_only=True)][:-1]
    assert names == [row["name"] for row in plain["rows"]]
