"""The examples of docs/live-edits.md do what the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ccplane.agents.facts import Intent
from ccplane.core import inputs
from tests.kpi.histories import AGENTS, QUEUES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "live-edits.md").read_text()
ASKED = re.findall(r"```\n(PATCH) (\S+)\n(.*?)\n```", PAGE, re.S)
SALES, SUPPORT = QUEUES


async def asked(admin, number, **names):
    method, address, body = ASKED[number]
    response = await admin.request(method, address.format(**names), json=json.loads(body))
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_contact_is_given_priority_and_then_another_queue(site, admin):
    history = site.plane.history
    for agent in AGENTS[:2]:
        history.give(inputs.IntentAsked(agent=agent, intent=Intent.PAUSED, by="test"))
    contact = history.call(SUPPORT)
    assert (await asked(admin, 0, contact=contact))["credit_s"] == 60
    assert (await asked(admin, 1, contact=contact))["queue"] == "sales"
    facts = [type(fact).__name__ for fact in history.facts]
    assert {"ContactReprioritised", "ContactRedirected"} <= {*facts}
    assert history.state.contacts[contact].waiting.credit_s == 60


async def test_an_agent_has_other_skills_and_queues(site, admin):
    told = await asked(admin, 2)
    assert told["skills"] == {"support": 7}
    assert told["queues"] == {"support": {"level": 8, "priority": 1}}
    assert type(site.plane.history.facts[-1]).__name__ == "AgentEdited"
