"""Our own log, read back out of Postgres, is a day to be run again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from ccplane.cli import main
from ccplane.core import inputs
from ccplane.facts import encode
from ccplane.postgres.store import PostgresFacts
from ccplane.simulate.log_in_postgres import read_days
from tests.kpi.histories import AGENTS, MIDNIGHT, QUEUES, History, random_history
from tests.simulate.test_own_log import DAY_MS, folded

pytestmark = pytest.mark.postgres

ANA, *_ = AGENTS
SALES, _ = QUEUES
DATE = datetime.fromtimestamp(MIDNIGHT / 1000, UTC).date()


async def ship(db, facts):
    target = PostgresFacts(db)
    await target.ship("box", 1, 1, [(seq, encode(fact)) for seq, fact in enumerate(facts, 1)])
    await target.close()


async def said(arguments):
    """What the command says; it has a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, main, arguments)


async def test_a_day_is_read_out_of_postgres_as_it_was_decided(db):
    history = random_history([(2_000, 2, 0), (1_000, 2, 1), (3_600_000, 0, 0), *[(9_000, n, n) for n in range(30)]])
    await ship(db, history.facts)
    before = datetime.fromtimestamp(history.facts[0].at / 1000, UTC).date()
    days = await read_days(db.dsn, before, DATE)
    wanted = [folded(history, at) for at in (MIDNIGHT - DAY_MS, MIDNIGHT)]
    assert [replace(day, name="day") for day in days] == [day for day in wanted if day.stays]


async def test_replay_of_our_own_log_shows_it_beside_the_simulation(db, monkeypatch, tmp_path):
    history = History()
    history.sign_in(ANA)
    history.wait(MIDNIGHT + 60_000 - history.now)
    contact = history.call(SALES)
    history.wait(2_000)
    history.answer(contact)
    history.wait(30_000)
    history.give(inputs.CallerGone(contact, 16))
    history.wait(10_000)
    await ship(db, history.facts)
    monkeypatch.setenv("CCPLANE_DATABASE_URL", db.dsn)
    monkeypatch.setenv("CCPLANE_RUNTIME", str(tmp_path))
    rules = tmp_path / "rules.toml"
    rules.write_text('[queues.sales]\nwrap_up = "60s"\n')
    shown = await said(["replay", DATE.isoformat(), "--rules", str(rules)])
    assert shown.exit_code == 0, shown.output
    assert f"{DATE}, seed 1" in shown.output
    answered = next(line for line in shown.output.splitlines() if "answered " in line)
    assert answered.split()[-4:] == ["1.0", "1.0", "1.0", "0.0"]
    none = await said(["replay", "2001-01-01"])
    assert none.exit_code == 2
    assert "has nothing of 2001-01-01" in none.output
    assert (await said(["replay", "tomorrow"])).exit_code == 2
