"""The live windows in Prometheus are what the API says, and few however many queues there are."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace

import pytest
from msgspec import structs
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from ccplane.contacts.facts import ContactQueued, ContactUnqueued, QueueOutcome
from ccplane.core import inputs
from ccplane.http.app import create_app
from ccplane.http.exposition import MOST_QUEUES as MOST_SERIES
from ccplane.http.scraping import encoded
from ccplane.http.window_metrics import FIGURES, MOST_QUEUES, READ, WindowMetrics
from ccplane.ids import ContactId, QueueName
from ccplane.kpi.board import evolve
from ccplane.kpi.wallboard import rate
from ccplane.plane import Snapshot
from ccplane.routing.rules import RulesLoaded
from tests.http.conftest import client_from
from tests.http.memory import TOKEN
from tests.http.test_health import scraped
from tests.kpi.histories import AGENTS, QUEUES

ANA, *_ = AGENTS
SALES, SUPPORT = QUEUES
STEP_S = 0.015
"""Three times what law 13 allows: a slow machine is no fault, a step over all queues is."""


async def some_calls(site):
    history = site.plane.history
    history.sign_in(ANA)
    contact = history.call(SALES)
    history.wait(4_000)
    history.answer(contact)
    history.wait(400_000)
    left = history.call_waiting(SUPPORT)
    history.wait(9_000)
    history.give(inputs.CallerGone(left, 16))
    history.call_waiting(SUPPORT)
    history.wait(25_000)


async def test_each_window_is_what_the_api_says(site, app, admin):
    await some_calls(site)
    samples = await scraped(app)
    seen = 0
    for by in ("site", "queue"):
        for window in READ:
            for told in (await admin.get(f"/api/v1/live?by={by}&window={window}")).json()["figures"]:
                labels = (window,) if by == "site" else (told["name"], window)
                counted = told["counters"]
                expected = {
                    "offered": counted["entered"],
                    "answered": counted["answered"],
                    "abandoned": counted["abandoned"],
                    "service_level_ratio": told["service_level"],
                    "abandonment_ratio": rate(counted["abandoned"], counted["answered"] + counted["abandoned"]),
                    "asa_seconds": told["asa_s"],
                }
                assert expected.keys() == FIGURES.keys()
                for end, value in expected.items():
                    assert samples[f"ccplane_{by}_window_{end}"].get(labels) == value, (by, window, end)
                    seen += value is not None
    assert seen > 40
    assert samples["ccplane_site_window_answered"]["5m",] == 0
    assert samples["ccplane_site_window_answered"]["15m",] == 1
    assert samples["ccplane_queue_window_service_level_ratio"][SUPPORT, "5m"] == 0.0, "one waits for too long"
    assert (SALES, "5m") not in samples["ccplane_queue_window_asa_seconds"], "no data is no number"


async def steps_of(work) -> list[float]:
    """The CPU seconds of each step on the loop, while this works."""
    held, over = [], asyncio.Event()

    async def beside() -> None:
        while not over.is_set():
            began = time.thread_time()
            await asyncio.sleep(0)
            held.append(time.thread_time() - began)

    other = asyncio.create_task(beside())
    await asyncio.sleep(0)
    await work()
    over.set()
    await other
    assert len(held) > len(READ), "the loop was free between the windows"
    return held


class ManyQueues:
    """A plane whose 10,000 queues were all offered something today, the later ones more; in half of them one waits."""

    def __init__(self, plane) -> None:
        self._plane = plane
        state, board = plane.snapshot.state, plane.snapshot.board
        usual = state.rules.queues[SALES]
        names = [QueueName(f"q{number:05}") for number in range(10_000)]
        rules = structs.replace(state.rules, queues={name: structs.replace(usual, name=name) for name in names})
        self.now = plane.history.now
        board = evolve(board, RulesLoaded(at=self.now, site="s2", rules=rules, files={}))
        for number, name in enumerate(names):
            for nth in range(1 + (number >= 9_950)):
                contact = ContactId(f"c-{number}-{nth}")
                board = evolve(board, ContactQueued(at=self.now, contact=contact, queue=name, segment=1))
                if number % 2:
                    left = ContactUnqueued(
                        at=self.now, contact=contact, queue=name, segment=1, outcome=QueueOutcome.ABANDONED, waited_ms=0
                    )
                    board = evolve(board, left)
        self.snapshot = Snapshot(structs.replace(state, rules=rules), board, 1, self.now)

    def __getattr__(self, name):
        return getattr(self._plane, name)


async def test_of_10_000_queues_those_have_series_that_were_offered_most_and_no_step_is_long(site):
    plane = ManyQueues(site.plane)
    windows = WindowMetrics(plane, lambda: plane.now)
    longest = [max(await steps_of(windows.read)) for _ in range(3)]
    families = {family.name: family for family in windows.collect()}
    queues = {each.labels["queue"] for each in families["ccplane_queue_window_offered"].samples}
    assert queues == {f"q{number:05}" for number in range(9_950, 10_000)}
    assert sum(len(family.samples) for family in families.values()) <= (MOST_QUEUES + 1) * len(READ) * len(FIGURES)
    assert min(longest) < STEP_S, f"CPU seconds of the longest step, three times: {longest}"


async def test_a_full_scrape_of_the_windows_is_encoded_in_steps(site):
    plane = ManyQueues(site.plane)
    windows, registry = WindowMetrics(plane, lambda: plane.now), CollectorRegistry()
    registry.register(windows)
    await windows.read()
    encode, _ = choose_encoder("")
    longest = [max(await steps_of(lambda: encoded(registry, encode))) for _ in range(3)]
    assert await encoded(registry, encode) == encode(registry), "nothing else than at once"
    assert min(longest) < STEP_S, f"CPU seconds of the longest step, three times: {longest}"


async def test_of_10_000_queues_those_have_series_of_their_own_that_were_offered_most(site):
    plane = ManyQueues(site.plane)
    ports = replace(site.ports(), plane=plane)
    app = create_app(ports, admin_token=TOKEN)
    async with client_from(app) as client:
        text = (await client.get("/metrics")).text
        longest = [max(await steps_of(lambda: client.get("/metrics"))) for _ in range(3)]
    offered = re.findall(r'^ccplane_queue_entered_total\{queue="(q\d+)"\} (\S+)$', text, re.M)
    assert len(offered) == MOST_SERIES
    assert {name for name, many in offered if many == "2.0"} == {f"q{number:05}" for number in range(9_950, 10_000)}
    assert text.count("# HELP ccplane_queue_answer_seconds ") == 1
    assert len(re.findall(r"^ccplane_queue_answer_seconds_bucket", text, re.M)) == MOST_SERIES * 17
    assert min(longest) < 5 * STEP_S, f"CPU seconds of the longest step, three times: {longest}"


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text; version=1.0.0"])
async def test_a_scrape_in_steps_reads_as_one_at_once(site, app, accept):
    await some_calls(site)
    async with client_from(app) as client:
        answer = await client.get("/metrics", headers={"Accept": accept})
    ends = answer.text.count("# EOF")
    assert ends == bool(accept)
    assert answer.text.endswith("# EOF\n") == bool(accept)
    parse = openmetrics if accept else text_string_to_metric_families
    assert "ccplane_queue_window_offered" in {family.name for family in parse(answer.text)}
