"""Open data: columns are as documented, rows are what the tables say, files are whole, and numbers are the reports'."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import asyncpg
import duckdb
import pytest

from ccplane.errors import RequestError
from ccplane.export import SORTED, export
from ccplane.kpi.slices import By, Grain
from ccplane.postgres.history import SUMMED, SliceStore
from ccplane.postgres.pool import place
from ccplane.postgres.queries import query
from tests.postgres.histories import START, a_history
from tests.postgres.open_data_page import BEGIN, PAGE, as_text, with_views
from tests.postgres.test_projections import store

pytestmark = pytest.mark.postgres
DAY_MS = 86_400_000
DAY = datetime.fromtimestamp(START / 1000, UTC).date()
LATER = START // DAY_MS * DAY_MS + 2 * DAY_MS
EXAMPLES = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
NUMBERS = re.compile(r"\+?\d{5,}")


@pytest.fixture
async def kept(db):
    """A day's rows, as shipping made them."""
    centre = a_history(3, steps=300)
    await store(db, centre.facts, [100, 300])
    return db


@pytest.fixture
async def folder(kept, tmp_path):
    await export(kept, DAY, DAY, tmp_path, LATER, lambda _: None)
    return tmp_path


async def test_the_page_lists_what_the_database_has(db):
    async with db.connection() as connection:
        rows = await connection.fetch(query("described"))
    assert all(row["meaning"] and row["about"] for row in rows), "each column says what it is"
    assert {row["view"] for row in rows} == SORTED.keys()
    page = PAGE.read_text()
    assert BEGIN in page
    assert with_views(page, as_text(rows)) == page, "python -m tests.postgres.open_data_page"


async def test_every_counter_that_is_kept_is_there(db):
    async with db.connection() as connection:
        shown = {row["name"] for row in await connection.fetch(query("columns_of_view"), "figures")}
    assert {*SUMMED} <= shown


