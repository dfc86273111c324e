"""First contacts, and whether their callers had to call again: by the rows of contacts."""

from __future__ import annotations

import asyncio
import re

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccplane.cli import main as ccplane
from ccplane.cli.figures import worded
from ccplane.kpi.workforce import Resolved, fcr
from ccplane.postgres.figures import FigureStore
from tests.site.sites import TOP

pytestmark = pytest.mark.postgres
T0 = 1_700_000_000_000
HOUR = 3_600_000
INSERT = "INSERT INTO contact (id, caller, arrived_at, direction) VALUES ($1, $2, instant($3), $4)"


async def resolved(db, calls, *, until=100, before=24, after=24, now=1_000):
    """`calls`: (caller, hour) or (caller, hour, direction)."""
    async with db.connection() as connection:
        await connection.execute("DELETE FROM contact")
        rows = [
            (f"c-{n:03}", who, T0 + hour * HOUR, *(way or ["inbound"])) for n, (who, hour, *way) in enumerate(calls)
        ]
        await connection.executemany(INSERT, rows)
    return await FigureStore(db).resolved(
        T0, T0 + until * HOUR, before_ms=before * HOUR, after_ms=after * HOUR, now=T0 + now * HOUR
    )


async def test_who_calls_again_in_time_was_not_helped_at_first_and_their_second_call_is_no_first_one(db):
    assert await resolved(db, [("138", 1), ("138", 20), ("139", 2)]) == Resolved(first=2, resolved=1)


async def test_both_windows_include_their_edge(db):
    assert await resolved(db, [("138", 1), ("138", 25)]) == Resolved(first=1, resolved=0)
    later = [("138", 1), ("138", 50)]
    assert await resolved(db, later) == Resolved(first=2, resolved=2)


async def test_calls_before_and_after_the_time_asked_for_are_looked_at_and_not_counted(db):
    assert await resolved(db, [("138", -5), ("138", 3)], until=10) == Resolved()
    assert await resolved(db, [("138", 3), ("138", 12)], until=10) == Resolved(first=1, resolved=0)


async def test_it_is_provisional_until_the_last_of_them_can_call_no_more(db):
    assert await resolved(db, [("138", 1)], now=25) == Resolved(first=1, resolved=1, provisional=True)
    assert await resolved(db, [("138", 1)], now=26) == Resolved(first=1, resolved=1)
    assert await resolved(db, [("138", 1), ("138", 2)], now=3) == Resolved(first=1, resolved=0), "it can be no better"


async def test_withheld_numbers_and_our_own_calls_are_nobodys(db):
    calls = [("", 1), (None, 1), ("anonymous", 2), ("138", 3, "outbound"), ("1001", 3, "internal")]
    assert await resolved(db, calls) == Resolved()
    assert fcr(Resolved()) is None


async def test_an_agents_call_to_them_is_no_call_of_theirs(db):
    assert await resolved(db, [("138", 1), ("138", 2, "outbound")]) == Resolved(first=1, resolved=1)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    calls=st.lists(st.tuples(st.sampled_from(["138", "139", "+86137"]), st.integers(-30, 130)), max_size=15),
    before=st.integers(0, 30),
    after=st.integers(0, 30),
)
async def test_it_is_what_looking_at_every_call_by_itself_says(db, calls, before, after):
    first = helped = 0
    for n, (who, hour) in enumerate(calls):
        others = [(other, m) for m, (caller, other) in enumerate(calls) if caller == who and m != n]
        came_before = any((other, m) < (hour, n) and hour - other <= before for other, m in others)
        if 0 <= hour < 100 and not came_before:
            first += 1
            helped += not any((other, m) > (hour, n) and other - hour <= after for other, m in others)
    assert await resolved(db, calls, before=before, after=after) == Resolved(first=first, resolved=helped)


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (Resolved(), "–: 0 of 0 first contacts"),
        (Resolved(first=1_000, resolved=750), "75.0 %: 750 of 1,000 first contacts"),
        (
            Resolved(first=2, resolved=1, provisional=True),
            "50.0 %: 1 of 2 first contacts; provisional: some may still call again within 24 hours",
        ),
    ],
)
def test_the_command_says_the_share_and_of_how_many_it_is(found, line):
    assert worded(found, 24) == line


async def test_the_command_on_the_page_asks_the_database(db, monkeypatch):
    await resolved(db, [("138", 1), ("138", 2), ("139", 3)])
    page = (TOP / "docs" / "workforce.md").read_text()
    (command,) = re.findall(r"^ccplane (figures fcr .*)$", page, re.M)
    monkeypatch.setenv("CCPLANE_DATABASE_URL", db.dsn)
    said = await asyncio.to_thread(CliRunner().invoke, ccplane, command.split())
    assert (said.exit_code, said.output) == (0, "50.0 %: 1 of 2 first contacts\n")


async def test_by_queue_and_number_each_first_call_counts_once(db, monkeypatch):
    await resolved(db, [("138", 1), ("138", 2), ("139", 3)])
    async with db.connection() as connection:
        await connection.execute("UPDATE contact SET queue = 'sales', number_dialled = '4001' WHERE caller = '138'")
    monkeypatch.setenv("CCPLANE_DATABASE_URL", db.dsn)

    async def said(by):
        words = ["figures", "fcr", "--from", "2023-11-14", "--to", "2023-11-18", "--after", "24", "--by", by]
        return (await asyncio.to_thread(CliRunner().invoke, ccplane, words)).output

    assert await said("queue") == "(none): 100.0 %: 1 of 1 first contacts\nsales: 0.0 %: 0 of 1 first contacts\n"
    assert await said("number") == "(none): 100.0 %: 1 of 1 first contacts\n4001: 0.0 %: 0 of 1 first contacts\n"
    assert await said("site") == "50.0 %: 1 of 2 first contacts\n"
