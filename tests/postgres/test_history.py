"""Figures of the past are what the facts say, however they came, and whenever they were counted."""

from __future__ import annotations

import random
from collections import defaultdict
from functools import reduce

import msgspec
import pytest

from ccplane.agents.facts import AgentEdited, Intent, PeopleLoaded
from ccplane.contacts.facts import TalkStarted
from ccplane.facts import encode
from ccplane.kpi.board import Board, evolve
from ccplane.kpi.counters import NOTHING
from ccplane.kpi.measures import summed as added
from ccplane.kpi.slices import QUARTER_MS, By, Grain, Slice
from ccplane.kpi.times import NO_TIME, Times
from ccplane.postgres.history import SliceStore
from ccplane.postgres.rebuild import rebuild
from ccplane.postgres.store import PROJECTIONS, PostgresFacts
from tests.postgres.histories import Centre, a_history
from tests.postgres.test_projections import intervals, store

pytestmark = pytest.mark.postgres
EVER = (0, 1 << 50)
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 12))]


def summed(slices):
    """All counters of each name, over time."""
    found = defaultdict(lambda: NOTHING)
    for each in slices:
        found[each.name] = found[each.name].and_also(msgspec.structs.asdict(each.counters))
    return dict(found)


def by_the_board(facts):
    return dict(reduce(evolve, facts, Board.begun()).ever)


async def slices(db, now, by, grain=Grain.QUARTER):
    history = SliceStore(db)
    await history.count(now)
    return await history.slices(*EVER, grain, by)


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_queues_of_all_intervals_together_are_the_boards(db, seed):
    centre = a_history(seed, steps=250, wrap_up_ms=seed % 2 * 6_000)
    facts = centre.facts
    await store(db, facts, random.Random(seed).sample(range(1, len(facts)), 30))
    for grain in Grain:
        assert summed(await slices(db, centre.now, By.QUEUE, grain)) == by_the_board(facts)


async def test_nothing_is_counted_twice_and_what_comes_late_is_counted_where_it_belongs(db):
    centre = a_history(5, steps=250)
    facts, history = centre.facts, SliceStore(db)
    middle = len(facts) // 2
    await store(db, facts[:middle])
    await history.count(centre.now)
    half = await history.slices(*EVER, Grain.QUARTER, By.QUEUE)
    assert summed(half) == by_the_board(facts[:middle])
    await store_more(db, facts, middle)
    assert await history.count(centre.now)
    assert summed(await history.slices(*EVER, Grain.QUARTER, By.QUEUE)) == by_the_board(facts)
    await history.count(centre.now)
    assert summed(await history.slices(*EVER, Grain.QUARTER, By.QUEUE)) == by_the_board(facts)


async def store_more(db, facts, after):
    target = PostgresFacts(db)
    await target.ship("box", 1, after, [(seq, encode(fact)) for seq, fact in enumerate(facts, 1)][after:])
    await target.close()


@pytest.mark.parametrize("by", By)
async def test_sums_over_spans_are_those_of_what_lies_in_them(db, by):
    """Of each name one row a span, however many intervals it has; and no more rows than are asked for."""
    centre, history = a_history(4, steps=250), SliceStore(db)
    await store(db, centre.facts)
    kept = await slices(db, centre.now, by)
    first, last = min(each.began_at for each in kept), max(each.ends_at for each in kept)
    middle = (first + last) // 2 // QUARTER_MS * QUARTER_MS
    spans = [(first - QUARTER_MS, first), (first, middle), (middle, last)]
    found = await history.sums(spans, Grain.QUARTER, by, most=1_000)
    expected = []
    for since, until in spans:
        for name in sorted({each.name for each in kept}):
            if those := [each for each in kept if each.name == name and since <= each.began_at < until]:
                sums = added(those)
                late = max((each.corrected_at for each in those if each.corrected_at is not None), default=None)
                expected.append(
                    Slice(
                        began_at=since,
                        ends_at=until,
                        by=by,
                        name=name,
                        counters=sums.counters,
                        brought=sums.brought,
                        times=sums.times,
                        provisional=any(each.provisional for each in those),
                        corrected_at=late,
                    )
                )
    assert found == expected != []
    assert await history.sums(spans, Grain.QUARTER, by, most=1) == expected[:1]
    assert await history.slices(*EVER, Grain.QUARTER, by, most=2) == kept[:2]
    one = expected[-1].name
    assert await history.sums(spans, Grain.QUARTER, by, (one,), most=9) == [
        each for each in expected if each.name == one
    ]


