"""`ccplane report`, as its reader sees it: the figures of Postgres, which are those of the wallboard's board."""

from __future__ import annotations

import asyncio
import csv
import json
from functools import reduce

import openpyxl
import pytest
from click.testing import CliRunner

from ccplane.cli import main
from ccplane.kpi.board import Board, evolve
from ccplane.postgres.pool import Database
from tests.postgres.histories import a_history
from tests.postgres.test_projections import store
from tests.postgres.test_rebuild_command import DAY, PAST

pytestmark = pytest.mark.postgres


async def kept(url):
    database = Database(url)
    await database.open()
    facts = a_history(4, steps=250, start=PAST).facts
    await store(database, facts)
    await database.close()
    return facts


@pytest.fixture
def facts(database, monkeypatch):
    """Of a day; nobody has counted yet."""
    monkeypatch.setenv("CCPLANE_DATABASE_URL", database)
    return asyncio.run(kept(database))


def ran(*words):
    made = CliRunner().invoke(main, ["report", *words])
    assert made.exit_code == 0, made.output
    return made.output


def test_a_day_by_queue_is_what_the_board_says(facts):
    told = json.loads(ran("daily", "--date", str(DAY), "--by", "queue", "--interval", "whole", "--format", "json"))
    board = reduce(evolve, facts, Board.begun()).ever
    assert {each["name"]: each["figures"]["offered"] for each in told["rows"]} == {
        name: each.entered for name, each in board.items()
    }
    assert told["total"]["answered"] == sum(each.answered for each in board.values())
    assert told["balance"]["entered"] == sum(each.entered for each in board.values())


def test_each_span_each_table_and_each_language_is_printed(facts):
    assert "Traffic · site" in ran("daily", "--date", str(DAY))
    assert "话务量统计表" in ran("weekly", "--date", str(DAY), "--lang", "zh-CN")
    assert "Agent workload · agent" in ran("monthly", "--date", str(DAY), "--table", "agents", "--interval", "whole")
    days = ("--from", str(DAY), "--to", str(DAY))
    assert "Service indicators · team" in ran("range", *days, "--table", "service", "--by", "team")


def test_a_file_for_a_spreadsheet_is_marked_as_utf8_and_has_a_row_for_each_hour(facts, tmp_path):
    out = tmp_path / "day.csv"
    assert ran("daily", "--date", str(DAY), "--format", "csv", "--out", str(out)) == ""
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24
    assert sum(int(each["offered"]) for each in rows) > 0


def test_a_workbook_goes_into_a_file_and_nowhere_else(facts, tmp_path):
    file = tmp_path / "day.xlsx"
    day = ("daily", "--date", str(DAY), "--by", "queue", "--interval", "whole")
    assert ran(*day, "--format", "xlsx", "--out", str(file)) == ""
    board = reduce(evolve, facts, Board.begun()).ever
    lines = list(openpyxl.load_workbook(file).worksheets[0].iter_rows(min_row=4, values_only=True))
    assert {line[2]: line[3] for line in lines[:-1]} == {name: each.entered for name, each in board.items()}
    refused = CliRunner().invoke(main, ["report", "daily", "--format", "xlsx"])
    assert (refused.exit_code, "--out" in refused.output) == (2, True)


def test_what_cannot_be_is_refused_in_a_sentence(facts):
    made = CliRunner().invoke(main, ["report", "daily", "--table", "agents", "--by", "number"])
    assert (made.exit_code, "not counted by number" in made.output) == (2, True)