async def test_who_was_given_the_views_reads_them_and_nothing_else(kept):
    name = place(kept.dsn).rpartition("/")[2]
    role = f"analyst_{name}"
    [statements] = re.findall(r"```sql postgres\n(.*?)```", PAGE.read_text(), re.DOTALL)
    server = await asyncpg.connect(kept.dsn)
    await server.execute(statements.replace("analyst", role))
    try:
        await server.execute(f"SET ROLE {role}")
        for view in SORTED:
            assert await server.fetchval(f"SELECT count(*) FROM open_data.{view}") >= 0
        assert await server.fetchval("SELECT count(*) FROM open_data.contacts")
        for table in ("contact", "pseudonym_key", "fact", "agent"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await server.fetch(f"SELECT * FROM public.{table}")
    finally:
        await server.execute(f"RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")
        await server.close()


async def test_no_number_of_a_caller_stands_in_them_and_the_same_caller_is_the_same_customer(db):
    centre = a_history(3, steps=300)
    await store(db, centre.facts)
    async with db.connection() as connection:
        await connection.execute("UPDATE contact SET caller = '+49301234567' WHERE direction = 'inbound'")
        rows = await connection.fetch("SELECT * FROM open_data.contacts WHERE direction = 'inbound'")
    assert len(rows) > 10
    assert {row["caller_area"] for row in rows} == {"+4930123"}
    [customer] = {row["customer"] for row in rows}
    assert re.fullmatch("[0-9a-f]{16}", customer)
    assert not any("4930123456" in str(value) for row in rows for value in row.values())


async def test_a_day_is_a_file_of_each_view_with_the_rows_of_that_day(kept, folder):
    duck = duckdb.connect()
    async with kept.connection() as connection:
        for view in SORTED:
            path = folder / view / f"day={DAY}" / "data.parquet"
            [[rows]] = duck.execute(f"SELECT count(*) FROM '{path}'").fetchall()
            of_the_day = f"SELECT count(*) FROM open_data.{view} WHERE {SORTED[view][0]} < instant({LATER - DAY_MS})"
            assert rows == await connection.fetchval(of_the_day), view
        described = await connection.fetch(query("described"))
    found = duck.execute(f"DESCRIBE FROM '{folder}/stays/*/*.parquet'").fetchall()
    assert [each[0] for each in found] == [row["name"] for row in described if row["view"] == "stays"] + ["day"]
    assert sorted(each.name for each in folder.rglob("*") if each.is_file()) == ["data.parquet"] * len(SORTED)


async def test_texts_and_nulls_come_through_as_they_are(kept, tmp_path):
    texts = ["", "a,b", 'say "hi"', "two\nlines", "客户", "=1+1", None]
    async with kept.connection() as connection:
        ids = [row["id"] for row in await connection.fetch("SELECT id FROM contact ORDER BY id LIMIT 7")]
        for each, text in zip(ids, texts, strict=True):
            await connection.execute("UPDATE contact SET attribution = $2 WHERE id = $1", each, text)
    await export(kept, DAY, DAY, tmp_path, LATER, lambda _: None)
    found = dict(duckdb.sql(f"SELECT contact, attribution FROM '{tmp_path}/contacts/*/*.parquet'").fetchall())
    assert [found[each] for each in ids] == texts


async def test_to_write_a_day_again_changes_what_late_facts_changed_and_says_so(kept, folder):
    before = {each: each.stat().st_ino for each in folder.rglob("*.parquet")}
    told = []
    await export(kept, DAY, DAY, folder, LATER, told.append)
    assert {each.changed for each in told} == {0}
    assert {each: each.stat().st_ino for each in folder.rglob("*.parquet")} == before, "no file was touched"
    async with kept.connection() as connection:
        await connection.execute(
            "UPDATE offer SET ring_ms = 1 WHERE id = (SELECT min(id) FROM offer WHERE made_at IS NOT NULL)"
        )
    told = []
    await export(kept, DAY, DAY, folder, LATER, told.append)
    assert {each.view: each.changed for each in told if each.changed} == {"offers": 1}


async def test_after_an_interruption_only_what_is_missing_is_written(kept, tmp_path):
    def stop(made):
        if made.view == "offers":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await export(kept, DAY, DAY, tmp_path, LATER, stop)
    told = []
    await export(kept, DAY, DAY, tmp_path, LATER, told.append, missing=True)
    assert [each.view for each in told] == list(SORTED)[list(SORTED).index("offers") + 1 :]
    assert not list(tmp_path.rglob("*.part"))


async def test_a_day_that_is_not_over_is_refused(kept, tmp_path):
    with pytest.raises(RequestError, match="not over"):
        await export(kept, DAY, DAY, tmp_path, START, lambda _: None)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
async def test_each_example_of_the_page_runs(folder, monkeypatch, example):
    monkeypatch.chdir(folder)
    assert duckdb.connect(config={"autoload_known_extensions": False}).execute(example).fetchall()


async def test_rows_and_counters_say_the_same_and_it_is_what_reports_are_made_of(kept, folder, monkeypatch):
    monkeypatch.chdir(folder)
    by_rows, by_counters = (duckdb.sql(each).fetchall() for each in EXAMPLES[:2])
    assert by_rows == by_counters
    days = await SliceStore(kept).slices(0, 1 << 50, Grain.DAY, By.QUEUE)
    assert [(each.name, each.counters.entered, each.counters.answered, each.counters.abandoned) for each in days] == [
        row[1:5] for row in by_rows
    ]


async def test_occupancy_is_that_of_the_figures(kept, folder, monkeypatch):
    monkeypatch.chdir(folder)
    [example] = [each for each in EXAMPLES if "occupancy" in each]
    agents = {row[0]: row[1:3] for row in duckdb.sql(example).fetchall()}
    days = await SliceStore(kept).slices(START, START + DAY_MS // 2, Grain.QUARTER, By.AGENT)
    sums = {}
    for each in await SliceStore(kept).slices(0, LATER - DAY_MS, Grain.QUARTER, By.AGENT):
        busy, free = sums.get(each.name, (0, 0))
        sums[each.name] = busy + each.times.busy_ms, free + each.times.free_ms
    assert days
    assert agents == sums
