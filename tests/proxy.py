"""A TCP proxy that a test can cut: the network between a plane and its switch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.ports import free_port


class Proxy:
    """Passes bytes on until `cut`; then refuses until `mend`."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._whole = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._deaf: set[asyncio.StreamWriter] = set()
        self._began: dict[asyncio.StreamWriter, bytes] = {}

    def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        self._whole = False
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self._whole = True

    def swallow(self) -> None:
        """What is connected now stays open and carries nothing any more, as behind a network that went away."""
        self._deaf |= self._writers

    def swallow_those(self, asked_for: bytes) -> None:
        """The same of those connections whose first words held this; others, and new ones, carry on."""
        self._deaf |= {writer for writer, words in self._began.items() if asked_for in words}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, far_writer}
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        finally:
            self._writers -= {writer, far_writer}
            self._deaf -= {writer, far_writer}
            self._began.pop(far_writer, None)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                self._began.setdefault(writer, data)
                if writer not in self._deaf:
                    writer.write(data)
                    await writer.drain()
        writer.transport.abort()


@asynccontextmanager
async def open_proxy(target: int) -> AsyncIterator[Proxy]:
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", proxy.port)
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut()
