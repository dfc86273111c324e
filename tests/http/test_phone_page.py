"""`/phone` and what it loads: kept as long as it may be, and shut in; without a build it says what to do."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from ccplane.http import built_pages, phone_page, problems
from tests.http.conftest import client_from

WEBSOCKET = "ws://127.0.0.1:8088/ws"


def served_from(built: Path) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(built_pages.routes(built))
    app.include_router(phone_page.routes(WEBSOCKET, built))
    problems.install(app)
    return client_from(app, token=None)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "phone-ABC.js").write_text("ring()")
    (tmp_path / "assets" / "phone-DEF.css").write_text("b{}")
    (tmp_path / "phone.html").write_text("<!doctype html><p>电话")
    return tmp_path


async def test_the_page_is_asked_for_each_time_and_may_connect_to_us_and_to_the_switch_alone(built: Path):
    async with served_from(built) as client:
        answer = await client.get("/phone")
    assert (answer.status_code, answer.text) == (200, "<!doctype html><p>电话")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == f"'self' {WEBSOCKET}"
    assert policy["frame-ancestors"] == "'none'"
    assert answer.headers["permissions-policy"].startswith("microphone=(self)")


@pytest.mark.parametrize(
    ("name", "kind"), [("phone-ABC.js", "text/javascript; charset=utf-8"), ("phone-DEF.css", "text/css; charset=utf-8")]
)
async def test_what_bears_its_hash_is_kept_for_ever(built: Path, name: str, kind: str):
    async with served_from(built) as client:
        answer = await client.get(f"/assets/{name}")
    assert answer.headers["content-type"] == kind
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["phone-OLD.js", "..%2Fphone.html", "%2e%2e/phone.html"])
async def test_nothing_else_is_given_out(built: Path, name: str):
    async with served_from(built) as client:
        answer = await client.get(f"/assets/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_without_a_build_it_says_what_to_do(tmp_path: Path):
    async with served_from(tmp_path) as client:
        answer = await client.get("/phone")
    assert answer.status_code == 503
    assert "make web" in answer.text


async def test_the_site_serves_it_without_a_token(stranger: httpx.AsyncClient):
    assert (await stranger.get("/phone")).headers["content-type"] == "text/html; charset=utf-8"
