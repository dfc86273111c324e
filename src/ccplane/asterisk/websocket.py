"""One WebSocket to ARI, on websockets' sans-I/O protocol: frames are read and written where the bytes are.

No task and no queue stands between the wire and us. A frame is handed on in the callback that read it, so the socket
is always read. What is written leaves with the next `flush`, at the latest in the loop's next turn: commands that were
decided together make two packets at most on a socket, the phones' first (`plane.URGENT`), and wake Asterisk as rarely.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode, urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import SEND_EOF, State
from websockets.uri import parse_uri

from ccplane.errors import SwitchError

MAX_MESSAGE = 64 * 1024 * 1024
"""Far more than Asterisk can send as one frame without a crash, at some 490 kB: see `lists`."""

WRONG_PASSWORD = "ari-wrong-password"


@dataclass(frozen=True, slots=True)
class Address:
    """Where ARI is and who we are there. `url` is `http://host:8088`, or https, ws, wss; `/ari` may stand behind it."""

    url: str
    username: str
    password: str

    @property
    def secure(self) -> bool:
        return urlsplit(self.url).scheme in ("https", "wss")

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or "127.0.0.1"

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or (8089 if self.secure else 8088)

    @property
    def authorization(self) -> str:
        return "Basic " + b64encode(f"{self.username}:{self.password}".encode()).decode()

    @property
    def rest(self) -> str:
        """Where operations are asked by HTTP."""
        return f"{'https' if self.secure else 'http'}://{self._place}"

    def websocket(self, app: str) -> str:
        return f"{'wss' if self.secure else 'ws'}://{self._place}/events?{urlencode({'app': app})}"

    @property
    def _place(self) -> str:
        prefix = urlsplit(self.url).path.rstrip("/").removesuffix("/ari")
        return f"{self.host}:{self.port}{prefix}/ari"


class WebSocket(asyncio.Protocol):
    """`on_text` gets each text message, `on_lost` is called once with the reason when the socket is gone."""

    def __init__(self, address: Address, app: str, on_text: Callable[[bytes], None]) -> None:
        self._address = address
        self._on_text = on_text
        self._on_lost: Callable[[str], None] | None = None
        self._protocol = ClientProtocol(parse_uri(address.websocket(app)), max_size=MAX_MESSAGE)
        self._transport: asyncio.Transport | None = None
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._parts: list[bytes] = []
        self._unflushed = False
        self.heard = time.monotonic()
        """When anything was last read from it."""

    @classmethod
    async def open(cls, address: Address, app: str, on_text: Callable[[bytes], None], patience: float) -> WebSocket:
        """An open WebSocket of that application, or a SwitchError that says what is wrong."""
        loop = asyncio.get_running_loop()
        socket = cls(address, app, on_text)
        try:
            async with asyncio.timeout(patience):
                secure = address.secure or None
                await loop.create_connection(lambda: socket, address.host, address.port, ssl=secure)
                await socket._opened
        except (OSError, EOFError) as fault:  # TimeoutError is an OSError
            socket.abort()
            raise unreachable(address, fault) from fault
        except BaseException:
            socket.abort()
            raise
        return socket

    def watch(self, on_lost: Callable[[str], None]) -> None:
        """From now on tell of the loss; at once if it is lost already."""
        self._on_lost = on_lost
        if self._gone.done():
            on_lost("disconnected")

    def write(self, text: bytes) -> None:
        """Send a text message with the next flush. Nothing happens on a socket that is closing."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_text(text)
            if not self._unflushed:
                self._unflushed = True
                asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """What was written leaves now, as one packet."""
        self._unflushed = False
        if self._transport is None or self._transport.is_closing():
            return  # uvloop raises where asyncio only warns
        data = self._protocol.data_to_send()
        if frames := b"".join(data):
            self._transport.write(frames)
        if SEND_EOF in data and self._transport.can_write_eof() and not self._address.secure:
            with contextlib.suppress(OSError):  # the far end may be gone already
                self._transport.write_eof()

    def ping(self) -> None:
        if self._protocol.state is State.OPEN:
            self._protocol.send_ping(b"")
            self.flush()

    async def close(self, patience: float = 1.0) -> None:
        """Say goodbye and wait until the far end has; a reconnect after this never meets a zombie."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(1000)
            self.flush()
            await asyncio.wait([self._gone], timeout=patience)
        self.abort()

    def abort(self) -> None:
        """Drop it. Wait at least a millisecond before the same application connects again."""
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # no isinstance: uvloop has a class of its own
        request = self._protocol.connect()
        request.headers["Authorization"] = self._address.authorization
        self._protocol.send_request(request)
        self.flush()

    def data_received(self, data: bytes) -> None:
        self.heard = time.monotonic()
        self._protocol.receive_data(data)
        if self._protocol.handshake_exc is not None:  # also of what is no HTTP at all
            self._handshake()
        self._advance()

    def eof_received(self) -> None:
        self._protocol.receive_eof()
        self._advance()

    def connection_lost(self, fault: Exception | None) -> None:
        self._fail_opening(fault or EOFError("it closed the connection"))
        if not self._gone.done():
            self._gone.set_result(None)
        if self._on_lost is not None:
            self._on_lost(f"disconnected: {fault}" if fault else "disconnected")

    def _advance(self) -> None:
        """Take what the protocol made of the bytes."""
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._handshake()
            elif isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.CONT):
                self._message(event.data, event.fin)
        self.flush()
        if self._protocol.close_expected() and self._transport is not None:
            self._transport.close()

    def _message(self, data: bytes | bytearray | memoryview, last: bool) -> None:
        if last and not self._parts:
            return self._on_text(bytes(data))
        self._parts.append(bytes(data))
        if last:
            whole, self._parts = b"".join(self._parts), []
            self._on_text(whole)
        return None

    def _handshake(self) -> None:
        fault = self._protocol.handshake_exc
        if fault is None:
            if not self._opened.done():
                self._opened.set_result(None)
        elif isinstance(fault, InvalidStatus):
            self._fail_opening(refused(self._address, fault.response.status_code))
        else:
            self._fail_opening(refused(self._address, 0))

    def _fail_opening(self, fault: Exception) -> None:
        if not self._opened.done():
            self._opened.set_exception(fault)
            self._opened.exception()  # seen: nobody may be waiting any more


def unreachable(address: Address, fault: BaseException) -> SwitchError:
    return SwitchError(
        "ari-unreachable",
        f"ARI at {address.url} does not answer ({fault or type(fault).__name__}). Is Asterisk running there?",
        url=address.url,
    )


def refused(address: Address, status: int) -> SwitchError:
    """Why the handshake was refused. While Asterisk boots it answers 404, then 503."""
    match status:
        case 401:
            return SwitchError(
                WRONG_PASSWORD,
                f"Asterisk at {address.url} refused the ARI user {address.username!r}: "
                "check that its ari.conf has a section of this name with the password in CCPLANE_ARI_PASSWORD.",
                url=address.url,
                username=address.username,
            )
        case 404 | 503:
            code, what = "ari-not-ready", "is up but ARI is not ready: it is starting, or res_ari is not loaded"
        case _:
            code, what = "ari-refused", "refused the WebSocket: is this Asterisk's HTTP port?"
    return SwitchError(code, f"{address.url} {what} ({status or 'no HTTP status'}).", url=address.url, status=status)
