"""Figures from outside: judged whole, loaded whole or not at all, and replaced by those of the same days."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccplane.cli import main as ccplane
from ccplane.days import Calendar, Since
from ccplane.errors import RequestError
from ccplane.imports.load import as_csv, as_json, kept, load
from ccplane.imports.tables import LARGEST
from ccplane.postgres.copying import made_by_migrations
from ccplane.postgres.outside import TABLES, OutsideStore
from tests.site.sites import TOP

pytestmark = pytest.mark.postgres
BERLIN = Calendar([Since(0, "Europe/Berlin")])
AGENTS = ("1001", "1002", "=cmd", "王芳")
DAY = date(2026, 11, 23)
HEADER = "agent,from,to,activity\n"
MONDAY = f"""{HEADER}1001,2026-11-23 09:00,2026-11-23 12:00,work
1001,2026-11-23 12:00,2026-11-23 12:30,meal
1002,2026-11-23 22:00,2026-11-24 06:00,work
"""


@pytest.fixture
async def store(db):
    async with db.connection() as connection:
        rows = [(each, "sales") for each in AGENTS]
        await connection.executemany(
            "INSERT INTO agent (id, name, seat, phone, sip_secret, team) VALUES ($1, $1, $1, $1, '', $2)", rows
        )
    return OutsideStore(db)


async def loaded(store, data, kind="schedules", calendar=BERLIN, **told):
    given = data if isinstance(data, bytes) else data.encode()
    return await load(store, calendar, kind, given, **{"form": "csv", "by": "Lea"} | told)


async def faults(store, data, kind="schedules", **told):
    with pytest.raises(RequestError) as refused:
        await loaded(store, data, kind, **told)
    assert refused.value.code == "bad-figures"
    return [str(each) for each in refused.value.facts["faults"]]


async def all_of(store, kind="schedules", first=date(2000, 1, 1), last=date(2099, 12, 30)):
    return await kept(store, BERLIN, kind, first, last)


async def counts(store, data, kind="schedules", **told):
    done = await loaded(store, data, kind, **told)
    return done.added, done.changed, done.removed, done.same


async def test_a_file_is_loaded_and_the_same_again_changes_nothing(store):
    assert await counts(store, MONDAY) == (3, 0, 0, 0)
    assert await counts(store, MONDAY) == (0, 0, 0, 3)
    assert [each["from"] for each in await all_of(store)] == [
        "2026-11-23T09:00:00+01:00",
        "2026-11-23T12:00:00+01:00",
        "2026-11-23T22:00:00+01:00",
    ]


async def test_an_import_replaces_those_of_its_days_and_says_what_was_other_than_before(store):
    await loaded(store, MONDAY)
    tuesday = HEADER + "1001,2026-11-24 09:00,2026-11-24 12:00,work\n"
    assert await counts(store, tuesday) == (1, 0, 0, 0)
    other = HEADER + "1001,2026-11-23 09:00,2026-11-23 12:00,training\n1001,2026-11-23 13:00,2026-11-23 14:00,work\n"
    assert await counts(store, other) == (1, 1, 2, 0), "one new, one changed; the meal and the night are gone"
    assert len(await all_of(store)) == 3


async def test_only_those_who_are_named_are_replaced_where_that_is_asked_for(store):
    await loaded(store, MONDAY)
    one = HEADER + "1001,2026-11-23 08:00,2026-11-23 12:00,work\n"
    assert await counts(store, one, only_named=True) == (1, 0, 2, 0)
    assert {each["agent"] for each in await all_of(store)} == {"1001", "1002"}


async def test_days_that_are_named_are_emptied_of_what_the_file_has_not(store):
    await loaded(store, MONDAY)
    assert await counts(store, HEADER, days=(DAY, DAY)) == (0, 0, 3, 0)
    assert await faults(store, MONDAY, days=(DAY + timedelta(days=1),) * 2) == [
        f"row {n}, column from: is not within 2026-11-24 to 2026-11-24" for n in (2, 3, 4)
    ]


async def test_a_trial_says_the_same_and_loads_nothing(store):
    assert await counts(store, MONDAY, trial=True) == (3, 0, 0, 0)
    assert await all_of(store) == []


async def test_every_fault_is_told_by_row_and_column_and_nothing_is_loaded(store):
    bad = f"""{HEADER}1001,2026-11-23 09:00,2026-11-23 12:00,work
