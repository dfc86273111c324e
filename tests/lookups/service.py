"""A real HTTP service that does what a test wants, also what no good one would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Behaviour = Callable[["Asked", asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Asked:
    """One request."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Service:
    """`behaves` may be changed at any time; `asked`: all requests; `left`: set when a client goes before the answer."""

    behaves: Behaviour
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := (await reader.readline()).decode().strip():
                headers = {}
                while header := (await reader.readline()).decode().strip():
                    name, _, value = header.partition(": ")
                    headers[name.lower()] = value
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                asked = Asked(line, headers, body)
                self.asked.append(asked)
                self.came.set()
                behaving = asyncio.ensure_future(self.behaves(asked, writer))
                gone = asyncio.ensure_future(reader.read(1))
                await asyncio.wait({behaving, gone}, return_when=asyncio.FIRST_COMPLETED)
                if not behaving.done():
                    self.left.set()
                    behaving.cancel()
                gone.cancel()
                await asyncio.gather(behaving, gone, return_exceptions=True)
                return
        except (ConnectionError, asyncio.IncompleteReadError):
            self.left.set()
        finally:
            writer.close()


def says(body: bytes | str, status: str = "200 OK", **headers: str) -> Behaviour:
    body = body.encode() if isinstance(body, str) else body
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())

    async def behave(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body)
        await writer.drain()

    return behave


async def hangs(_: Asked, __: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drips(_: Asked, writer: asyncio.StreamWriter) -> None:
    """A byte now and then, for ever: no read ever times out."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1\r\n \r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def floods(_: Asked, writer: asyncio.StreamWriter) -> None:
    """10 MB, without a word about it before."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(160):
        writer.write(b"10000\r\n" + b"[" * 65_536 + b"\r\n")
        await writer.drain()


def one_after_the_other(*behaviours: Behaviour) -> Behaviour:
    """The first for the first request, and so on; the last for all that follow."""
    left = list(behaviours)

    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(asked, writer)

    return behave


@asynccontextmanager
async def a_service(behaves: Behaviour) -> AsyncIterator[Service]:
    service = Service(behaves)
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    service.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield service
    finally:
        server.close()
