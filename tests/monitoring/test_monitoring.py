"""What watches ccplane is true of ccplane: rules, alerts and dashboards, asked of a real Prometheus."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from ccplane.asterisk.stats import AmiStats, AriStats, PhoneStats
from ccplane.core.inputs import CallerGone, LegEnded
from ccplane.http.app import create_app
from ccplane.http.server import serve
from ccplane.log.backlog import Level, Standing
from ccplane.log.outbox import OutboxStats
from ccplane.log.shipping import ShippingStats
from ccplane.lookups.asking import Seen
from ccplane.settings import HOME
from tests.http.memory import TOKEN, Site
from tests.kpi.histories import AGENTS, QUEUES
from tests.monitoring.dashboards import DASHBOARDS, FOLDER, text
from tests.ports import free_ports

MONITORING = HOME / "monitoring"
NAMES = re.compile(r"(?:\b(?:queue|instance):)?\b(?:ccplane|process)_\w+(?::\w+)?")
pytestmark = pytest.mark.slow


def promtool(*given: str) -> subprocess.CompletedProcess[str]:
    """Debian's, which `make host-test` installs."""
    return subprocess.run([_found("promtool"), *given], capture_output=True, text=True, timeout=60)


def _found(program: str) -> str:
    path = shutil.which(program)
    assert path, f"these tests need {program}: asterisk-docker/install.sh host test"
    return path


def test_prometheus_takes_the_configuration_the_rules_and_the_alerts():
    for given in (("config", "prometheus.yml"), ("rules", "rules.yml"), ("rules", "alerts.yml")):
        done = promtool("check", given[0], str(MONITORING / given[1]))
        assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_come_when_they_are_to_and_rates_are_what_they_say():
    done = promtool("test", "rules", str(MONITORING / "alerts.test.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", DASHBOARDS)
def test_the_dashboards_are_as_they_are_made(name: str):
    assert (FOLDER / f"{name}.json").read_text() == text(name), "python -m tests.monitoring.dashboards"


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A Prometheus with our own rules, that asks more often, watches a ccplane in which calls go on; the client asks
    it."""
    plane, port = free_ports(2)
    site = Site()
    told = (MONITORING / "prometheus.yml").read_text().replace("15s", "200ms").replace("8080", str(plane))
    for name in ("rules.yml", "alerts.yml"):
        told = told.replace(f"- {name}", f"- {MONITORING / name}")
    (folder / "prometheus.yml").write_text(told)
    async with serve(create_app(ports(site), admin_token=TOKEN), "127.0.0.1", plane):
        with (folder / "log").open("wb") as log:
            prometheus = await asyncio.create_subprocess_exec(
                _found("prometheus"),
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}",
                stdout=log,
                stderr=log,
            )
        calls = asyncio.create_task(go_on(site))
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False) as client:
                yield client
            assert not calls.done(), calls.exception()
        finally:
            calls.cancel()
            prometheus.terminate()
            await prometheus.wait()


def ports(site: Site) -> Any:
    clients = {"ari": AriStats(), "ami": AmiStats(), "heard": PhoneStats()}
    backlog = SimpleNamespace(standing=Standing(0, 0, 0, Level.AMPLE, None, None))
    look_ups = SimpleNamespace(seen={"orders": Seen()}, circuit=lambda _: "closed")
    stats = {"outbox": OutboxStats(), "shipping": ShippingStats(), "backlog": backlog, "look_ups": look_ups}
    return replace(site.ports(), **clients, **stats)


async def go_on(site: Site) -> None:
    """Calls come, are answered and end, one after the other; some are left waiting."""
    history = site.plane.history
    history.sign_in(AGENTS[1])
    while True:
        contact = history.call(QUEUES[1])
        history.wait(1_500)
        history.ring(contact)
        history.answer(contact)
        history.wait(9_000)
        talk = history.state.contacts[contact].talk
        assert talk
        history.give(LegEnded(talk.offer, talk.leg, cause=16))
        history.give(CallerGone(contact, 16))
        history.wait(2_500)
        history.give(CallerGone(history.call_waiting(QUEUES[0]), 16))
        site.plane.publish()
        await asyncio.sleep(0.2)


async def asked(client: httpx.AsyncClient, query: str) -> list[Any]:
    answer = await client.get("/api/v1/query", params={"query": query})
    assert answer.json()["status"] == "success", f"{query}: {answer.text}"
    return list(answer.json()["data"]["result"])


async def until_it_has(client: httpx.AsyncClient, query: str) -> None:
    """Until Prometheus answers, and has something for this."""
    async with asyncio.timeout(60):
        while True:
            try:
                if await asked(client, query):
                    return
            except (httpx.HTTPError, ValueError):
                pass  # it begins still
            await asyncio.sleep(0.1)


async def rules_of(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    groups = (await client.get("/api/v1/rules")).json()["data"]["groups"]
    return [rule for group in groups for rule in group["rules"]]


async def metrics_of(client: httpx.AsyncClient) -> set[str]:
    """All that ccplane exposes, also that of which there is none now."""
    (target,) = (await client.get("/api/v1/targets")).json()["data"]["activeTargets"]
    async with httpx.AsyncClient(trust_env=False) as plain:
        text_of = (await plain.get(target["scrapeUrl"])).text
    families = re.findall(r"^# TYPE (\w+) (\w+)", text_of, re.MULTILINE)
    return {name for name, kind in families} | {f"{name}_bucket" for name, kind in families if kind == "histogram"}


async def test_what_dashboards_rules_and_alerts_ask_for_is_there(tmp_path: Path):
    """Each panel is asked for, and each has something to show once calls go on; each metric that any of them names is
    one of ours, or made by a rule; and each alert says what to do."""
    async with watched(tmp_path) as client:
        await until_it_has(client, 'queue:ccplane_service_level:ratio30m{queue="support"} > 0')
        await until_it_has(client, "instance:ccplane_step_seconds:p99_5m")
        rules = await rules_of(client)
        made = {rule["name"] for rule in rules if rule["type"] == "recording"}
        known = made | await metrics_of(client)
        queries = {rule["name"]: rule["query"] for rule in rules}
        empty = set()
        for name in DASHBOARDS:
            for panel in json.loads((FOLDER / f"{name}.json").read_text())["panels"]:
                found = []
                for target in panel["targets"]:
                    query = target["expr"].replace("$queue", ".*")
                    queries[f"{name}: {panel['title']}, {target['legendFormat']}"] = query
                    found += await asked(client, query)
                if not found:
                    empty.add(panel["title"])
        for what, query in queries.items():
            assert set(NAMES.findall(query)) <= known, what
        assert empty == NOTHING_OF_THAT_KIND
        alerts = [rule for rule in rules if rule["type"] == "alerting"]
        assert {each["health"] for each in rules} == {"ok"}, rules
        for each in alerts:
            assert each["labels"]["severity"] in ("page", "ticket")
            assert set(each["annotations"]) == {"summary", "do"}
            for page in re.findall(r"docs/[\w-]+\.md", each["annotations"]["do"]):
                assert (HOME / page).exists(), page


NOTHING_OF_THAT_KIND = {
    "Asterisk's events a minute",
    "Further groups that serve",
    "Look-ups a minute",
    "Put right, an hour",
    "Satisfied, of the last day",
}
"""What is watched here has no further groups, no surveys and no switch."""
