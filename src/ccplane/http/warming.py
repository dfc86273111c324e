"""What an app makes at its first request (routes, handlers) is made ahead, beside the loop of all calls.

With some hundred routes that is 150 ms of processor time; on that loop it would hold up whoever calls just then.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import ASGIApp, Message, Scope

NOWHERE: Final = "/nowhere"
"""Every route is asked whether it is this one."""
HARMLESS: Final = "/healthz"


def warm(app: ASGIApp) -> None:
    """In a thread, and a loop, of its own."""
    asyncio.run(_asked(app, NOWHERE, HARMLESS))


async def _asked(app: ASGIApp, *paths: str) -> None:
    for path in paths:
        await app(_get(path), _nothing, _unheard)


def _get(path: str) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [],
        "client": None,
        "server": None,
    }


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _unheard(_: Message) -> None:
    pass
