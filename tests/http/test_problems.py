from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from ccplane.errors import CcplaneError, IllegalMove, RequestError, SetupError, StoreError, SwitchError
from ccplane.http import problems
from ccplane.http.app import create_app
from tests.http.conftest import client_from
from tests.http.memory import TOKEN, Site

PROTECTED = [
    ("GET", "/api/v1/agents"),
    ("GET", "/api/v1/agents/1001"),
    ("PUT", "/api/v1/agents/1001/state"),
    ("GET", "/api/v1/agents/1001/phone"),
    ("POST", "/api/v1/agents/1001/session"),
    ("GET", "/api/v1/session"),
    ("DELETE", "/api/v1/session"),
    ("GET", "/api/v1/contacts"),
    ("GET", "/api/v1/contacts/c-ast1-1"),
    ("GET", "/api/v1/wallboard"),
    ("GET", "/api/v1/wallboard/stream"),
]


@pytest.fixture(scope="module")
def site() -> Site:
    """One for all: who is refused changes nothing, and putting an API together takes longer than asking it."""
    return Site()


@pytest.fixture(scope="module")
def app(site: Site) -> FastAPI:
    return create_app(site.ports(), admin_token=TOKEN)


def is_problem(answer: httpx.Response) -> bool:
    body = answer.json()
    return (
        answer.headers["content-type"] == "application/problem+json"
        and body["status"] == answer.status_code
        and body["type"] == f"urn:ccplane:problem:{body['code']}"
        and bool(body["title"] and body["detail"])
    )


@pytest.mark.parametrize(("method", "path"), PROTECTED)
async def test_without_a_token_nothing_is_told(stranger, method, path):
    answer = await stranger.request(method, path, json={"state": "ready"} if method == "PUT" else None)
    assert is_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("given", ["Bearer wrong", f"Basic {TOKEN}", "Bearer", "Bearer ", f"Bearer {TOKEN}x", TOKEN])
async def test_only_the_whole_token_opens(stranger, given):
    answer = await stranger.get("/api/v1/agents", headers={"Authorization": given})
    assert answer.status_code == 401


async def test_an_empty_token_at_construction_opens_nothing(site):
    async with client_from(create_app(site.ports(), admin_token=""), token=None) as client:
        assert (await client.get("/api/v1/agents", headers={"Authorization": "Bearer "})).status_code == 401


HOSTS = ("localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]")
NOT_HERE = ("evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "192.0.2.7", "")


@pytest.mark.parametrize(("host", "status"), [*((each, 200) for each in HOSTS), *((each, 401) for each in NOT_HERE)])
@pytest.mark.parametrize("path", ["/api/v1/wallboard", "/wallboard"])
async def test_a_page_that_has_its_own_name_bound_to_this_machine_reads_nothing_without_a_token(
    app, host, status, path
):
    """DNS rebinding: the browser asks from loopback, but for the name of that page."""
    async with client_from(app, "127.0.0.1", token=None) as client:
        answer = await client.get(path, headers={"Host": host})
    assert answer.status_code == status


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1"])
async def test_the_wallboard_needs_no_token_from_this_machine_and_everything_else_does(app, address):
    async with client_from(app, address, token=None) as client:
        assert (await client.get("/api/v1/wallboard")).status_code == 200
        assert (await client.get("/api/v1/agents")).status_code == 401


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
async def test_a_proxy_on_this_machine_does_not_make_its_clients_local(app, header):
    async with client_from(app, "127.0.0.1", token=None) as client:
        assert (await client.get("/api/v1/wallboard", headers={header: "203.0.113.9"})).status_code == 401


async def test_an_unknown_address_is_a_problem(admin):
    answer = await admin.get("/api/v1/nothing")
    assert is_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-page")


async def test_a_method_that_is_not_known_is_a_problem_that_says_which_are(admin):
    answer = await admin.delete("/api/v1/agents/1001")
    assert is_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
    assert answer.headers["allow"] == "GET"


async def test_a_body_that_is_no_json_is_a_problem(admin):
    answer = await admin.put("/api/v1/agents/1001/state", content=b"{", headers={"Content-Type": "application/json"})
    assert is_problem(answer)
    assert answer.json()["code"] == "invalid-request"


async def test_a_body_that_is_too_large_is_refused_before_anyone_reads_it(stranger):
    answer = await stranger.put("/api/v1/agents/1001/state", content=b"x" * 65_537)
    assert is_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


async def test_a_body_of_untold_length_is_refused(stranger):
    async def chunks():
        yield b"{}"

    answer = await stranger.put("/api/v1/agents/1001/state", content=chunks())
    assert (answer.status_code, answer.json()["code"]) == (411, "length-required")


async def test_what_nobody_foresaw_tells_nothing_of_its_inside(site, admin, monkeypatch):
    def broken() -> None:
        raise ValueError("secret inside")

    monkeypatch.setattr(site.health, "parts", broken)
    answer = await admin.get("/readyz")
    assert is_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RequestError("no-such-agent", "None."), 404),
        (RequestError("anything-else", "No."), 400),
        (StoreError("postgres-unreachable", "Away."), 503),
        (SwitchError("ari-away", "Away."), 503),
        (SetupError("port-taken", "Taken."), 500),
        (IllegalMove("agent", "idle", object()), 500),
        (CcplaneError("new", "Unknown kind."), 500),
    ],
)
async def test_every_error_of_the_tree_has_its_status_by_whose_fault_it_is(error, status):
    app = FastAPI()
    problems.install(app)

    @app.get("/")
    async def fail() -> None:
        raise error

    async with client_from(app) as client:
        answer = await client.get("/")
    assert is_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (status, error.code)
    assert ("retry-after" in answer.headers) == (status == 503)
