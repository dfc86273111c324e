"""Figures of some days are made again from their facts: what differs is found and put right, and nothing else."""

from __future__ import annotations

import asyncpg
import pytest

from ccplane.errors import RequestError, StoreError
from ccplane.kpi.slices import By, Grain
from ccplane.postgres import remaking
from ccplane.postgres.history import SliceStore
from ccplane.postgres.remaking import remake
from tests.postgres.histories import START, a_history
from tests.postgres.test_history import EVER
from tests.postgres.test_projections import all_rows, store

pytestmark = pytest.mark.postgres
DAY = 86_400_000
SPAN = START // DAY * DAY, START // DAY * DAY + DAY
LATER = SPAN[1] + DAY


def silent(_):
    """Nobody wants to know how far it is."""


@pytest.fixture
async def kept(db):
    """A day's rows and figures, as shipping and counting made them."""
    centre = a_history(4, steps=250)
    await store(db, centre.facts, [100, 300])
    await SliceStore(db).count(LATER)
    return db


async def figures(db):
    store = SliceStore(db)
    return {(by, grain): await store.slices(*EVER, grain, by) for by in By for grain in Grain}


async def spoil(db, *statements):
    async with db.connection() as connection:
        for each in statements:
            await connection.execute(each)


FIRST_ANSWERED = "(SELECT min(contact) FROM segment WHERE outcome = 'answered')"
WRONG = f"UPDATE segment SET waited_ms = waited_ms + 1000 WHERE contact = {FIRST_ANSWERED}"


async def test_where_all_is_right_nothing_changes(kept):
    before = await all_rows(kept), await figures(kept)
    made = await remake(kept, *SPAN, LATER, silent)
    assert (made.differ, made.figures) == (0, 0)
    assert made.contacts > 20
    assert (await all_rows(kept), await figures(kept)) == before


async def test_a_row_that_says_another_thing_than_its_facts_is_put_right_and_its_figures_with_it(kept):
    before = await all_rows(kept), await figures(kept)
    gone = "DELETE FROM offer WHERE id = (SELECT max(id) FROM offer WHERE state = 'connected')"
    await spoil(kept, WRONG, gone, f"UPDATE slice SET answered = 77 WHERE grain = 'day' AND began_at = {SPAN[0]}")
    made = await remake(kept, *SPAN, LATER, silent)
    assert made.differ == len(made.examples) == 2
    assert made.figures
    rows, now = await all_rows(kept), await figures(kept)
    assert rows == before[0]
    assert now.keys() == before[1].keys()
    for key, slices in now.items():
        assert [(each.counters, each.times, each.brought) for each in slices] == [
            (each.counters, each.times, each.brought) for each in before[1][key]
        ]


async def test_a_trial_says_what_differs_and_changes_nothing(kept):
    await spoil(kept, WRONG)
    before = await all_rows(kept), await figures(kept)
    made = await remake(kept, *SPAN, LATER, silent, trial=True)
    assert (made.differ, made.figures) == (1, 0)
    assert (await all_rows(kept), await figures(kept)) == before


async def test_after_an_interruption_it_goes_on_where_it_was(kept, monkeypatch):
    monkeypatch.setattr(remaking, "AT_ONCE", 50)
    read = []

    def interrupted(progress):
        read.append(progress)
        if len(read) == 3:
            raise asyncpg.InterfaceError("the connection is gone")

    with pytest.raises(StoreError):
        await remake(kept, *SPAN, LATER, interrupted)
    assert read[-1].done == 150
    again = []
    made = await remake(kept, *SPAN, LATER, again.append)
    assert again[0].done == 200, "the first 150 were not read twice"
    assert (made.differ, made.facts) == (0, again[0].of)


async def test_of_other_days_it_begins_anew(kept, monkeypatch):
    monkeypatch.setattr(remaking, "AT_ONCE", 50)

    def interrupted(progress):
        raise asyncpg.InterfaceError("the connection is gone")

    with pytest.raises(StoreError):
        await remake(kept, *SPAN, LATER, interrupted)
    told = []
    await remake(kept, SPAN[0], SPAN[1] - 3_600_000, LATER, told.append)
    assert told[0].done == 50


async def test_a_day_that_is_not_over_is_refused(kept):
    with pytest.raises(RequestError, match="not over"):
        await remake(kept, *SPAN, SPAN[1] - 1, silent)


async def test_two_at_once_are_refused(kept):
    holder = await kept.connect()
    await holder.execute("SELECT pg_advisory_lock($1)", remaking.LOCK)
    with pytest.raises(RequestError, match="already"):
        await remake(kept, *SPAN, LATER, silent)
    await holder.close()
