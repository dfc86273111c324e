from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ccplane.asterisk.stats import AriStats
from ccplane.http.app import create_app
from ccplane.http.metrics import Meters, sample_loop_delay
from ccplane.kpi.counters import Counters
from ccplane.log.backlog import Level, Standing
from ccplane.log.outbox import OutboxStats
from ccplane.log.shipping import ShippingStats
from tests.http.conftest import client_from
from tests.http.memory import TOKEN
from tests.kpi.histories import AGENTS, QUEUES

ANA, *_ = AGENTS
SALES, SUPPORT = QUEUES


async def test_alive_needs_no_token(stranger):
    assert (await stranger.get("/healthz")).json()["status"] == "alive"


async def test_ready_tells_each_part_with_its_age(stranger):
    answer = await stranger.get("/readyz")
    body = answer.json()
    assert (answer.status_code, body["status"], body["degraded"]) == (200, "ready", False)
    assert set(body["parts"]) == {
        "leader",
        "ari",
        "ami",
        "database",
        "phones",
        "recordings",
        "messages",
        "guard",
        "outbox",
        "site",
    }
    assert body["parts"]["ari"] == {"ok": True, "age_s": 0.5, "detail": ""}


@pytest.mark.parametrize("part", ["ami", "database", "phones", "recordings", "messages", "guard", "outbox", "site"])
async def test_what_calls_can_do_without_only_degrades(site, stranger, part):
    site.health.down[part] = "connection refused"
    answer = await stranger.get("/readyz")
    assert (answer.status_code, answer.json()["status"], answer.json()["degraded"]) == (200, "degraded", True)
    assert answer.json()["parts"][part]["detail"] == "connection refused"


@pytest.mark.parametrize("part", ["leader", "ari"])
async def test_without_leader_or_switch_no_call_is_routed(site, stranger, part):
    site.health.down[part] = "gone"
    answer = await stranger.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "not-ready")


async def scraped(app) -> dict[str, dict[tuple[str, ...], float]]:
    """Each sample by its name, and in it by the values of its labels, in the order of their names."""
    async with client_from(app, token=None) as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    samples: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation
        for sample in family.samples:
            samples.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return samples


async def test_metrics_count_what_the_board_counts(site, app):
    history = site.plane.history
    history.sign_in(ANA)
    contact = history.call(SALES)
    history.wait(150)
    history.ring(contact)
    history.wait(850)
    history.answer(contact)
    history.call(SALES)
    history.wait(2_000)
    samples = await scraped(app)
    assert samples["ccplane_queue_entered_total"] == {(SALES,): 2, (SUPPORT,): 0}
    assert samples["ccplane_queue_ended_total"]["answered", SALES] == 1
    assert samples["ccplane_queue_waiting"][SALES,] == 1
    assert samples["ccplane_queue_longest_wait_seconds"][SALES,] == 2.0
    assert samples["ccplane_queue_answered_wait_seconds_total"][SALES,] == 1.0
    assert samples["ccplane_agents"]["talking",] == 1
    assert samples["ccplane_facts_total"]["ContactQueued",] == 2
    assert samples["ccplane_offers_total"] == {("answered",): 1}
    assert samples["ccplane_offer_ringing_seconds_bucket"]["0.1",] == 0
    assert samples["ccplane_offer_ringing_seconds_bucket"]["0.2",] == 1
    assert samples["ccplane_offer_ringing_seconds_sum"][()] == 0.15
    assert samples["ccplane_contacts_live"]["talking",] == 1
    parts = ("leader", "ari", "ami", "database", "phones", "recordings", "messages", "guard", "outbox", "site")
    assert samples["ccplane_part_up"] == {(part,): 1 for part in parts}
    assert samples["process_resident_memory_bytes"][()] > 0


async def test_metrics_of_the_switch_the_outbox_and_shipping_are_read_at_the_scrape(site):
    ari, outbox, shipping = AriStats(), OutboxStats(), ShippingStats()
    backlog = SimpleNamespace(standing=Standing(600, 400, 12, Level.HALF_GONE, 90.0, None))
    ports = replace(site.ports(), ari=ari, outbox=outbox, shipping=shipping, backlog=backlog, clock=lambda: 65_000)
    app = create_app(ports, admin_token=TOKEN)
    ari.connected, ari.received["StasisStart"], ari.ends["probe"] = True, 7, 2
    outbox.appended_seq, outbox.committed_seq, outbox.shipped_seq = 12, 10, 7
    shipping.stored_at, shipping.missing = 5_000, 3
    shipping.lag.observe(0.02)
    shipping.lag.observe(9_999.0)
    samples = await scraped(app)
    assert samples["ccplane_ari_connected"][()] == 1
    assert samples["ccplane_ari_events_total"]["StasisStart",] == 7
    assert samples["ccplane_ari_disconnects_total"]["probe",] == 2
    assert samples["ccplane_outbox_depth"][()] == 2
    assert samples["ccplane_outbox_unshipped_facts"][()] == 5
    assert samples["ccplane_outbox_bytes"][()] == 600
    assert samples["ccplane_outbox_limit_bytes"][()] == 1_000
    assert samples["ccplane_outbox_full_in_seconds"][()] == 90
    assert samples["ccplane_shipping_to_go_seconds"][()] == math.inf
    assert samples["ccplane_shipping_behind_seconds"][()] == 60
    assert samples["ccplane_facts_missing_total"][()] == 3
    assert samples["ccplane_fact_lag_seconds_bucket"]["0.02",] == 1
    assert samples["ccplane_fact_lag_seconds_bucket"]["+Inf",] == 2
    assert samples["ccplane_fact_lag_seconds_count"][()] == 2


async def test_the_loops_own_work_and_delay_are_measured(site, app):
    site.meters.observe_step(0.0002)
    sampler = asyncio.create_task(sample_loop_delay(site.meters, 0.001))
    async with asyncio.timeout(20):
        while not (await scraped(app))["ccplane_loop_delay_seconds_count"][()]:
            await asyncio.sleep(0)
    sampler.cancel()
    assert (await scraped(app))["ccplane_step_seconds_bucket"]["0.00025",] == 1


async def test_no_label_names_a_caller_a_contact_or_an_agent(site, app):
    site.plane.history.sign_in(ANA)
    site.plane.history.call(SALES)
    samples = await scraped(app)
    values = {value for by_labels in samples.values() for labels in by_labels for value in labels}
    assert not any(value.startswith("c-") or value in (*AGENTS, "0123") for value in values)


async def test_two_planes_in_one_process_keep_their_metrics_apart():
    one, other = Meters(), Meters()
    one.observe_step(1.0)
    assert one.registry.get_sample_value("ccplane_step_seconds_count") == 1
    assert other.registry.get_sample_value("ccplane_step_seconds_count") == 0


async def test_every_counter_of_a_queue_is_exposed(app):
    from ccplane.http import exposition

    sums = {"answered_wait_ms", "answered_contact_wait_ms", "callbacks_wait_ms", "talk_ms", "wrap_up_ms"}
    sums |= {"delayed_wait_ms", "answered_ring_ms", "abandoned_wait_ms"}
    exposed = {*exposition.OF_QUEUES, *exposition.OUTCOMES, *sums}
    assert exposed == set(Counters.__struct_fields__)
