"""How messages travel: one UDP socket for thousands of phones, or a TCP connection for one.

Arrival times come from the kernel, so that a loop busy with other phones doesn't lengthen what is measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
import time
from collections.abc import Callable
from typing import Final, Protocol

Address = tuple[str, int]
Receive = Callable[[bytes, "Link", Address, float], None]  # data, where it came in, from whom, when (monotonic seconds)

T1: Final = 0.5
T2: Final = 4.0
GIVE_UP: Final = 64 * T1  # RFC 3261 timers B, F, H
_SO_TIMESTAMPNS: Final = 35  # Linux; Python's socket module has no name for it
_TIMESTAMP: Final = struct.Struct("qq")
_BATCH: Final = 64


class Link(Protocol):
    """A way to the other side. `via` is the Via header's transport and address, `uri_suffix` what a Contact needs."""

    via: str
    port: int
    uri_suffix: str
    reliable: bool

    def send(self, data: bytes, to: Address) -> None: ...

    def close(self) -> None: ...


class UdpLink:
    """One UDP socket, read in batches, with kernel timestamps."""

    uri_suffix = ""
    reliable = False

    def __init__(self, receive: Receive, port: int = 0, host: str = "127.0.0.1") -> None:
        self._receive = receive
        self._socket = sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            sock.bind((host, port))
        except BaseException:
            sock.close()
            raise
        self.port: int = sock.getsockname()[1]
        self.via = f"UDP {host}:{self.port}"
        asyncio.get_running_loop().add_reader(sock, self._readable)

    def send(self, data: bytes, to: Address) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):  # lost like on a wire: it is sent again
            self._socket.sendto(data, to)

    def _readable(self) -> None:
        offset = time.time() - time.monotonic()
        for _ in range(_BATCH):
            try:
                data, extra, _flags, sender = self._socket.recvmsg(65_535, 64)
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionRefusedError:
                continue
            self._receive(data, self, sender, _arrived(extra, offset))

    def close(self) -> None:
        if self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()


def _arrived(extra: list[tuple[int, int, bytes]], offset: float) -> float:
    for _level, _kind, data in extra:
        seconds, nanoseconds = _TIMESTAMP.unpack(data[: _TIMESTAMP.size])
        return float(seconds + nanoseconds / 1e9 - offset)
    return time.monotonic()


class TcpLink(asyncio.Protocol):
    """One phone's TCP connection to its registrar; calls come back over it."""

    uri_suffix = ";transport=tcp"
    reliable = True
    via = ""
    port = 0

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._buffer = b""
        self._peer: Address = ("", 0)
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def connect(cls, receive: Receive, to: Address) -> TcpLink:
        _, link = await asyncio.get_running_loop().create_connection(lambda: cls(receive), *to)
        return link

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        host, self.port = transport.get_extra_info("sockname")[:2]
        self._peer = transport.get_extra_info("peername")[:2]
        self.via = f"TCP {host}:{self.port}"

    def send(self, data: bytes, to: Address) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        at = time.monotonic()
        self._buffer = (self._buffer + data).lstrip(b"\r\n")  # RFC 5626 keep-alives are bare line breaks
        while (size := _complete(self._buffer)) is not None:
            message, self._buffer = self._buffer[:size], self._buffer[size:].lstrip(b"\r\n")
            self._receive(message, self, self._peer, at)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _complete(buffer: bytes) -> int | None:
    """Length of the first whole message in a stream, None if more must come."""
    head = buffer.find(b"\r\n\r\n")
    if head < 0:
        return None
    length = re.search(rb"^(?:content-length|l)\s*:\s*(\d+)", buffer[:head], re.IGNORECASE | re.MULTILINE)
    size = head + 4 + (int(length.group(1)) if length else 0)
    return size if len(buffer) >= size else None


class Resend:
    """Sends a message again until told to stop: 0.5 s, 1 s, 2 s … `cap`; gives up after 32 s."""

    __slots__ = ("_cap", "_data", "_gone", "_link", "_spent", "_timer", "_to", "_wait")

    def __init__(
        self, link: Link, data: bytes, to: Address, gone: Callable[[], None] | None = None, cap: float = T2
    ) -> None:
        self._link, self._data, self._to, self._gone, self._cap = link, data, to, gone, cap
        self._spent = 0.0
        self._wait = GIVE_UP if link.reliable else T1
        link.send(data, to)
        self._timer: asyncio.TimerHandle | None = asyncio.get_running_loop().call_later(self._wait, self._again)

    def _again(self) -> None:
        self._spent += self._wait
        if self._spent >= GIVE_UP:
            self._timer = None
            if self._gone is not None:
                self._gone()
            return
        self._link.send(self._data, self._to)
        self._wait = min(self._wait * 2, self._cap, GIVE_UP - self._spent)
        self._timer = asyncio.get_running_loop().call_later(self._wait, self._again)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
