"""Agents' time by what was imported: the intervals of Postgres and plans, and the command that shows the numbers."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from datetime import date

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccplane.agents.agent import Shown
from ccplane.cli import main as ccplane
from ccplane.days import Calendar, Since
from ccplane.imports.load import load
from ccplane.kpi.schedule import Activity, Did, Planned, Terms, kept
from ccplane.kpi.slices import By
from ccplane.postgres.outside import OutsideStore
from ccplane.postgres.workforce import WorkforceStore
from ccplane.workforce.asked import figures
from tests.postgres.histories import a_history
from tests.postgres.test_projections import store as stored
from tests.site.sites import TOP

pytestmark = pytest.mark.postgres
HOUR = 3_600_000
T0 = 1_700_000_000_000
TERMS = Terms()
UTC_CLOCK = Calendar([Since(0, "UTC")])
MONDAY = date(2026, 11, 23)
AT = 1_795_392_000_000
"""That day's midnight."""
INTERVAL = """
INSERT INTO agent_interval (agent, epoch, seq, state, reason, started_at, ended_at)
VALUES ($1, 1, $2, $3, $4, instant($5), instant($6))
"""
AXES = """
INSERT INTO agent_axes (agent, intent, reason, work, phone, shown_reason) VALUES ($1, '', '', '', '', '')
ON CONFLICT DO NOTHING
"""
AGENT = "INSERT INTO agent (id, name, seat, phone, sip_secret) VALUES ($1, $1, $1, $1, '') ON CONFLICT DO NOTHING"


async def worked(db, intervals):
    """`intervals`: (agent, from, to, state, reason), ms."""
    async with db.connection() as connection:
        await connection.execute("DELETE FROM agent_interval")
        rows = [
            (who, n, state, reason, began, ended) for n, (who, began, ended, state, reason) in enumerate(intervals, 1)
        ]
        await connection.executemany(INTERVAL, rows)
        for agent in sorted({each[0] for each in intervals}):
            await connection.execute(AXES, agent)
            await connection.execute(AGENT, agent)


lengths = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from(Shown), st.sampled_from(["", "break", "meal"])), max_size=12
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lengths,
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 9), st.sampled_from(Activity)), max_size=6),
    st.booleans(),
)
async def test_alike_states_are_told_as_one_and_the_plan_is_kept_as_by_each_by_itself(db, parts, plan, is_open):
    at, did = T0, []
    for length, state, reason in parts:
        did.append(Did(at, at + length, state, reason if state is Shown.PAUSED else ""))
        at += length
    begins, planned = T0, []
    for gap, length, activity in plan:
        planned.append(Planned(begins + gap, begins + gap + length, activity))
        begins = planned[-1].ends_at
    now = at if is_open else at + 5
    ends = [None if is_open and n == len(did) - 1 else each.ends_at for n, each in enumerate(did)]
    await worked(db, [("1001", each.began_at, to, each.state, each.reason) for each, to in zip(did, ends, strict=True)])
    span = T0 + 3, T0 + 40
    told = (await WorkforceStore(db).did(["1001"], *span, now)).get("1001", [])
    assert kept(planned, told, span, now, TERMS) == kept(planned, did, span, now, TERMS)
    for one, next_one in itertools.pairwise(told):
        assert one.ends_at < next_one.began_at or (one.state, one.reason) != (next_one.state, next_one.reason)


async def test_of_a_day_of_facts_the_intervals_add_up_to_the_times_that_were_counted(db):
    facts = a_history(4, steps=250, start=AT).facts
    await stored(db, facts)
    agents = {each.agent for each in facts if hasattr(each, "agent") and each.agent}
    now = max(each.at for each in facts) + 1
    found = await figures(db, MONDAY, MONDAY, By.AGENT, now, TERMS)
    did = await WorkforceStore(db).did(agents, AT, AT + 24 * HOUR, now)
    signed_in = {
        agent: sum(each.ends_at - each.began_at for each in several if each.state is not Shown.OFFLINE)
        for agent, several in did.items()
    }
    assert {row.name: row.figures[0] for row in found.rows} == {name: ms for name, ms in signed_in.items() if ms}


async def test_plans_that_began_the_day_before_reach_into_it(db):
    async with db.connection() as connection:
        await connection.execute("INSERT INTO schedule VALUES ('1001', $1, $2, 'work')", AT - 2 * HOUR, AT + 6 * HOUR)
    plans = await WorkforceStore(db).plans(AT, AT + 24 * HOUR)
    assert plans == {"1001": [Planned(AT - 2 * HOUR, AT + 6 * HOUR, Activity.WORK)]}
    assert await WorkforceStore(db).plans(AT + 6 * HOUR, AT + 24 * HOUR) == {}


DID = [
    ("1001", AT + 9 * HOUR, AT + 12 * HOUR, "ready", ""),
    ("1001", AT + 12 * HOUR, AT + 13 * HOUR, "paused", "lunch"),
    ("1001", AT + 13 * HOUR, AT + 17 * HOUR, "talking", ""),
    ("1001", AT + 17 * HOUR, AT + 18 * HOUR, "offline", ""),
    ("1002", AT + 22 * HOUR, AT + 30 * HOUR, "ready", ""),
]
IMPORTED = {
    "paid_hours": "agent,day,hours\n1001,2026-11-23,8\n",
    "cost": "from,to,cost\n2026-11-23,2026-11-23,400\n",
    "seats": "from,to,seats\n2026-11-23 08:00,2026-11-23 18:00,1\n",
}


async def test_the_page_shows_what_the_command_shows(db, monkeypatch):
    page = (TOP / "docs" / "workforce.md").read_text()
    await worked(db, DID)
    async with db.connection() as connection:
        await connection.execute("INSERT INTO quarter_changed VALUES ($1, $2)", AT, AT + 48 * HOUR)
    plan = re.search(r"```csv\n(.*?)```", page, re.S)[1]
    for kind, text in {"schedules": plan, **IMPORTED}.items():
        await load(OutsideStore(db), UTC_CLOCK, kind, text.encode(), form="csv", by="Lea")
    monkeypatch.setenv("CCPLANE_DATABASE_URL", db.dsn)
    monkeypatch.setenv("CCPLANE_SITE", str(TOP))
    monkeypatch.setattr("time.time_ns", lambda: (AT + 72 * HOUR) * 1_000_000)
    shown = re.findall(r"^\$ ccplane (figures show .*)\n((?:(?![$`]).*\n)*)", page, re.M)
    assert len(shown) == 2
    for command, said in shown:
        done = await asyncio.to_thread(CliRunner().invoke, ccplane, command.split())
        assert (done.exit_code, done.output.partition("\nWhat they mean")[0].rstrip()) == (0, said.rstrip())


async def test_each_form_and_language_is_written(db, monkeypatch):
    monkeypatch.setenv("CCPLANE_DATABASE_URL", db.dsn)
    monkeypatch.setenv("CCPLANE_SITE", str(TOP))
    days = ["--from", "2026-11-01", "--to", "2026-11-30"]

    async def ran(*words):
        done = await asyncio.to_thread(CliRunner().invoke, ccplane, ["figures", "show", *days, *words])
        assert done.exit_code == 0, done.output
        return done.output

    assert json.loads(await ran("--format", "json"))["rows"][0]["figures"]["adherence"] is None
    assert (await ran("--format", "csv", "--by", "team")).startswith("from,to,team,signed_in,")
    assert "人员指标 · 客服代表" in await ran("--lang", "zh-CN", "--by", "agent")
