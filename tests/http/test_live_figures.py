from __future__ import annotations

import re
from pathlib import Path

from msgspec.structs import replace

from ccplane.core import inputs
from tests.kpi.histories import AGENTS, QUEUES

PAGE = (Path(__file__).parents[2] / "docs/live.md").read_text()
ANA, *_ = AGENTS
SALES, SUPPORT = QUEUES


async def test_the_last_minutes_by_queue(site, admin):
    history = site.plane.history
    history.sign_in(ANA)
    contact = history.call(SALES)
    history.wait(4_000)
    history.answer(contact)
    history.wait(10_000)
    body = (await admin.get("/api/v1/live?by=queue&window=5m")).json()
    assert [each["name"] for each in body["figures"]] == [SALES, SUPPORT]
    sales, support = body["figures"]
    assert (sales["counters"]["entered"], sales["service_level"], sales["asa_s"]) == (1, 1.0, 4.0)
    assert (support["counters"]["entered"], support["service_level"], support["asa_s"]) == (0, None, None)
    assert body["provisional"] is False or body["counted_since"] >= body["since"]


async def test_variants_of_the_service_level_and_patience(site, admin):
    """One gives up after 3 s, one after 30 s; and one waits longer than the threshold."""
    history = site.plane.history
    for waits in (3_000, 30_000):
        left = history.call_waiting(SALES)
        history.wait(waits)
        history.give(inputs.CallerGone(left, 16))
    history.call_waiting(SALES)
    history.wait(21_000)
    (sales,) = (await admin.get(f"/api/v1/live?by=queue&window=5m&name={SALES}")).json()["figures"]
    assert (sales["overdue"], sales["counters"]["abandoned"], sales["counters"]["abandoned_wait_ms"]) == (1, 2, 33_000)
    assert sales["service_level"] == 0.0
    assert sales["service_levels"] == {"answered": None, "excluding": 0.0, "crediting": 1 / 3, "net": 0.0}
    assert (sales["patience_s"], sales["abandonment_net"]) == (16.5, 1.0)


async def test_agents_times_today(site, admin):
    history = site.plane.history
    history.sign_in(ANA)
    history.wait(60_000)
    body = (await admin.get(f"/api/v1/live?by=agent&window=today&name={ANA}")).json()
    (ana,) = body["figures"]
    assert ana["times"]["ready_ms"] == 60_000
    assert ana["occupancy"] == 0.0
    assert ana["contacts"] is None


async def test_names_come_in_pages(site, admin):
    first = (await admin.get("/api/v1/live?by=queue&limit=1")).json()
    second = (await admin.get(f"/api/v1/live?by=queue&limit=1&after={first['next']}")).json()
    assert [first["figures"][0]["name"], second["figures"][0]["name"]] == [SALES, SUPPORT]
    assert second["next"] is None


async def test_a_window_that_there_is_not_is_named(admin):
    answer = await admin.get("/api/v1/live?window=7m")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-window")
    assert "5m, 15m, 30m, 60m, today" in answer.json()["detail"]


async def test_the_addresses_on_the_page_are_answered(site, admin):
    rules = inputs.SiteRead(site="s2", rules=_with_shifts(site.plane.history.state.rules), files={})
    site.plane.history.give(rules)
    for path in re.findall(r'http://127\.0\.0\.1:8080(/api[^"]+)"', PAGE):
        assert (await admin.get(path)).status_code == 200


def _with_shifts(rules):
    return replace(rules, shifts={"early": (360, 840)})
