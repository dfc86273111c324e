"""Agents' states of some days are made again from the log: what differs is put right, what can't be told is left."""

from __future__ import annotations

import random

import pytest

from ccplane.agents.facts import Intent
from ccplane.errors import RequestError
from ccplane.kpi.slices import By, Grain
from ccplane.postgres.history import SliceStore
from ccplane.postgres.remaking_agents import remake_agents
from tests.postgres.histories import START, Centre, a_history
from tests.postgres.test_projections import all_rows, store
from tests.postgres.test_remaking import DAY, LATER, SPAN, figures, silent, spoil

pytestmark = pytest.mark.postgres
SOME = "(SELECT agent, epoch, seq FROM agent_interval WHERE state = 'talking' ORDER BY started_at LIMIT 1)"
SPOILT = {
    "another state": f"UPDATE agent_interval SET state = 'paused' WHERE (agent, epoch, seq) = {SOME}",
    "one that is gone": f"DELETE FROM agent_interval WHERE (agent, epoch, seq) = {SOME}",
    "one that never was": "INSERT INTO agent_interval SELECT agent, 9, 9, 'ready', '', started_at, ended_at "
    f"FROM agent_interval WHERE (agent, epoch, seq) = {SOME}",
    "another end": f"UPDATE agent_interval SET ended_at = ended_at + interval '7 s' WHERE (agent, epoch, seq) = {SOME}",
}


async def kept(db, centre):
    await store(db, centre.facts, random.Random(1).sample(range(1, len(centre.facts)), 5))
    await SliceStore(db).count(LATER)


@pytest.mark.parametrize("seed", range(3))
async def test_where_all_is_right_nothing_changes(db, seed):
    await kept(db, a_history(seed, steps=250))
    before = await all_rows(db), await figures(db)
    made = await remake_agents(db, *SPAN, LATER, silent)
    assert (made.differ, made.left, made.figures) == ((), (), 0)
    assert made.agents >= 6
    assert (await all_rows(db), await figures(db)) == before


@pytest.mark.parametrize("fault", SPOILT)
async def test_a_state_that_the_facts_do_not_say_is_put_right_and_its_figures_with_it(db, fault):
    await kept(db, a_history(4, steps=250))
    rows, right = await all_rows(db), await times(db)
    await spoil(db, SPOILT[fault])
    await spoil(db, "UPDATE slice SET time_talking_ms = 77 WHERE by = 'agent' AND time_talking_ms > 0")
    trial = await remake_agents(db, *SPAN, LATER, silent, trial=True)
    assert len(trial.differ) == 1
    assert (trial.figures, await all_rows(db) == rows) == (0, False)
    made = await remake_agents(db, *SPAN, LATER, silent)
    assert (made.differ, made.left) == (trial.differ, ())
    assert made.figures
    assert await all_rows(db) == rows
    assert await times(db) == right


async def test_days_in_the_middle_are_made_again_and_those_around_them_are_left(db):
    """What is on at the beginning of the days began before them, and what is on at their end ends after them."""
    centre = Centre(5)
    for name in centre.names:
        centre.intent(name, Intent.READY)
    for _ in range(240):
        centre.step()
        centre.now += 900_000
    await store(db, centre.facts, [50])
    later = centre.now + DAY
    await SliceStore(db).count(later)
    rows = await all_rows(db)
    middle = SPAN[0] + DAY, SPAN[0] + 2 * DAY
    assert middle[1] < centre.now
    outside = f"started_at >= to_timestamp({middle[1]} / 1000.0)"
    await spoil(db, f"UPDATE agent_interval SET reason = 'x' WHERE {outside}")
    around = await all_rows(db)
    await spoil(
        db,
        f"UPDATE agent_interval SET state = 'paused' WHERE state <> 'paused' AND NOT {outside} "
        f"AND started_at >= to_timestamp({middle[0]} / 1000.0)",
    )
    made = await remake_agents(db, *middle, later, silent)
    assert made.differ
    assert await all_rows(db) == around != rows


async def test_an_agent_whose_state_then_does_not_follow_from_the_log_is_left_and_told(db):
    await kept(db, a_history(4, steps=250))
    await spoil(
        db,
        "INSERT INTO agent_interval VALUES ('1001', 0, 1, 'paused', 'lunch', "
        f"to_timestamp({START - 40 * DAY} / 1000.0), to_timestamp({START} / 1000.0))",
        "UPDATE agent_interval SET state = 'ready' WHERE agent = '1001' AND epoch > 0",
    )
    before = await all_rows(db)
    made = await remake_agents(db, *SPAN, LATER, silent)
    assert made.left == ("1001",)
    assert await all_rows(db) == before


async def test_a_phone_of_which_nothing_was_told_for_a_month_is_not_taken_to_be_gone(db):
    """It was plugged in long ago. Who was signed out that morning was so whatever their phone did; and ready after it
    by a phone of which the facts of the month before say nothing."""
    centre = Centre(5)
    agent = centre.names[0]
    centre.now += 35 * DAY
    centre.intent(agent, Intent.READY)
    centre.now += DAY // 4
    centre.intent(agent, Intent.OFFLINE)
    centre.now = (centre.now // DAY + 5) * DAY
    day = centre.now, centre.now + DAY
    centre.now += DAY // 4
    centre.intent(agent, Intent.READY)
    centre.now += DAY // 4
    centre.intent(agent, Intent.OFFLINE)
    await store(db, centre.facts)
    await SliceStore(db).count(day[1])
    before = await all_rows(db)
    assert [each["state"] for each in before["agent_interval"] if each["agent"] == agent][-2:] == ["ready", "offline"]
    made = await remake_agents(db, *day, day[1], silent)
    assert agent in made.left
    assert await all_rows(db) == before


async def test_days_that_are_not_over_are_refused(db):
    with pytest.raises(RequestError, match="not over"):
        await remake_agents(db, *SPAN, SPAN[1] - 1, silent)


async def times(db):
    store = SliceStore(db)
    return [
        (each.began_at, each.name, each.times)
        for by in (By.SITE, By.TEAM, By.AGENT)
        for each in await store.slices(0, 1 << 50, Grain.QUARTER, by)
    ]
