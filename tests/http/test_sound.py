"""Ranges of sound: what can be had is had, what cannot is refused, and no header is too much for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from ccplane.http import sound

SOUND = bytes(range(256))
MANY = "9" * 5_000


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    path = tmp_path / "a.wav"
    path.write_bytes(SOUND)
    app = FastAPI()

    @app.get("/")
    async def audio(request: Request) -> Response:
        found = path.stat()
        return sound.refused(request, found.st_size) or sound.sent(path, found, "audio/wav", "a.wav")

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        yield client


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", SOUND[:1]),
        ("bytes=10-19", SOUND[10:20]),
        ("bytes=250-", SOUND[250:]),
        ("bytes=-6", SOUND[250:]),
        (f"bytes=250-{MANY}", SOUND[250:]),
        (f"bytes=-{MANY}", SOUND),
        (f"bytes={'0' * 5_000}9-9", SOUND[9:10]),
    ],
)
async def test_a_range_is_sent_alone(browser: httpx.AsyncClient, asked: str, part: bytes):
    answer = await browser.get("/", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, part)


@pytest.mark.parametrize("asked", ["bytes=256-", "bytes=-0", f"bytes={MANY}-", f"bytes={MANY}-{MANY}"])
async def test_a_range_behind_the_end_is_a_problem_that_says_how_much_there_is(browser: httpx.AsyncClient, asked: str):
    answer = await browser.get("/", headers={"Range": asked})
    assert (answer.status_code, answer.json()["code"]) == (416, "range-not-satisfiable")
    assert answer.headers["content-range"] == "bytes */256"


async def test_of_another_file_a_range_behind_the_end_is_all_of_this(browser: httpx.AsyncClient):
    etag = (await browser.get("/")).headers["etag"]
    for of in ('"other"', etag):
        answer = await browser.get("/", headers={"Range": "bytes=999-", "If-Range": of})
        assert (answer.status_code, answer.content) == (200, SOUND)


async def test_nothing_on_the_way_keeps_it_or_takes_it_for_a_page(browser: httpx.AsyncClient):
    for headers in ({}, {"Range": "bytes=0-9"}):
        answer = await browser.get("/", headers=headers)
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"] == 'inline; filename="a.wav"'


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=some.binary(max_size=40) | some.from_regex(rb"bytes=[0-9,\- ]{0,40}", fullmatch=True))
async def test_no_header_is_too_much_for_it(browser: httpx.AsyncClient, asked: bytes):
    answer = await browser.get("/", headers=[(b"range", asked)])
    assert answer.status_code in (200, 206, 416)
    assert answer.status_code != 200 or answer.content == SOUND
