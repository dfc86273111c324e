"""A small ARI server in this process, for faults that a real Asterisk can't be asked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

STAMP = "2026-01-02T03:04:05.678+0000"
Answer = Callable[[dict[str, Any]], tuple[int, Any] | None]
"""What a request is answered with; None: nothing at all."""


@dataclass
class RestServer:
    """It acknowledges everything and echoes pings, until it is told to behave otherwise."""

    echoes: bool = True
    answer: Answer = lambda _: (204, None)
    sockets: dict[str, ServerConnection] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    lists: dict[str, tuple[int, Any] | None] = field(default_factory=dict)
    """What a path is answered with by HTTP; None: nothing at all."""
    asked: list[str] = field(default_factory=list)
    """What came by HTTP: `path authorization`."""
    refuses: str = ""
    """An application that is answered 503."""
    hangs: set[str] = field(default_factory=set)
    """Applications whose commands are never answered."""
    open: int = 0
    port: int = 0
    _deaf: list[asyncio.Transport] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the end, so that what is never answered does not hold it up."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def say(self, app: str, kind: str, **properties: Any) -> None:
        """An event on that application's socket."""
        await self.raw(app, json.dumps({"type": kind, "timestamp": STAMP, "application": app, **properties}))

    async def raw(self, app: str, frame: str) -> None:
        await self.sockets[app].send(frame)

    def drop(self, app: str) -> None:
        """The connection is gone without a word."""
        self.sockets[app].transport.abort()

    def deafen(self, app: str) -> None:
        """Nothing is read from it any more, and no pong written."""
        transport = cast(asyncio.Transport, self.sockets[app].transport)
        transport.pause_reading()
        self._deaf.append(transport)

    def hear_again(self) -> None:
        for transport in self._deaf:
            transport.resume_reading()

    async def _serve(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        app = parse_qs(urlsplit(socket.request.path).query)["app"][0]
        self.sockets[app] = socket
        self.open += 1
        try:
            async for frame in socket:
                await self._request(app, json.loads(frame))
        except ConnectionClosed:
            pass
        finally:
            self.open -= 1

    async def _admit(self, _: ServerConnection, request: Request) -> Response | None:
        path = request.path.removeprefix("/ari/")
        if not path.startswith("events"):
            self.asked.append(f"{path} {request.headers.get('Authorization')}")
            return await self._listed(path)
        if self.refuses and self.refuses in request.path:
            return Response(503, "Service Unavailable", Headers(), b"")
        return None

    async def _listed(self, path: str) -> Response:
        said = self.lists[path]
        if said is None:
            await self.over.wait()
        status, body = said or (503, None)
        frame = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Response(status, "Said", Headers({"Content-Length": str(len(frame)), "Connection": "close"}), frame)

    async def _request(self, app: str, request: dict[str, Any]) -> None:
        self.requests.append(request)
        if app in self.hangs:
            return
        said = (204, None) if request["uri"].startswith("events/user/") else self.answer(request)
        if request["uri"].startswith("applications/"):
            said = (200, {"name": app})
        if said is not None:
            status, body = said
            message = {"type": "RESTResponse", "request_id": request["request_id"], "status_code": status}
            await self.raw(app, json.dumps(message | ({"message_body": json.dumps(body)} if body is not None else {})))
        if request["uri"].startswith("events/user/") and self.echoes:
            await self.say(app, "ChannelUserevent", eventname=request["uri"].rpartition("/")[2], userevent={})


@asynccontextmanager
async def rest_server(**options: Any) -> AsyncIterator[RestServer]:
    server = RestServer(**options)
    serving = serve(server._serve, "127.0.0.1", 0, compression=None, close_timeout=0.1, process_request=server._admit)
    async with serving as listening:
        server.port = next(iter(listening.sockets)).getsockname()[1]
        try:
            yield server
        finally:
            server.over.set()
            server.hear_again()


async def until(truth: Callable[[], Any], within: float = 20) -> None:
    """Wait for a fact that nobody announces."""
    async with asyncio.timeout(within):
        while not truth():
            await asyncio.sleep(0.001)
