"""A real bank's two months, through the log into Postgres: what its days and quarters add up to is golden."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest

from ccplane.facts import encode
from ccplane.kpi.counters import NOTHING
from ccplane.kpi.slices import By, Grain
from ccplane.postgres.history import SliceStore
from ccplane.postgres.store import PostgresFacts
from ccplane.simulate.bank import counted, read_bank
from tests.kpi.bank import BANK, facts_of, golden_of, midnight
from tests.simulate.test_bank import DATA, MONTHS, needs_log

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
BATCH = 10_000
DAY_MS = 86_400_000


async def shipped(db, facts):
    target = PostgresFacts(db)
    for first in range(0, len(facts), BATCH):
        numbered = [(seq, encode(fact)) for seq, fact in enumerate(facts[first : first + BATCH], first + 1)]
        await target.ship("box", 1, first, numbered)
    await target.close()
    async with db.connection() as connection:
        await connection.execute("ANALYZE")  # as Postgres does by itself, in time


@needs_log
@pytest.mark.parametrize("month", MONTHS)
async def test_the_figures_of_a_month_are_the_golden_ones_to_the_integer_and_each_day_is_the_logs(db, month):
    golden = golden_of(json.loads((DATA / "golden_kpis.json").read_text())["months"][month])
    log = read_bank(DATA / f"{month}.tsv.gz")
    facts = facts_of(log)
    await shipped(db, facts)
    history, first, last = SliceStore(db), facts[0].at, facts[-1].at + DAY_MS
    await history.count(last)
    for grain in Grain:
        slices = await history.slices(first, last, grain, By.QUEUE)
        assert {each.name for each in slices} == {BANK}
        for name, value in golden.items():
            assert sum(getattr(each.counters, name) for each in slices) == value, (grain, name)
        assert sum(each.counters.entered - each.counters.ended for each in slices) == 0, "all are accounted for"
    by_day = {each.began_at: each.counters for each in await history.slices(first, last, Grain.DAY, By.SITE)}
    entered_on = defaultdict(list)
    for call in log.calls:
        entered_on[midnight(call.date)].append(call)
    for day, calls in entered_on.items():
        of_the_day, of_the_log = by_day.get(day, NOTHING), counted(calls)
        for name in ("entered", "answered", "answered_within", "abandoned", "abandoned_short", "answered_wait_ms"):
            assert getattr(of_the_day, name) == getattr(of_the_log, name), (month, day, name)
