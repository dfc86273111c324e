"""What the first request makes is made before, off the loop of all calls."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
from fastapi import FastAPI

from ccplane.http.app import create_app
from ccplane.http.warming import warm
from tests.http.memory import TOKEN, Site


async def _first_request_s(*, warmed: bool) -> float:
    app = create_app(Site().ports(), admin_token=TOKEN)
    if warmed:
        _warm_in_a_thread(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        began = time.thread_time()
        answer = await client.get("/api/openapi.yaml")
        took = time.thread_time() - began
    assert answer.status_code == 404
    return took


def _warm_in_a_thread(app: FastAPI) -> None:
    with ThreadPoolExecutor(1) as threads:
        threads.submit(warm, app).result()


async def test_of_an_app_that_was_warmed_the_first_request_costs_a_fraction():
    cold = await _first_request_s(warmed=False)
    assert await _first_request_s(warmed=True) < cold / 3
