"""Whether an Asterisk that was started is ready: AMI says so, then ARI answers. Asked before any client is made."""

from __future__ import annotations

import asyncio
import contextlib
from base64 import b64encode
from collections.abc import AsyncIterator

from ccplane.errors import SwitchError


async def fully_booted(host: str, port: int, username: str, password: str) -> None:
    """Returns at AMI's event FullyBooted, which a login gets at once when Asterisk is already up."""
    async with _connection(host, port) as (reader, writer):
        writer.write(f"Action: Login\r\nUsername: {username}\r\nSecret: {password}\r\n\r\n".encode())
        while line := await reader.readline():
            if line == b"Event: FullyBooted\r\n":
                return
            if line == b"Response: Error\r\n":
                raise SwitchError("ami-refused", f"Asterisk refuses our own AMI account at {host}:{port}.")
        raise SwitchError("asterisk-died", "Asterisk closed the connection while it started.")


async def ari_status(host: str, port: int, username: str, password: str) -> int:
    """The HTTP status of ARI's ping."""
    token = b64encode(f"{username}:{password}".encode()).decode()
    headers = f"Host: {host}\r\nAuthorization: Basic {token}\r\nConnection: close\r\n"
    async with _connection(host, port) as (reader, writer):
        writer.write(f"GET /ari/asterisk/ping HTTP/1.1\r\n{headers}\r\n".encode())
        return int((await reader.readline()).split()[1])


@contextlib.asynccontextmanager
async def _connection(host: str, port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connects as soon as somebody listens."""
    while True:
        try:
            reader, writer = await asyncio.open_connection(host, port)
            break
        except ConnectionRefusedError:
            await asyncio.sleep(0.02)  # nothing tells when a port opens
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
