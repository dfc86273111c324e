"""What numbers and advertisements brought, counted in Postgres and from the facts, to the integer."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import reduce

import msgspec
import pytest

from ccplane.contacts.verbs import MarkServed
from ccplane.core import inputs as i
from ccplane.kpi.board import Board, evolve
from ccplane.kpi.brought import by_attribution, by_number
from ccplane.postgres.brought import Arrivals, ByAttribution, ByNumber, brought
from tests.postgres.histories import a_history
from tests.postgres.test_projections import store

pytestmark = pytest.mark.postgres
EVER = (0, 1 << 50)


def counted(centre, by, since=0, until=1 << 50):
    """From the facts alone, contact by contact."""
    arrived, queued, answered, abandoned, alone = {}, set(), set(), set(), set()
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
            case "ContactEnded" if fact.self_served:
                alone.add(fact.contact)
            case "ContactUnqueued" if fact.outcome == "abandoned":
                abandoned.add(fact.contact)
    found = defaultdict(Counter)
    for contact, group in arrived.items():
        found[group]["arrived"] += 1
        found[group]["queued"] += contact in queued
        found[group]["answered"] += contact in answered
        found[group]["abandoned"] += contact in abandoned - answered
        found[group]["self_served"] += contact in alone
    return found


def shown(row, *keys):
    return tuple(getattr(row, key) for key in keys), {
        "arrived": row.arrived, "queued": row.queued, "answered": row.answered, "abandoned": row.abandoned,
        "self_served": row.self_served,
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


@pytest.mark.parametrize("seed", [3, 7, 11, 12, 13])
async def test_the_board_and_postgres_say_the_same_to_the_integer(db, seed):
    centre = a_history(seed, steps=150)
    await store(db, centre.facts, [])
    board = reduce(evolve, centre.facts, Board.begun())
    board = Board.from_bytes(board.to_bytes())
    for day in (board.yesterday, board.today):
        found = await brought(db, day.began_at, day.ends_at)
        lines = tuple(day.lines.values())
        assert [msgspec.to_builtins(each) for each in by_attribution(lines)] == msgspec.to_builtins(found.attributions)
        assert [msgspec.to_builtins(each) for each in by_number(lines)] == msgspec.to_builtins(found.numbers)
    ever = await brought(db, *EVER)
    assert {each.attribution: each.arrived for each in ever.attributions} == {
        name: counts.arrived for name, counts in board.ever_brought.items()
    }


@pytest.mark.parametrize("seed", [3, 7])
async def test_who_served_themselves_is_so_in_postgres_as_on_the_board(db, seed):
    centre = a_history(seed, steps=150)
    for served in (True, False, True):
        contact = centre.arrives_unqueued()
        if served:
            centre.asks(contact, MarkServed())
        centre.take(i.CallerGone(contact, 16), after=700)
    await store(db, centre.facts, range(10, len(centre.facts), 50))
    board = reduce(evolve, centre.facts, Board.begun())
    async with db.connection() as connection:
        alone = await connection.fetchval("SELECT count(*) FROM contact WHERE self_served")
    assert alone == board.totals.self_served == 2
    (radio,) = by_attribution(board.today.lines.values())
    assert radio.self_served == sum(each.self_served for each in (await brought(db, *EVER)).attributions) == 2


async def test_arrivals_are_counted_slot_by_slot_and_number_by_number(db):
    centre = a_history(7)
    await store(db, centre.facts)
    times = [each.at for each in centre.facts]
    middle = (times[0] + times[-1]) // 2
    slots = [(times[0], middle), (middle, times[-1] + 1), (0, 1)]
    found = await Arrivals(db).arrivals(slots)
    expected = [Counter(), Counter(), Counter()]
    for fact in centre.facts:
        if type(fact).__name__ == "ContactArrived" and fact.direction == "inbound" and fact.callback is None:
            at = fact.at if fact.arrived_at is None else fact.arrived_at
            expected[0 if at < middle else 1][fact.number_dialled] += 1
    assert found == [dict(each) for each in expected]
    assert found[0]