@pytest.mark.parametrize("seed", SEEDS)
async def test_agents_times_are_the_shown_states_that_evolve_gives(db, seed):
    centre = a_history(seed, steps=250, wrap_up_ms=6_000)
    await store(db, centre.facts, [100, 200])
    sums = defaultdict(int)
    for (agent, _), (state, reason, since, until) in intervals(centre.facts).items():
        until = centre.now if until is None else until
        for quarter in range(since // QUARTER_MS * QUARTER_MS, until, QUARTER_MS):
            sums[quarter, agent, state, reason] += max(0, min(until, quarter + QUARTER_MS) - max(since, quarter))
    found = await slices(db, centre.now, By.AGENT)
    assert found
    for each in found:
        took = defaultdict(int)
        for (at, who, state, _), ms in sums.items():
            if (at, who) == (each.began_at, each.name) and state != "offline":
                took[state] += ms
        times = each.times
        assert times.ready_ms == took["ready"]
        assert times.ringing_ms == took["offered"]
        assert times.talking_ms == took["talking"] + took["rejoining"]
        assert times.wrap_up_ms == took["wrap-up"]
        assert times.paused_ms == took["paused"] == sum(times.paused_by.values())
        assert times.signed_in_ms == sum(took.values())
    site = reduce(Times.plus, (each.times for each in await slices(db, centre.now, By.SITE)), NO_TIME)
    assert site == reduce(Times.plus, (each.times for each in found), NO_TIME)


async def test_to_make_all_rows_anew_changes_no_figure(db):
    centre = a_history(4, steps=250)
    await store(db, centre.facts, [77])
    before = {by: await slices(db, centre.now, by) for by in By}
    assert before[By.SITE][0].counters.entered
    await rebuild(db)
    assert {by: await slices(db, centre.now, by) for by in By} == before


async def test_who_changes_team_counts_for_either_by_the_time(db):
    """A talk for the team that its agent was in when it began; state times cut at the moment of the change."""
    centre = Centre(3)
    for name in centre.names:
        centre.intent(name, Intent.READY)
    for n in range(400):
        if n in (60, 300):
            for each in centre.names[:3]:
                centre.team(each, "blue" if n == 60 else "red")
        centre.step()
    await store(db, centre.facts, [50, 333])
    team, talks = defaultdict(str), defaultdict(int)
    for fact in centre.facts:
        match fact:
            case AgentEdited():
                team[fact.agent] = fact.profile.team
            case PeopleLoaded():
                team |= {each.id: each.team for each in fact.agents}
            case TalkStarted():
                talks[team[fact.agent]] += 1
    found = summed(await slices(db, centre.now, By.TEAM))
    assert {name: each.answered for name, each in found.items() if each.answered} == talks
    assert talks.keys() >= {"", "blue"}
    times = defaultdict(lambda: NO_TIME)
    for by in (By.TEAM, By.AGENT):
        for each in await slices(db, centre.now, by):
            times[by] = times[by].plus(each.times)
            times[each.name] = times[each.name].plus(each.times)
    assert times[By.TEAM] == times[By.AGENT]
    [since], [until] = (
        {each.at for each in centre.facts if isinstance(each, AgentEdited) and each.profile.team == team}
        for team in ("blue", "red")
    )
    signed_in = sum(
        max(0, min(ended or centre.now, until) - max(began, since))
        for (agent, _), (state, _, began, ended) in intervals(centre.facts).items()
        if agent in centre.names[:3] and state != "offline"
    )
    assert times["blue"].signed_in_ms == signed_in > 0


async def test_what_a_batch_takes_does_not_grow_with_all_the_stays_that_are_kept(db):
    """Rows of a batch's contacts are found by their contacts: no projection reads the index of stays by time."""
    centre = a_history(2, steps=60)
    await store(db, centre.facts)
    target = PostgresFacts(db)
    await target.ship("box", 1, len(centre.facts), [(len(centre.facts) + 1, encode(centre.facts[-1]))])
    connection = await target._connected()
    for name in PROJECTIONS:
        plan = await connection.fetch(f"EXPLAIN EXECUTE {name}(1, 0, 1)")
        assert not [line for (line,) in plan if "segment_stays" in line], name
    await target.close()
