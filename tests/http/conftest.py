from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from ccplane.http.app import create_app
from tests.http.memory import TOKEN, Site


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def app(site: Site) -> FastAPI:
    return create_app(site.ports(), admin_token=TOKEN)


def client_from(
    app: FastAPI, address: str = "192.0.2.7", token: str | None = TOKEN, host: str = "localhost:8080"
) -> httpx.AsyncClient:
    """A client at this address, which is not this machine unless told so, that asks for this host."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 40000))
    return httpx.AsyncClient(transport=transport, base_url=f"http://{host}", headers=headers)


@pytest.fixture
async def admin(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_from(app) as client:
        yield client


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_from(app, token=None) as client:
        yield client
