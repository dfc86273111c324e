"""The HTTP server in our own loop. It takes no signals: who started us ends us."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI

from ccplane.errors import SetupError

STALLED_S: Final = 30.0
"""A reader that takes nothing for this long is cut off, by the kernel."""
SEND_BUFFER: Final = 256 * 1024
"""What one such reader can hold of our memory until then."""
GRACE_S: Final = 3
LARGEST_MESSAGE: Final = 16 * 1024
"""Of a WebSocket; who sends a larger one is cut off (1009)."""
PING_S: Final = 15.0
"""How often a WebSocket is asked whether it lives, and how long it may think about that."""
BACKLOG: Final = 512


class Server(uvicorn.Server):
    """uvicorn, but for two things: signals are not its business, and it sleeps until it is told to stop."""

    def __init__(self, config: uvicorn.Config, host: str, listener: socket.socket) -> None:
        super().__init__(config)
        self.host, self.port = host, listener.getsockname()[1]
        self.listener = listener.dup()
        """The port itself, for who goes on with it."""
        self.listening = asyncio.get_running_loop().create_future()
        self._told = asyncio.Event()

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().serve(sockets)
        finally:
            self.listening.cancel()

    async def main_loop(self) -> None:
        self.listening.set_result(None)
        await self._told.wait()

    def stop(self) -> None:
        """Take no more requests, and end."""
        self.should_exit = True
        self._told.set()


@asynccontextmanager
async def serve(
    app: FastAPI, host: str, port: int, *, stalled_s: float = STALLED_S, listener: socket.socket | None = None
) -> AsyncIterator[Server]:
    """Serve `app` while inside; it listens once entered. Port 0 takes a free one. SetupError if it cannot listen.
    `listener`: an open port to go on with; who asked meanwhile waits there."""
    listener = listener or _listen(host, port, stalled_s)
    listener.setblocking(False)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=GRACE_S,
        ws="websockets-sansio",
        ws_max_size=LARGEST_MESSAGE,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        ws_per_message_deflate=False,
    )
    server = Server(config, host, listener)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="http")
    try:
        await server.listening
        yield server
    finally:
        for stream in app.state.streams:
            stream.close()
        server.stop()
        await serving
        listener.close()
        server.listener.close()


def _listen(host: str, port: int, stalled_s: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Inherited by every connection.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(stalled_s * 1000))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _fault(error, host, port) from error
    return listener


def _fault(error: OSError, host: str, port: int) -> SetupError:
    match error.errno:
        case errno.EADDRINUSE:
            sentence = f"Port {port} on {host} is taken: end what uses it, or choose another with CCPLANE_PORT."
            return SetupError("port-taken", sentence, port=port, host=host)
        case errno.EACCES | errno.EPERM:
            sentence = f"No right to listen on port {port}: choose one above 1023 with CCPLANE_PORT."
            return SetupError("no-right-to-port", sentence, port=port, host=host)
        case errno.EADDRNOTAVAIL:
            sentence = f"{host} is no address of this machine: set CCPLANE_BIND to one that is."
            return SetupError("no-such-address", sentence, port=port, host=host)
        case _:
            return SetupError("cannot-listen", f"Cannot listen on {host} port {port}: {error.strerror}.", port=port)
