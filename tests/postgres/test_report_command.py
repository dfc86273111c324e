"""`ccplane report`, as its reader sees it: the figures of Postgres, which are those of the wallboard's board."""

from __future__ import annotations

import asyncio
import csv
import json
from collections import Counter
from datetime import UTC, datetime
from functools import reduce
from zoneinfo import ZoneInfo

import asyncpg
import openpyxl
import pytest
from click.testing import CliRunner

from ccplane.cli import main
from ccplane.contacts.facts import ContactArrived, Direction
from ccplane.kpi.board import Board, evolve
from ccplane.postgres.pool import Database
from ccplane.reports.faults import found
from tests.postgres.histories import a_history
from tests.postgres.test_projections import store
from tests.postgres.test_rebuild_command import DAY, DAY_MS, PAST

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


def test_yesterday_is_the_sites_whatever_the_machines_clock_says(facts, database, monkeypatch):
    """Five in the afternoon where the machine is; where the site is, the day is over."""
    moved = datetime(2026, 11, 24, 17, tzinfo=UTC)
    monkeypatch.setattr("ccplane.cli.report.time.time_ns", lambda: round(moved.timestamp()) * 1_000_000_000)
    assert days_of("daily") == ("2026-11-23", "2026-11-24")
    asyncio.run(in_shanghai(database))
    assert days_of("daily") == ("2026-11-24", "2026-11-25")
    assert days_of("weekly") == ("2026-11-23", "2026-11-30")
    assert days_of("monthly", "--table", "brief") == ("2026-11-01", "2026-12-01")


def days_of(*words):
    told = json.loads(ran(*words, "--format", "json"))
    there = ZoneInfo(told["timezone"])
    return tuple(str(datetime.fromtimestamp(told[key] / 1000, there).date()) for key in ("since", "until"))


async def in_shanghai(url):
    connection = await asyncpg.connect(url)
    await connection.execute("UPDATE site_rule SET timezone = 'Asia/Shanghai'")
    await connection.close()


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


def test_the_numbers_that_were_dialled_say_what_they_brought(facts):
    day = ("daily", "--date", str(DAY), "--table", "numbers", "--interval", "whole", "--format", "json")
    told = json.loads(ran(*day))
    inbound = [fact for fact in facts if isinstance(fact, ContactArrived) and fact.direction is Direction.INBOUND]
    assert sum(each["figures"]["contacts_arrived"] for each in told["rows"]) == len(inbound) > 0
    assert told["total"]["contacts_arrived"] == len(inbound)


def test_faults_and_the_brief_are_told_of_what_postgres_has(facts):
    faults = json.loads(ran("daily", "--date", str(DAY), "--table", "faults", "--format", "json"))
    kinds = {each["what"]: each["times"] for each in faults["sections"]["summary"]}
    expected = Counter(each.what for each in found(facts, PAST - DAY_MS // 2, PAST + DAY_MS // 2, facts[-1].at))
    assert kinds == expected | ({"calls-lost": kinds["calls-lost"]} if "calls-lost" in kinds else {})
    assert sum(expected.values()) == len(faults["sections"]["each"]) > 0
    brief = json.loads(ran("daily", "--date", str(DAY), "--table", "brief", "--format", "json"))
    board = reduce(evolve, facts, Board.begun()).ever
    now = {each["figure"]: each["now"] for each in brief["sections"]["headline"]}
    assert now["offered"] == sum(each.entered for each in board.values())
    assert {each["name"]: each["offered"] for each in brief["sections"]["queues"]} == {
        name: each.entered for name, each in board.items() if each.entered
    }
    assert "The centre in brief" in ran("weekly", "--date", str(DAY), "--table", "brief")


def test_a_page_about_the_site_is_not_grouped(facts):
    made = CliRunner().invoke(main, ["report", "daily", "--table", "brief", "--by", "queue"])
    assert (made.exit_code, "not counted by queue" in made.output) == (2, True)


def test_what_cannot_be_is_refused_in_a_sentence(facts):
    made = CliRunner().invoke(main, ["report", "daily", "--table", "agents", "--by", "number"])
    assert (made.exit_code, "not counted by number" in made.output) == (2, True)
