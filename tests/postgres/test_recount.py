"""Figures of the past are what the definitions say, counted once more by other code, to the integer, everywhere."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from ccplane.agents.facts import Intent
from ccplane.days import HOUR_MS
from ccplane.facts import encode
from ccplane.kpi.slices import QUARTER_MS, By, Grain
from ccplane.postgres.history import SliceStore
from ccplane.postgres.rebuild import rebuild
from ccplane.postgres.store import PostgresFacts
from tests.kpi.histories import random_history
from tests.kpi.recount import Recount
from tests.kpi.test_definitions import NOON
from tests.kpi.test_recount import NIGHTS, each_threshold
from tests.postgres.histories import Centre, a_history
from tests.postgres.test_projections import store

pytestmark = pytest.mark.postgres
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))]


async def holds(db, facts, now, zone="UTC"):
    """Each interval that is kept, for everybody it is kept for, says what the facts of that interval come to; and no
    other interval has anything."""
    history, again = SliceStore(db), Recount(facts)
    await history.count(now)
    for grain in Grain:
        for by in By:
            kept = {}
            for each in await history.slices(0, 1 << 50, grain, by):
                assert (each.began_at, each.ends_at) == interval(grain, each.began_at, zone)
                counts = {name: n for name, n in msgspec.structs.asdict(each.counters).items() if n}
                if counts:
                    kept.setdefault((each.began_at, each.ends_at), {})[each.name] = counts
            begun = {interval(grain, item.at, zone) for item in again.items if any(item.counts.values())}
            expected = {span: found for span in begun if (found := again.of(by.value, *span))}
            assert kept == expected, (grain, by)


def interval(grain, at, zone):
    if grain is Grain.QUARTER:
        return at // QUARTER_MS * QUARTER_MS, at // QUARTER_MS * QUARTER_MS + QUARTER_MS
    there = ZoneInfo(zone)
    local = datetime.fromtimestamp(at / 1000, there)
    if grain is Grain.HOUR:
        into = (local.minute * 60 + local.second) * 1000 + at % 1000
        return at - into, at - into + HOUR_MS
    days = (local.toordinal(), local.toordinal() + 1)
    begins = (datetime.fromordinal(day).replace(tzinfo=there) for day in days)
    return tuple(round(each.astimezone(UTC).timestamp() * 1000) for each in begins)


@pytest.mark.parametrize("seed", SEEDS)
async def test_however_the_facts_came_in_batches_each_interval_says_what_the_definitions_say(db, seed):
    centre = a_history(seed, steps=300, wrap_up_ms=seed % 2 * 6_000)
    await store(db, centre.facts, random.Random(seed).sample(range(1, len(centre.facts)), 30))
    await holds(db, centre.facts, centre.now)
    await rebuild(db)
    await holds(db, centre.facts, centre.now)


@pytest.mark.parametrize("night", NIGHTS)
async def test_over_midnight_of_a_day_that_is_not_of_24_hours_it_is_so_too(db, night):
    zone, begins = NIGHTS[night]
    chance = random.Random(night)
    moves = [(chance.randrange(90_000), chance.randrange(31), chance.randrange(12)) for _ in range(400)]
    history = random_history(moves, zone, int(begins.timestamp() * 1000))
    assert history.now - int(begins.timestamp() * 1000) > 4 * HOUR_MS, "over the change of the clock"
    await store(db, history.facts, [90, 91, 300])
    await holds(db, history.facts, history.now, zone)


async def test_on_either_side_of_each_threshold_it_is_so_too(db):
    facts = each_threshold()
    await store(db, facts, [20])
    await holds(db, facts, NOON + 60_000)


async def test_what_comes_an_hour_late_and_with_teams_changed_in_between_is_put_where_it_belongs(db):
    centre = Centre(3)
    for name in centre.names:
        centre.intent(name, Intent.READY)
    for n in range(400):
        if n in (60, 300):
            for each in centre.names[:3]:
                centre.team(each, "blue" if n == 60 else "red")
        centre.step()
    facts, target, history = centre.facts, PostgresFacts(db), SliceStore(db)
    for first, last in ((0, 200), (200, 201), (201, len(facts))):
        await target.ship("box", 1, first, [(seq, encode(fact)) for seq, fact in enumerate(facts, 1)][first:last])
        await history.count(centre.now + HOUR_MS)
    await target.close()
    await holds(db, facts, centre.now + HOUR_MS)
