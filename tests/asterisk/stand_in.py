"""The least that can stand where ccplane does: an application that is connected, and nothing else."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import websockets

from ccplane.asterisk.node import LocalNode


@contextlib.asynccontextmanager
async def application(node: LocalNode) -> AsyncIterator[tuple[httpx.AsyncClient, Callable[[], Awaitable[str]]]]:
    """Connects as `ccplane`; yields ARI and a way to wait for the next channel that arrives."""
    token = base64.b64encode(f"{node.ari_username}:{node.ari_password}".encode()).decode()
    events = f"ws://127.0.0.1:{node.http_port}/ari/events?app=ccplane"
    headers = {"Authorization": f"Basic {token}"}
    async with (
        httpx.AsyncClient(base_url=node.ari_url, headers=headers, timeout=30) as ari,
        websockets.connect(events, additional_headers=headers) as socket,
    ):

        async def channel_arrives() -> str:
            async with asyncio.timeout(20):
                while True:
                    event = json.loads(await socket.recv())
                    if event["type"] == "StasisStart":
                        return event["channel"]["id"]

        yield ari, channel_arrives
