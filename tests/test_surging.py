"""Surges are measured beside the calls, told once, and over by themselves."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from ccplane.core import checkpoint
from ccplane.core import inputs as i
from ccplane.errors import StoreError
from ccplane.routing.rules import SurgeRule
from ccplane.surging import Surging, look, tell_surges
from tests.http.memory import MemoryPlane

RULE = SurgeRule(weeks=2, least=10)


class Arrivals:
    """What Postgres would count: so many now, so many usually."""

    def __init__(self) -> None:
        self.now, self.usual, self.away = 0, 5, False

    async def arrivals(self, slots):
        if self.away:
            raise StoreError("postgres-unreachable", "away")
        weeks = len(slots) // 2
        return [{"4001": self.now}, *[{"4001": self.usual}] * (weeks - 1)] * 2


@pytest.fixture
def plane() -> MemoryPlane:
    plane = MemoryPlane()
    rules(plane, RULE)
    plane.follow(tell_surges)
    return plane


def rules(plane, surge):
    plane.history.give(i.SiteRead(site="s2", rules=replace(plane.state.rules, surge=surge), files={}))
    plane.publish()


async def test_it_is_said_once_with_the_command_and_over_once_it_is_as_usual(plane):
    arrivals = Arrivals()
    with capture_logs() as logs:
        for arrivals.now in (9, 20, 30, 8, 5):
            await look(plane, arrivals, plane.history.now)
    said = [(each["event"], each["number"]) for each in logs if "number" in each]
    assert said == [
        ("far more call than usual", "all numbers"),
        ("far more call than usual", "4001"),
        ("as many call as usual again", "all numbers"),
        ("as many call as usual again", "4001"),
    ]
    assert logs[1]["tell_them"] == 'ccplane emergency on surge --number 4001 --text en="…"'
    assert not plane.state.surges


async def test_what_was_measured_is_kept_and_was_not_without_a_rule(plane):
    arrivals = Arrivals()
    arrivals.now = 20
    surging = Surging(plane, arrivals, lambda: plane.history.now)
    running = asyncio.ensure_future(surging.run(every_s=0))
    await until(lambda: surging.measured is not None)
    assert surging.measured.of_site.index == surging.measured.measures[1].index == 4.0
    assert [each.number for each in surging.measured.measures] == ["", "4001"]
    arrivals.away = True
    rules(plane, None)
    await until(lambda: surging.measured is None)
    running.cancel()


async def until(is_so):
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0)


async def test_a_plane_that_comes_back_does_not_say_it_again(plane):
    arrivals = Arrivals()
    arrivals.now = 20
    await look(plane, arrivals, plane.history.now)
    kept = checkpoint.decode(checkpoint.encode(plane.state))
    assert dict(kept.surges) == dict(plane.state.surges)
    assert set(kept.surges) == {"", "4001"}
    facts = len(plane.history.facts)
    await look(plane, arrivals, plane.history.now)
    assert len(plane.history.facts) == facts


async def test_while_postgres_is_away_what_was_one_stays_one(plane):
    arrivals = Arrivals()
    arrivals.now = 20
    await look(plane, arrivals, plane.history.now)
    arrivals.away = True
    with pytest.raises(StoreError):
        await look(plane, arrivals, plane.history.now)
    assert set(plane.state.surges) == {"", "4001"}


async def test_a_site_that_measures_none_any_more_has_none(plane):
    arrivals = Arrivals()
    arrivals.now = 20
    await look(plane, arrivals, plane.history.now)
    rules(plane, None)
    await look(plane, arrivals, plane.history.now)
    assert not plane.state.surges
