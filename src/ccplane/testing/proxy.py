"""A TCP proxy that a test can cut, slow down and stall: the network between a plane and what it talks to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count

CHUNK = 65_536
LEFT_S = 30.0
ON_ITS_WAY = 1 << 21
"""Bytes, not pieces: many small ones would be held up by each other, and come later than is said. Who reads nothing
must be felt by who writes."""


def _ignored(_: int, __: bytes) -> None:
    """Nobody listens."""


class Proxy:
    """Passes bytes on until `cut`; then refuses until `mend`."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.delay = 0.0
        """So many seconds later everything arrives, in both directions; what is on its way keeps its own time."""
        self.on_sent: Callable[[int, bytes], None] = _ignored
        """Told what is sent to the target, and over which connection, counted from 1."""
        self._numbers = count(1)
        self._target = target
        self._whole = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._deaf: set[asyncio.StreamWriter] = set()
        self._near: set[asyncio.StreamWriter] = set()
        self._began: dict[asyncio.StreamWriter, bytes] = {}
        """The first words to the target over each connection."""
        self._serving: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()

    def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        self._whole = False
        self._flowing.set()
        for writer in self._writers:
            writer.transport.abort()

    def hang_up(self) -> None:
        """Break every connection at the near end alone: what was sent before is still on its way to the target."""
        for writer in self._near:
            writer.transport.abort()

    def mend(self) -> None:
        """As it was: nothing is refused, delayed or held back any more."""
        self._whole = True
        self.delay = 0.0
        self._flowing.set()

    def swallow(self) -> None:
        """What is connected now stays open and carries nothing any more, as behind a network that went away."""
        self._deaf |= self._writers

    def swallow_those(self, asked_for: bytes) -> None:
        """The same of those connections whose first words held this; others, and new ones, carry on."""
        self._deaf |= {writer for writer, words in self._began.items() if asked_for in words}

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
        if not self._whole:  # cut meanwhile
            writer.transport.abort()
            far_writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        self._near.add(writer)
        passing = asyncio.ensure_future(self._pass_on(reader, writer, far_reader, far_writer))
        self._serving.add(passing)
        try:
            await passing
        finally:
            self._writers -= {writer, far_writer}
            self._near.discard(writer)
            self._deaf -= {writer, far_writer}
            self._began.pop(far_writer, None)
            self._serving.discard(passing)

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
    ) -> None:
        number = next(self._numbers)
        await asyncio.gather(
            self._pump(reader, far_writer, lambda data: self._sent(number, far_writer, data)),
            self._pump(far_reader, writer, lambda _: None),
        )

    def _sent(self, number: int, writer: asyncio.StreamWriter, data: bytes) -> None:
        self._began.setdefault(writer, data)
        self.on_sent(number, data)

    async def closed(self) -> None:
        """Returns when nothing is passed on any more."""
        self.cut()
        if self._serving:
            await asyncio.wait(set(self._serving), timeout=2)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, told: Callable[[bytes], None]
    ) -> None:
        on_its_way = _OnItsWay()
        delivering = asyncio.create_task(self._deliver(on_its_way, writer))
        now = asyncio.get_running_loop().time
        data = b"-"
        while data and not delivering.done():
            try:
                data = await reader.read(CHUNK)
            except ConnectionError:
                data = b""
            if data:
                told(data)
            on_its_way.put(now() + self.delay, data)
            if not on_its_way.room.is_set():
                waiting = asyncio.create_task(on_its_way.room.wait())
                await asyncio.wait({waiting, delivering}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
        await asyncio.wait([delivering], timeout=LEFT_S if self._whole else 0)  # what was sent before the end, too
        delivering.cancel()
        writer.transport.abort()

    async def _deliver(self, on_its_way: _OnItsWay, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while True:
                due, data = await on_its_way.get()
                if (wait := due - loop.time()) > 0:
                    await asyncio.sleep(wait)
                await self._flowing.wait()
                if not data or not self._whole:
                    return
                if writer not in self._deaf:
                    writer.write(data)
                    await writer.drain()
                on_its_way.passed_on(data)


class _OnItsWay:
    """What was read and is not passed on yet, in order. `room`: whether more may be read."""

    def __init__(self) -> None:
        self.room = asyncio.Event()
        self.room.set()
        self._chunks: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        self._bytes = 0

    def put(self, due: float, data: bytes) -> None:
        self._chunks.put_nowait((due, data))
        self._bytes += len(data)
        if self._bytes >= ON_ITS_WAY:
            self.room.clear()

    async def get(self) -> tuple[float, bytes]:
        return await self._chunks.get()

    def passed_on(self, data: bytes) -> None:
        self._bytes -= len(data)
        if self._bytes < ON_ITS_WAY:
            self.room.set()


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
        await proxy.closed()
