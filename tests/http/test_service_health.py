"""How the service itself does: over the API, on the wallboard and for Prometheus, by the same definitions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ccplane.asterisk.stats import AriStats
from ccplane.http.app import create_app
from ccplane.http.service_health import NUMBERS_MOST, ServiceHealth
from ccplane.kpi.definitions import DEFINITIONS
from ccplane.kpi.health_definitions import HEALTH
from ccplane.kpi.surge import Measure, Measured
from ccplane.log.shipping import ShippingStats
from ccplane.routing.rules import SurgeRule
from tests.http.conftest import client_from
from tests.http.memory import TOKEN
from tests.kpi.histories import AGENTS, QUEUES

ANA, *_ = AGENTS
SALES, _ = QUEUES
NONE = {"count": 0, "p50_ms": None, "p99_ms": None, "max_ms": None}
SLOTS = (900_000, 1_800_000), (0, 900_000)


class Watched:
    """A site of which delays and arrivals are measured by hand."""

    def __init__(self, site) -> None:
        self.ari, self.shipping, self.found = AriStats(), ShippingStats(), None
        ports = site.ports()
        self.meters = ports.meters
        self.service = ServiceHealth(site.plane, ports.meters, self.ari, self.shipping, lambda: self.found)
        ports = replace(ports, ari=self.ari, shipping=self.shipping, service=self.service)
        self.client = client_from(create_app(ports, admin_token=TOKEN))

    async def told(self):
        return (await self.client.get("/api/v1/live/service")).json()


@pytest.fixture
async def watched(site):
    watched = Watched(site)
    async with watched.client:
        yield watched


async def test_delays_are_those_since_the_first_look_and_null_without_any(site, watched):
    watched.ari.lag.observe(3.0)
    watched.service.look()
    assert (await watched.told())["delays"] == dict.fromkeys(
        ("offer_latency", "loop_delay", "fact_lag", "ari_lag"), NONE
    )
    for _ in range(99):
        watched.ari.lag.observe(0.004)
    watched.ari.lag.observe(0.3)
    watched.shipping.lag.observe(0.055)
    watched.meters.observe_loop_delay(9.0)
    history = site.plane.history
    history.sign_in(ANA)
    history.ring(history.call(SALES))
    told = (await watched.told())["delays"]
    assert told["ari_lag"] == {"count": 100, "p50_ms": 5.0, "p99_ms": 5.0, "max_ms": 300.0}
    assert told["fact_lag"] == {"count": 1, "p50_ms": 60.0, "p99_ms": 60.0, "max_ms": 60.0}
    highest = dict.fromkeys(("p50_ms", "p99_ms", "max_ms"), 1000.0)
    assert told["loop_delay"] == {"count": 1} | highest, "the highest step that there is"
    assert told["offer_latency"]["count"] == 1


async def test_what_is_older_than_the_looks_that_are_remembered_is_forgotten(watched):
    watched.service.look()
    watched.ari.lag.observe(0.004)
    for looks in range(20):
        assert (await watched.told())["delays"]["ari_lag"]["count"] == 1, looks
        watched.service.look()
    assert (await watched.told())["delays"]["ari_lag"] == NONE


async def test_the_last_minute_is_told_apart_from_the_last_five(watched):
    watched.service.look()
    watched.ari.lag.observe(2.0)
    for _ in range(4):
        watched.service.look()
    watched.ari.lag.observe(0.004)
    told = await watched.told()
    assert told["delays"]["ari_lag"] == {"count": 2, "p50_ms": 5.0, "p99_ms": 2000.0, "max_ms": 2000.0}
    assert told["last_minute"]["ari_lag"] == {"count": 1, "p50_ms": 5.0, "p99_ms": 5.0, "max_ms": 5.0}
    assert told["last_minute"]["fact_lag"] == NONE


async def test_of_a_number_that_surged_in_the_last_whole_slot_that_is_told(watched):
    watched.found = Measured(
        0, SurgeRule(), (Measure("", 1, 0, 10.0, 10.0), Measure("4001", 1, 30, 10.0, 10.0)), *SLOTS
    )
    first, second = (await watched.told())["surges"]["numbers"]
    assert (first["since"], first["arrivals"]) == ("1970-01-01T00:15:00.000Z", 1)
    assert (second["since"], second["arrivals"]) == ("1970-01-01T00:00:00.000Z", 30)


async def test_the_surge_index_is_told_of_all_and_of_the_numbers_that_have_the_highest(site, watched):
    assert (await watched.told())["surges"] is None
    numbers = [Measure(f"4{n:03}", n, 0, 10.0, 10.0) for n in range(NUMBERS_MOST + 20)]
    at = site.plane.history.now
    watched.found = Measured(at, SurgeRule(weeks=3, least=5), (Measure("", 300, 90, 100.0, 100.0), *numbers), *SLOTS)
    told = (await watched.told())["surges"]
    first, second, *_ = told["numbers"]
    assert first == {
        "number": "", "arrivals": 300, "usual": 100.0, "index": 3.0, "surge": False, "since": "1970-01-01T00:15:00.000Z"
    }  # fmt: skip
    assert second["since"] == "1970-01-01T00:15:00.000Z"
    assert (second["number"], second["index"]) == ("4119", 11.9)
    assert len(told["numbers"]) == NUMBERS_MOST
    assert (told["weeks"], told["least"], told["slot_s"]) == (3, 5, 900)
    assert "ccplane_surge_index 3.0" in (await watched.client.get("/metrics")).text


async def test_the_wallboard_has_the_same(watched):
    watched.service.look()
    watched.shipping.lag.observe(0.055)
    watched.found = Measured(0, SurgeRule(), (Measure("", 25, 0, 10.0, 10.0),), (900_000, 1_800_000), (0, 900_000))
    board = (await watched.client.get("/api/v1/wallboard")).json()["service"]
    told = await watched.told()
    assert board == {
        "surge_index": told["surges"]["numbers"][0]["index"],
        **{f"{key}_ms": each["p99_ms"] for key, each in told["delays"].items()},
    }
    assert (board["surge_index"], board["fact_lag_ms"], board["ari_lag_ms"]) == (2.5, 60.0, None)


async def test_prometheus_explains_each_by_its_definition(watched):
    watched.found = Measured(0, SurgeRule(), (Measure("", 25, 0, 10.0, 10.0),), (900_000, 1_800_000), (0, 900_000))
    text = (await watched.client.get("/metrics")).text
    helps = [line for line in text.splitlines() if line.startswith("# HELP")]
    for each in HEALTH:
        assert any(DEFINITIONS[each.key].formula in line for line in helps), each.key


async def test_a_stranger_does_not_read_it(site):
    async with client_from(create_app(site.ports(), admin_token=TOKEN), token=None) as client:
        assert (await client.get("/api/v1/live/service")).status_code == 401
