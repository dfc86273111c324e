"""A TCP proxy that a test can cut, slow down and stall: the network between a plane and what it talks to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

CHUNK = 65_536


class Proxy:
    """Passes bytes on until `cut`; then refuses until `mend`."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.delay = 0.0
        """So many seconds later everything arrives, in both directions; what is on its way keeps its own time."""
        self._target = target
        self._whole = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._deaf: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()

    def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        self._whole = False
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        """As it was: nothing is refused, delayed or held back any more."""
        self._whole = True
        self.delay = 0.0
        self._flowing.set()

    def swallow(self) -> None:
        """What is connected now stays open and carries nothing any more, as behind a network that went away."""
        self._deaf |= self._writers

    def stall(self) -> None:
        """Hold everything back, also of new connections; `mend` lets it go, in order and whole."""
        self._flowing.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        finally:
            self._writers -= {writer, far_writer}
            self._deaf -= {writer, far_writer}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        on_its_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)
        delivering = asyncio.create_task(self._deliver(on_its_way, writer))
        now = asyncio.get_running_loop().time
        try:
            while data := await reader.read(CHUNK):
                await on_its_way.put((now() + self.delay, data))
        except ConnectionError:
            pass
        finally:
            with suppress(asyncio.QueueFull):
                on_its_way.put_nowait((now() + self.delay, b""))
            await asyncio.wait([delivering], timeout=self.delay + 1)
            delivering.cancel()
            writer.transport.abort()

    async def _deliver(self, on_its_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while True:
                due, data = await on_its_way.get()
                if (wait := due - loop.time()) > 0:
                    await asyncio.sleep(wait)
                await self._flowing.wait()
                if not data:
                    return
                if writer not in self._deaf:
                    writer.write(data)
                    await writer.drain()


@asynccontextmanager
async def open_proxy(target: int) -> AsyncIterator[Proxy]:
    """A proxy in front of this port of loopback, on a free one."""
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut()
