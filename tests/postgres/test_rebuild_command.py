"""`ccplane report rebuild`, as its operator sees it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from ccplane.cli import main
from ccplane.postgres.history import SliceStore
from ccplane.postgres.pool import Database
from tests.postgres.histories import a_history
from tests.postgres.test_projections import store
from tests.postgres.test_remaking import WRONG

pytestmark = pytest.mark.postgres
DAY_MS = 86_400_000
PAST = time.time_ns() // 1_000_000 // DAY_MS * DAY_MS - 2 * DAY_MS + DAY_MS // 2
"""Noon of the day before yesterday: the command itself asks what time it is."""
DAY = datetime.fromtimestamp(PAST / 1000, UTC).date()


async def a_day_with_a_fault(url):
    database = Database(url)
    await database.open()
    centre = a_history(4, steps=250, start=PAST)
    await store(database, centre.facts)
    await SliceStore(database).count(centre.now)
    async with database.connection() as connection:
        await connection.execute(WRONG)
    await database.close()


@pytest.fixture
def rebuild(database, monkeypatch):
    """Runs it over a day with one row that its facts don't say."""
    asyncio.run(a_day_with_a_fault(database))
    monkeypatch.setenv("CCPLANE_DATABASE_URL", database)
    return lambda *words: CliRunner().invoke(main, ["report", "rebuild", *words])


def test_a_trial_says_who_differs_then_it_is_put_right_and_then_all_is_well(rebuild):
    days = ("--from", str(DAY), "--to", str(DAY))
    trial = rebuild(*days, "--trial")
    assert trial.exit_code == 0, trial.output
    assert ": 1 differ (c-ast1-" in trial.output
    assert "Nothing was changed" in trial.output
    assert "1 differed (c-ast1-" in rebuild(*days).output
    done = rebuild(*days)
    assert "all is as the facts say" in done.output
    assert "reading:" in done.output


def test_agents_states_are_made_again_when_that_is_asked_for(rebuild, database):
    days = ("--from", str(DAY), "--to", str(DAY))
    talked = asyncio.run(pause_who_talked(database))
    assert "agents" not in rebuild(*days).output
    assert f"1 ({talked}) differ; nothing was changed" in rebuild(*days, "--agents", "--trial").output
    assert f"1 ({talked}) differed and were put right" in rebuild(*days, "--agents").output
    assert "the states of 6 agents compared: all are as the facts say." in rebuild(*days, "--agents").output


async def pause_who_talked(url):
    database = Database(url)
    await database.open()
    async with database.connection() as connection:
        talked = await connection.fetchval("SELECT min(agent) FROM agent_interval WHERE state = 'talking'")
        await connection.execute(
            "UPDATE agent_interval SET state = 'paused' WHERE agent = $1 AND state = 'talking'", talked
        )
    await database.close()
    return talked


def test_a_day_that_is_not_over_and_days_the_wrong_way_round_are_refused(rebuild):
    refused = rebuild("--from", str(DAY), "--to", "2999-01-01")
    assert (refused.exit_code, "not over" in refused.output) == (2, True)
    refused = rebuild("--from", str(DAY), "--to", str(DAY - timedelta(days=1)))
    assert (refused.exit_code, "comes before" in refused.output) == (2, True)
