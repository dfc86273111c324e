"""The live windows in Prometheus are what the API says, and few however many queues there are."""

from __future__ import annotations

import asyncio
import time

from msgspec.structs import replace

from ccplane.core import inputs
from ccplane.http.window_metrics import FIGURES, MOST_QUEUES, READ, WindowMetrics
from ccplane.ids import QueueName
from ccplane.kpi.wallboard import rate
from tests.http.test_health import scraped
from tests.kpi.histories import AGENTS, QUEUES

ANA, *_ = AGENTS
SALES, SUPPORT = QUEUES


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


async def test_of_10_000_queues_those_have_series_that_were_offered_most_and_no_step_is_long(site):
    await some_calls(site)
    history = site.plane.history
    rules = history.state.rules
    usual = rules.queues[SALES]
    many = {QueueName(f"q{number}"): replace(usual, name=QueueName(f"q{number}")) for number in range(10_000)}
    given = replace(rules, queues={**many, **rules.queues})
    history.give(inputs.SiteRead(site="s2", rules=given, files={}))
    windows = WindowMetrics(site.plane, lambda: history.now)
    assert site.plane.snapshot.state.rules.queues.keys() >= many.keys()
    longest = [max(await steps_of(windows.read)) for _ in range(3)]
    assert min(longest) < 0.005, f"CPU seconds of the longest step, three times: {longest}"
    families = {family.name: family for family in windows.collect()}
    queues = {each.labels["queue"] for each in families["ccplane_queue_window_offered"].samples}
    assert {SALES, SUPPORT} <= queues
    assert len(queues) == MOST_QUEUES
    assert sum(len(family.samples) for family in families.values()) <= (MOST_QUEUES + 1) * len(READ) * len(FIGURES)
