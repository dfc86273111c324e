"""docs/api.md says what is so: its examples, codes, addresses and metrics are held against the real thing."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from ccplane.asterisk.stats import AmiStats, AriStats, PhoneStats
from ccplane.http import limits, problems
from ccplane.http.app import create_app
from ccplane.http.service_health import ServiceHealth
from ccplane.kpi import definitions
from ccplane.kpi.surge import Measure, Measured
from ccplane.log.backlog import Level, Standing
from ccplane.log.outbox import OutboxStats
from ccplane.log.shipping import ShippingStats
from ccplane.lookups.asking import Seen
from ccplane.routing.rules import SurgeRule
from tests.http.conftest import client_from
from tests.http.memory import TOKEN
from tests.kpi.histories import AGENTS, QUEUES

PAGE = (Path(__file__).parents[2] / "docs/api.md").read_text()
EXAMPLES = [json.loads(each) for each in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
ANA, *_ = AGENTS
SALES, _ = QUEUES


async def test_the_examples_are_what_is_answered(site, admin):
    problem, agent, wallboard, ready = EXAMPLES
    history = site.plane.history
    assert (await admin.get("/api/v1/agents/9999")).json() == problem
    history.sign_in(ANA)
    contact = history.call(SALES)
    paused = {"state": "paused", "reason": "lunch"}
    assert (await admin.put(f"/api/v1/agents/{ANA}/state", json=paused)).json() == agent
    history.answer(contact)
    history.call(SALES)
    history.wait(2_000)
    told = (await admin.get("/api/v1/wallboard")).json()
    first = {"queues": told["queues"][:1], "agents": told["agents"][:1], "page": "0123456789abcdef"} | {
        "people": "5f1d8a02"
    }
    assert told | first == wallboard
    site.health.down["database"] = "connection refused"
    assert (await admin.get("/readyz")).json() == ready


async def test_every_address_is_on_the_page(admin):
    for path, methods in (await admin.get("/api/openapi.json")).json()["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in PAGE


def test_every_code_is_on_the_page():
    codes = {*problems.BY_CODE, *(code for code, _ in problems.BY_STATUS.values()), "internal-error", "bad-cursor"}
    codes |= set(re.findall(r'problem\(\d+, "([^"]+)"', Path(limits.__file__).read_text()))
    assert {code for code in codes if f"`{code}`" not in PAGE} == set()


def test_no_code_is_explained_twice():
    table = PAGE.split("| code | status | means |")[1].split("\n\n")[0]
    codes = [code for row in table.splitlines() for code in re.findall(r"`([a-z-]+)`", row.split(" | ")[0])]
    assert "agent-busy" in codes
    assert [code for code in codes if codes.count(code) > 1] == []


NONE_YET = {name: Counter() for name in ("sent", "failed", "lost")}


async def test_every_metric_is_on_the_page(site):
    clients = {"ari": AriStats(), "ami": AmiStats(), "heard": PhoneStats()}
    backlog = SimpleNamespace(standing=Standing(0, 0, 0, Level.AMPLE, None, None))
    ports = replace(site.ports(), **clients, outbox=OutboxStats(), shipping=ShippingStats(), backlog=backlog)
    ports = replace(ports, look_ups=SimpleNamespace(seen={"orders": Seen()}, circuit=lambda _: "closed"))
    ports = replace(ports, notifier=SimpleNamespace(due=0, oldest_s=lambda: 0.0, **NONE_YET))
    surges = Measured(0, SurgeRule(), (Measure("", 0, 0, 0.0, 0.0),), (900_000, 1_800_000), (0, 900_000))
    service = ServiceHealth(ports.plane, ports.meters, ports.ari, ports.shipping, lambda: surges)
    app = create_app(replace(ports, service=service), admin_token=TOKEN)
    async with client_from(app) as client:
        text = (await client.get("/metrics")).text
    families = re.findall(r"^# TYPE (ccplane_\w+) ", text, re.MULTILINE)
    assert {name for name in families if f"`{name}`" not in PAGE} == {
        name for name in families if name.endswith("_created")
    }
    named = set(re.findall(r"`(ccplane_\w+)`", PAGE))
    assert named <= set(families)


def test_the_definitions_on_the_page_are_those_of_the_code():
    assert PAGE.endswith(definitions.as_table())