9999,2026-11-23 09:00,2026-11-23 12:00,work
1001,2026-11-23 14:00,2026-11-23 13:00,work
1001,tomorrow,2026-11-24 13:00,dancing

1001,2026-11-25 09:00
1001,2026-11-26 09:00,2026-11-27 10:00,work
,2026-11-28 09:00,2026-11-28 10:00,work
"""
    assert await faults(store, bad) == [
        "row 3, column agent: there is no agent `9999`",
        "row 4, column to: comes before where it begins",
        "row 5, column from: `tomorrow` is no time, like 2026-11-23 09:00",
        "row 5, column activity: `dancing` is none of work, break, meal, leave, training, meeting",
        "row 7: has 2 cells, and the header has 4",
        "row 8, column to: a row may be 24 hours long",
        "row 9, column agent: is empty",
    ]
    assert await all_of(store) == []


async def test_rows_of_one_agent_that_overlap_are_a_fault_also_with_what_is_kept(store):
    twice = HEADER + "1001,2026-11-23 09:00,2026-11-23 12:00,work\n1001,2026-11-23 11:00,2026-11-23 11:15,break\n"
    assert await faults(store, twice) == [
        "row 3, column from: overlaps row 2, 2026-11-23T09:00:00+01:00 to 2026-11-23T12:00:00+01:00"
    ]
    await loaded(store, MONDAY)
    early = HEADER + "1002,2026-11-24 05:00,2026-11-24 09:00,work\n"
    assert await faults(store, early) == [
        "row 2, column from: overlaps what is kept already, 2026-11-23T22:00:00+01:00 to 2026-11-24T06:00:00+01:00"
    ]
    assert len(await all_of(store)) == 3


async def test_of_very_many_faults_the_first_hundred_are_told_and_how_many_more(store):
    with pytest.raises(RequestError, match="250 faults; nothing was loaded") as refused:
        await loaded(store, HEADER + "9999,2026-11-23 09:00,2026-11-23 12:00,work\n" * 250)
    assert (len(refused.value.facts["faults"]), refused.value.facts["more"]) == (100, 150)


async def test_hours_that_come_twice_or_never_are_faults_and_night_shifts_over_them_are_not(store):
    nights = HEADER + "1001,2026-03-28 22:00,2026-03-29 06:00,work\n1001,2026-10-24 22:00,2026-10-25 06:00,work\n"
    await loaded(store, nights)
    lengths = [
        (datetime.fromisoformat(each["to"]) - datetime.fromisoformat(each["from"])) / timedelta(hours=1)
        for each in await all_of(store)
    ]
    assert lengths == [7, 9]
    (fault,) = await faults(store, HEADER + "1001,2026-03-29 02:30,2026-03-29 06:00,work\n")
    assert "never comes" in fault


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_encodings_separators_and_headers_in_chinese_are_understood(store, encoding, separator, end):
    lines = [
        "工号,开始,结束,活动",
        "王芳,2026/11/23 9:00,2026/11/23 17:30,上班",
        "王芳,2026/11/23 17:30,2026/11/23 18:00,用餐",
    ]
    await loaded(store, end.join(lines).replace(",", separator).encode(encoding))
    assert [(each["agent"], each["activity"]) for each in await all_of(store)] == [("王芳", "work"), ("王芳", "meal")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "row 1: the file is empty; its first row names the columns: agent"),
        (b"\xff\xff\xff", "neither UTF-8 nor GB18030"),
        (HEADER.encode(), "there are no rows"),
        (b"agent,from,to\n", "row 1, column activity: is missing"),
        (b"agent,from,to,activity,agent\n", "row 1, column agent: is there twice"),
        (b"agent,from,to,activity,wage\n", "row 1, column wage: is none of agent (工号)"),
        (b"\n\nagent;from;to;activity\n9999;;;\n", "row 4, column agent: there is no agent `9999`"),
        (b'agent,from,to,activity\n"1001,' + b"x" * 200_000, "field larger than field limit"),
        (b"PK\x03\x04" + bytes(range(256)), ""),
    ],
)
async def test_a_file_that_is_none_of_them_is_refused(store, data, said):
    assert any(said in each for each in await faults(store, data))


async def test_a_file_that_is_too_large_is_refused_before_it_is_read(store):
    with pytest.raises(RequestError, match="33,554,432 is the most"):
        await loaded(store, b" " * (LARGEST + 1))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("{", "this is no JSON"),
        ('{"rows": 3}', "no list of rows"),
        ("[3]", "row 1: is no object with"),
        ('[{"agent": "1001", "wage": 3}]', "row 1, column wage: is none of"),
        ('[{"agent": "1001", "day": "2026-11-23"}]', "row 1, column hours: is empty"),
        ('[{"agent": "1001", "day": "2026-11-23", "hours": true}]', "row 1, column hours: `True` are no hours"),
    ],
)
async def test_json_is_judged_alike(store, data, said):
    (fault,) = await faults(store, data, "paid_hours", form="json")
    assert said in fault


async def test_paid_hours_are_of_an_agent_and_a_day_once(store):
    rows = [
        {"agent": "1001", "day": "2026-11-23", "hours": 7.5},
        {"agent": "1002", "day": "2026-11-23", "hours": "8:00"},
    ]
    assert await counts(store, json.dumps(rows), "paid_hours", form="json") == (2, 0, 0, 0)
    rows.append(rows[0])
    assert await faults(store, json.dumps(rows), "paid_hours", form="json") == [
        "row 3, column day: says the same as row 1"
    ]


KINDS = {
    "schedules": MONDAY,
    "paid_hours": "agent,day,hours\n1001,2026-11-23,7.5\n'=cmd,2026-11-23,7:20\n",
    "headcount": "month,team,at_start,at_end,leavers\n2026-11,,100,80,3\n2026-11,sales,10,9,1\n",
    "cost": "from,to,team,cost\n2026-11-01,2026-11-30,,120000.50\n2026-11-01,2026-11-15,sales,100\n",
    "seats": "from,to,seats\n2026-11-23 08:00,2026-11-23 20:00,40\n2026-11-23 20:00,2026-11-24 08:00,5\n",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lang", ["en", "zh-CN"])
async def test_what_was_exported_is_imported_as_it_was(store, kind, lang):
    await loaded(store, KINDS[kind], kind)
    rows = await all_of(store, kind)
    assert len(rows) > 1
    as_file = as_csv(kind, rows, lang)
    assert await counts(store, as_file, kind) == (0, 0, 0, len(rows))
    assert await counts(store, as_json(kind, rows), kind, form="json") == (0, 0, 0, len(rows))
    assert not any(cell.startswith("=") for line in as_file.splitlines() for cell in line.split(","))


@pytest.mark.parametrize(
    ("kind", "row", "said"),
    [
        ("cost", "2026-11-15,2026-12-01,,1", "overlaps row 2, 2026-11-01 to 2026-11-30"),
        ("cost", "2026-11-30,2026-11-30,,1", "overlaps row 2"),
        ("headcount", "2026-11,,1,1,1", "says the same as row 2"),
        ("headcount", "2026-12,legal,1,1,1", "there is no team `legal`"),
        ("seats", "2026-11-23 19:00,2026-11-23 21:00,4", "overlaps row 2"),
        ("seats", "2026-11-26 19:00,2026-11-26 19:00,4", "is when it begins"),
    ],
)
async def test_what_cannot_stand_together_is_refused_in_every_kind(store, kind, row, said):
    assert any(said in each for each in await faults(store, KINDS[kind] + row + "\n", kind))


async def test_figures_that_are_nobodys_cannot_be_replaced_for_some_alone(store):
    with pytest.raises(RequestError, match="seats open are nobody's"):
        await loaded(store, KINDS["seats"], "seats", only_named=True)


async def test_two_imports_at_once_are_one_after_the_other(store):
    done = await asyncio.gather(*(loaded(store, MONDAY) for _ in range(4)))
    assert sorted((each.added, each.same) for each in done) == [(0, 3), (0, 3), (0, 3), (3, 0)]


async def test_who_imported_what_is_kept(store, db, monkeypatch):
    await loaded(store, MONDAY)
    await loaded(store, HEADER + "1001,2026-11-23 09:00,2026-11-23 12:00,break\n", by="Max")
    await loaded(store, MONDAY, trial=True)
    last, first = await store.imports(10)
    assert (first.by, first.kind, first.first, first.last, first.added) == ("Lea", "schedules", DAY, DAY, 3)
    assert (last.by, last.changed, last.removed) == ("Max", 1, 2)
    monkeypatch.setenv("CCPLANE_DATABASE_URL", db.dsn)
    monkeypatch.setenv("CCPLANE_SITE", str(TOP))
    said = (await asyncio.to_thread(CliRunner().invoke, ccplane, ["figures", "imports", "--limit", "1"])).output
    assert said.endswith(" Max: schedules, 2026-11-23 to 2026-11-23: 0 new, 1 changed, 2 removed, 0 as before\n")


spans = st.lists(
    st.tuples(st.sampled_from(["1001", "1002"]), st.integers(0, 60), st.integers(1, 8)), max_size=6, unique=True
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spans, spans)
async def test_whatever_is_imported_nothing_overlaps_and_its_days_are_as_the_file_says(store, one, other):
    async with store._database.connection() as connection:
        await connection.execute("DELETE FROM schedule")
    for given_spans in (one, other):
        rows = [
            {"agent": who, "from": _hour(begins), "to": _hour(begins + hours), "activity": "work"}
            for who, begins, hours in given_spans
        ]
        before = await all_of(store)
        try:
            await loaded(store, json.dumps(rows), form="json")
        except RequestError:
            assert await all_of(store) == before
        else:
            days = {each["from"][:10] for each in rows}
            there = [each for each in await all_of(store) if min(days) <= each["from"][:10] <= max(days)]
            assert sorted(map(_plain, there)) == sorted(map(_plain, rows))
    stands = sorted((each["agent"], each["from"], each["to"]) for each in await all_of(store))
    for (who, _, to), (next_one, begins, _) in pairwise(stands):
        assert who != next_one or to <= begins


def _hour(n):
    """From a Monday on."""
    return (datetime.fromisoformat("2026-11-23T00:00:00+01:00") + timedelta(hours=n)).isoformat()


def _plain(row):
    return tuple(row.values())


async def test_the_commands_on_the_page_say_what_it_says(store, db, monkeypatch, tmp_path):
    page = (TOP / "docs" / "workforce.md").read_text()
    (name, content) = re.search(r"\*\*`(.*?)`\*\*\n\n```csv\n(.*?)```", page, re.S).groups()
    (session,) = re.findall(r"```\n(\$ ccplane figures import.*?)```", page, re.S)
    (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CCPLANE_DATABASE_URL", db.dsn)
    monkeypatch.setenv("CCPLANE_SITE", str(TOP))
    for command, said in re.findall(r"^\$ ccplane (.*)\n((?:[^$].*\n)*)", session, re.M):
        done = await asyncio.to_thread(CliRunner().invoke, ccplane, command.split())
        assert (done.exit_code, done.output.replace("\r\n", "\n")) == (0, said)


async def test_the_command_tells_faults_by_row_and_column(store, db, monkeypatch, tmp_path):
    monkeypatch.setenv("CCPLANE_DATABASE_URL", db.dsn)
    monkeypatch.setenv("CCPLANE_SITE", str(TOP))
    (tmp_path / "bad.csv").write_text(HEADER + "9999,2026-11-23 09:00,2026-11-23 12:00,work\n" * 102)
    words = ["figures", "import", str(tmp_path / "bad.csv"), "--kind", "schedules"]
    done = await asyncio.to_thread(CliRunner().invoke, ccplane, words)
    assert done.exit_code == 2
    assert "102 faults; nothing was loaded.\n  row 2, column agent: there is no agent `9999`\n" in done.output
    assert "and 2 more" in done.output


async def test_what_was_imported_is_part_of_a_copy(store):
    tables, _ = made_by_migrations()
    assert {each.name for each in TABLES.values()} | {"figures_import"} <= set(tables)
