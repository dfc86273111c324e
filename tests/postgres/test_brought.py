"""What numbers and advertisements brought, counted in Postgres and from the facts, to the integer."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from ccplane.postgres.brought import ByAttribution, ByNumber, brought
from tests.postgres.histories import a_history
from tests.postgres.test_projections import store

pytestmark = pytest.mark.postgres
EVER = (0, 1 << 50)


def counted(centre, by, since=0, until=1 << 50):
    """From the facts alone, contact by contact."""
    arrived, queued, answered, abandoned = {}, set(), set(), set()
    for fact in centre.facts:
        match type(fact).__name__:
            case "ContactArrived" if fact.direction == "inbound" and fact.callback is None:
                at = fact.at if fact.arrived_at is None else fact.arrived_at
                if since <= at < until:
                    arrived[fact.contact] = by(fact)
            case "ContactQueued":
                queued.add(fact.contact)
            case "TalkStarted" if fact.queue_segment is not None:
                answered.add(fact.contact)
            case "ContactUnqueued" if fact.outcome == "abandoned":
                abandoned.add(fact.contact)
    found = defaultdict(Counter)
    for contact, group in arrived.items():
        found[group]["arrived"] += 1
        found[group]["queued"] += contact in queued
        found[group]["answered"] += contact in answered
        found[group]["abandoned"] += contact in abandoned - answered
    return found


def shown(row, *keys):
    return tuple(getattr(row, key) for key in keys), {
        "arrived": row.arrived, "queued": row.queued, "answered": row.answered, "abandoned": row.abandoned,
    }  # fmt: skip


@pytest.mark.parametrize("seed", [3, 7, 11])
async def test_each_contact_counts_once_where_it_arrived(db, seed):
    centre = a_history(seed, steps=150)
    await store(db, centre.facts, range(10, len(centre.facts), 50))
    found = await brought(db, *EVER)
    by_number = dict(shown(each, "number_dialled", "attribution") for each in found.numbers)
    assert by_number == counted(centre, lambda fact: (fact.number_dialled, fact.attribution))
    by_attribution = dict(shown(each, "attribution") for each in found.attributions)
    assert by_attribution == counted(centre, lambda fact: (fact.attribution,))
    assert {type(each) for each in found.numbers} == {ByNumber}
    assert {type(each) for each in found.attributions} == {ByAttribution}
    assert sum(each.answered for each in found.numbers) > 0


async def test_days_side_by_side_are_the_whole(db):
    centre = a_history(7, steps=150)
    await store(db, centre.facts, [])
    arrivals = sorted(fact.at for fact in centre.facts if type(fact).__name__ == "ContactArrived")
    middle = arrivals[len(arrivals) // 2]
    halves = [await brought(db, 0, middle), await brought(db, middle, 1 << 50)]
    whole = await brought(db, *EVER)
    assert sum(each.arrived for half in halves for each in half.attributions) == sum(
        each.arrived for each in whole.attributions
    )
