from __future__ import annotations

import json
import re

import pytest
from fastapi import FastAPI

from ccplane.http.app import create_app
from tests.http.memory import TOKEN, Site
from tests.http.test_problems import PROTECTED


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """One for all: who only reads changes nothing."""
    return create_app(Site().ports(), admin_token=TOKEN)


async def described(client) -> dict:
    return (await client.get("/api/openapi.json")).json()


async def test_every_reference_in_the_description_leads_somewhere(admin):
    schema = await described(admin)
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(schema)):
        assert name in schema["components"]["schemas"]


async def test_every_route_is_described_with_what_goes_wrong(admin):
    schema = await described(admin)
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            assert operation["summary"]
            assert "default" in operation["responses"] or path == "/metrics"
            assert "422" not in operation["responses"]


@pytest.mark.parametrize(("method", "path"), PROTECTED)
async def test_what_needs_a_token_is_described_so(admin, method, path):
    schema = await described(admin)
    template = path.replace("1001", "{agent_id}").replace("c-ast1-1", "{contact_id}")
    assert schema["paths"][template][method.lower()]["security"] == [{"HTTPBearer": []}]


async def test_what_is_sent_is_what_is_described(admin):
    """The shapes are taken from the structs, so only the top is compared here."""
    schema = await described(admin)
    for path, name in (
        ("/api/v1/wallboard", "Wallboard"),
        ("/api/v1/agents", "Agents"),
        ("/api/v1/agents/1001", "AgentTold"),
        ("/readyz", "Ready"),
    ):
        assert set((await admin.get(path)).json()) == set(schema["components"]["schemas"][name]["required"])


async def test_there_is_a_page_to_read_it(stranger):
    answer = await stranger.get("/api/docs")
    assert answer.status_code == 200
    assert "/api/openapi.json" in answer.text
    assert "/api/v1/agents/{agent_id}/state" in answer.text
    assert "https://" not in answer.text, "it must be readable without the internet"


async def test_fields_that_can_be_misread_say_what_they_mean(admin):
    """The PBX answers a contact, an agent an offer."""
    shapes = (await described(admin))["components"]["schemas"]
    for name, says in {"Contact": "the PBX took", "ContactInFull": "the PBX took", "Offer": "agent's phone"}.items():
        field = shapes[name]["properties"]["answered_at"]
        assert says in field["description"]
        assert {"type": "string", "format": "date-time"} in field["anyOf"]


async def test_the_root_says_where_everything_is_to_anyone_and_nothing_else(stranger):
    answer = await stranger.get("/")
    assert answer.status_code == 200
    assert {"/api/docs", "/wallboard", "/api/v1/wallboard", "/metrics", "/healthz"} <= set(answer.json().values())
    pages = {"/api/docs", "/api/openapi.json", "/phone", "/wallboard"}
    assert set(answer.json().values()) <= {*(await described(stranger))["paths"], *pages}
