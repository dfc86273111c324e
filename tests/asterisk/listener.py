"""What a plane commands, read on its way through a proxy."""

from __future__ import annotations

import json

from tests.proxy import Proxy

HARMLESS = ("/ping", "asterisk/ping", "events/user/")
"""What asks whether somebody is there."""


class Listener:
    """Reads what a plane sends through a proxy: the commands in its WebSocket frames. Begin it in a quiet moment."""

    def __init__(self, proxy: Proxy) -> None:
        self.commands: list[str] = []
        self._buffers: dict[int, bytes] = {}
        proxy.on_sent = self._sent

    def _sent(self, connection: int, data: bytes) -> None:
        buffer = self._buffers.get(connection, b"") + data
        if buffer.startswith(b"GET "):
            _, found, rest = buffer.partition(b"\r\n\r\n")
            self._buffers[connection] = rest if found else buffer
            return
        while (frame := _frame(buffer)) is not None:
            text, buffer = frame
            self._take(text)
        self._buffers[connection] = buffer

    def _take(self, text: bytes) -> None:
        try:
            asked = json.loads(text)
        except ValueError:
            return  # a ping, a goodbye
        uri, method = asked.get("uri", ""), asked.get("method", "")
        if method != "GET" and not any(each in uri for each in HARMLESS):
            self.commands.append(f"{method} {uri}")


def _frame(buffer: bytes) -> tuple[bytes, bytes] | None:
    """The first client's frame, unmasked, and what follows it."""
    if len(buffer) < 6:
        return None
    length, at = buffer[1] & 0x7F, 2
    if length == 126:
        length, at = int.from_bytes(buffer[2:4], "big"), 4
    elif length == 127:
        length, at = int.from_bytes(buffer[2:10], "big"), 10
    if len(buffer) < at + 4 + length:
        return None
    mask, body = buffer[at : at + 4], buffer[at + 4 : at + 4 + length]
    return bytes(byte ^ mask[n % 4] for n, byte in enumerate(body)), buffer[at + 4 + length :]
