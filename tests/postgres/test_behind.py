"""What stands behind each figure, added up, is the figure: for every figure, every group and every interval."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, datetime
from functools import reduce

import pytest
from click.testing import CliRunner

from ccplane.cli import main
from ccplane.errors import RequestError
from ccplane.kpi.behind import Kind, kind_of, made_of, sums_of
from ccplane.kpi.board import Board, evolve
from ccplane.kpi.definitions import DEFINITIONS
from ccplane.kpi.measures import MEASURES, summed
from ccplane.kpi.slices import By, Grain
from ccplane.postgres.behind import BehindStore
from ccplane.postgres.history import SUMMED, SliceStore
from ccplane.reports.behind import Wanted, as_csv, as_text, behind
from tests.kpi.test_recount import each_threshold
from tests.postgres.histories import a_history
from tests.postgres.test_figures_api import api, asking
from tests.postgres.test_projections import store
from tests.postgres.test_rebuild_command import DAY
from tests.postgres.test_report_command import facts, kept

__all__ = ["api", "asking", "facts", "kept"]
pytestmark = pytest.mark.postgres
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))]


async def adds_up(db, now):
    """For each interval and group that is kept."""
    history, things, groups = SliceStore(db), BehindStore(db), Counter()
    await history.count(now)
    for grain in (Grain.QUARTER, Grain.DAY):
        for by in By:
            for each in await history.slices(0, 1 << 50, grain, by):
                found = Counter()
                for kind in Kind:
                    names = tuple(name for name in SUMMED if kind_of(name) is kind)
                    where = (each.began_at, each.ends_at, by, each.name)
                    for thing in await things.things(kind, names, *where, limit=10_000, now=now):
                        assert thing.counts
                        assert kind is Kind.TIME or each.began_at <= thing.at < each.ends_at
                        found.update(thing.counts)
                again = sums_of(found)
                assert (again.counters, again.brought) == (each.counters, each.brought), (grain, by, each.name)
                assert {key: MEASURES[key](again) for key in MEASURES} == {
                    key: MEASURES[key](summed([each])) for key in MEASURES
                }
                groups[by] += 1
    return groups


@pytest.mark.parametrize("seed", SEEDS)
async def test_of_any_history_they_add_up_to_every_counter_that_is_kept(db, seed):
    centre = a_history(seed, steps=300, wrap_up_ms=seed % 2 * 6_000)
    await store(db, centre.facts, random.Random(seed).sample(range(1, len(centre.facts)), 30))
    groups = await adds_up(db, centre.now)
    assert all(groups[by] for by in By)


async def test_on_either_side_of_each_threshold_too(db):
    history = each_threshold()
    await store(db, history, [20])
    assert await adds_up(db, history[-1].at + 60_000)


async def test_pages_follow_on_one_another_and_have_each_once(db):
    centre = a_history(2, steps=300)
    await store(db, centre.facts, [100])
    span = await a_day(db, centre.now)
    whole = await behind(SliceStore(db), BehindStore(db), Wanted(figure="offered", **span, limit=5_000), centre.now)
    assert whole.value == len(whole.things) > 10
    assert whole.next is None
    found, after = [], None
    while True:
        wanted = Wanted(figure="offered", **span, limit=7, after=after)
        page = await behind(SliceStore(db), BehindStore(db), wanted, centre.now)
        found += page.things
        after = page.next
        if after is None:
            break
    assert found == list(whole.things)


async def test_a_rate_of_two_kinds_tells_either_and_how_it_is_made(db):
    centre = a_history(3, steps=300)
    await store(db, centre.facts, [100])
    span = await a_day(db, centre.now)
    told = {
        kind: await behind(
            SliceStore(db), BehindStore(db), Wanted(figure="rona", kind=kind, **span, limit=5_000), centre.now
        )
        for kind in made_of("rona")
    }
    counts = Counter()
    for each in told.values():
        for thing in each.things:
            counts.update(thing.counts)
    (value,) = {each.value for each in told.values()}
    assert value == MEASURES["rona"](sums_of(counts))
    text = as_text(told[Kind.OFFER], "en")
    assert DEFINITIONS["rona"].formula in text
    assert all(thing.contact in text for thing in told[Kind.OFFER].things)
    assert as_csv(told[Kind.OFFER], "en").count("\r\n") == len(told[Kind.OFFER].things) + 1


async def a_day(db, now):
    await SliceStore(db).count(now)
    days = await SliceStore(db).slices(0, 1 << 50, Grain.DAY, By.SITE)
    return {"since": days[0].began_at, "until": days[-1].ends_at}


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (Wanted(figure="happiness", since=0, until=900_000), "no-such-figure"),
        (Wanted(figure="offered", kind=Kind.OFFER, since=0, until=900_000), "no-such-kind"),
        (Wanted(figure="offered", since=1, until=900_000), "not-a-quarter"),
        (Wanted(figure="offered", since=900_000, until=900_000), "wrong-way"),
        (Wanted(figure="offered", since=0, until=900_000, after="x"), "bad-cursor"),
    ],
)
async def test_what_cannot_be_told_is_refused(db, wanted, code):
    with pytest.raises(RequestError) as refused:
        await behind(SliceStore(db), BehindStore(db), wanted, 0)
    assert refused.value.code == code


# ----------------------------------------------------------------------------------------------- as its readers see it


def test_the_command_tells_each_contact_of_a_row(facts):
    board = reduce(evolve, facts, Board.begun()).ever
    name = max(board, key=lambda each: board[each].entered)
    words = ("behind", "offered", "--from", str(DAY), "--by", "queue", "--name", name, "--limit", "5000")
    told = json.loads(ran(*words, "--format", "json"))
    assert told["value"] == board[name].entered == len(told["things"]) > 0
    assert {each["queue"] for each in told["things"]} == {name}
    first = told["things"][0]
    at = datetime.fromtimestamp(first["at"] // 3_600_000 * 3_600, UTC)
    hour = json.loads(ran(*words, "--at", f"{at:%H:%M}", "--format", "json"))
    assert first in hour["things"]
    assert hour["value"] == len(hour["things"])
    quarter = json.loads(ran(*words, "--at", f"{at:%Y-%m-%dT%H:%M}Z", "--interval", "quarter", "--format", "json"))
    assert quarter["until"] - quarter["since"] == 900_000
    assert quarter["things"] == [each for each in hour["things"] if each["at"] < quarter["until"]]
    assert first["contact"] in ran(*words)


def test_the_command_says_what_it_does_not_take(facts):
    made = CliRunner().invoke(main, ["report", "behind", "offered", "--from", str(DAY), "--at", "late"])
    assert (made.exit_code, "09:15" in made.output) == (2, True)


def ran(*words):
    made = CliRunner().invoke(main, ["report", *words])
    assert made.exit_code == 0, made.output
    return made.output


async def test_a_row_of_a_report_names_the_address_of_what_is_behind_it(api):
    days = {"from": "2026-11-23", "to": "2026-11-24", "by": "agent"}
    row = (await api.get("/api/v1/reports/agents", params=days)).json()["rows"][0]
    told = (await api.get(row["behind"].replace("{figure}", "signed_in"))).json()
    assert told["value"] == row["figures"]["signed_in"]
    assert told["kind"] == "time"
    assert {each["agent"] for each in told["things"]} == {row["name"]}
    assert (
        sum(
            sum(n for name, n in each["counts"].items() if name != "time_ringing_answered_ms")
            for each in told["things"]
        )
        == told["value"]
    )


async def test_over_the_api_it_may_be_a_table_and_faults_are_told(api):
    cell = {"since": "2026-11-23T00:00:00Z", "until": "2026-11-24T00:00:00Z"}
    told = await api.get("/api/v1/reports/behind/offered", params=cell, headers={"Accept": "text/csv"})
    assert told.text.startswith("at,contact,segment,")
    problem = await api.get("/api/v1/reports/behind/offered", params=cell | {"until": "2026-11-23T00:00:01Z"})
    assert (problem.status_code, problem.json()["code"]) == (422, "not-a-quarter")
