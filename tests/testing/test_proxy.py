"""The network that tests break: what it delays comes late and whole, what it holds back comes when it is mended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from ccplane.testing.proxy import Proxy, open_proxy


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1024):
        writer.write(data)
    writer.close()


@asynccontextmanager
async def through_a_proxy() -> AsyncIterator[tuple[Proxy, asyncio.StreamReader, asyncio.StreamWriter]]:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with open_proxy(server.sockets[0].getsockname()[1]) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        yield proxy, reader, writer
        writer.transport.abort()
    server.close()


async def test_what_is_sent_comes_back():
    async with through_a_proxy() as (_, reader, writer):
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"


async def test_given_a_delay_then_it_comes_late_in_both_directions_and_in_order():
    async with through_a_proxy() as (proxy, reader, writer):
        proxy.delay = 0.1
        began = asyncio.get_running_loop().time()
        for each in (b"one ", b"two ", b"three"):
            writer.write(each)
            await writer.drain()
        assert await reader.readexactly(13) == b"one two three"
        assert asyncio.get_running_loop().time() - began >= 0.2


async def test_given_a_delay_then_each_of_many_pieces_is_taken_at_once_and_keeps_its_own_time():
    """As events are: a hundred a second, of which none is to wait until there is room for it."""
    taken: asyncio.Queue[bytes] = asyncio.Queue()
    async with through_a_proxy() as (proxy, _, writer), asyncio.timeout(5.0):
        proxy.delay = 60.0
        proxy.on_sent = lambda _, data: taken.put_nowait(data)
        for _ in range(200):
            writer.write(b"x")
            assert await taken.get() == b"x"


async def test_given_that_nothing_arrives_then_it_is_felt_by_who_writes():
    async with through_a_proxy() as (proxy, _, writer):
        proxy.stall()
        writer.write(bytes(64 << 20))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(writer.drain(), 0.3)


async def test_given_a_stall_when_it_is_mended_then_all_of_it_comes():
    async with through_a_proxy() as (proxy, reader, writer):
        proxy.stall()
        writer.write(b"hello")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await reader.readexactly(1)
        proxy.mend()
        assert await reader.readexactly(5) == b"hello"


async def test_when_it_is_cut_then_the_connection_breaks_and_none_is_made_until_it_is_mended():
    async with through_a_proxy() as (proxy, reader, _):
        proxy.cut()
        with suppress(ConnectionError):
            assert await reader.read() == b""
        proxy.mend()
        again, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"x")
        assert await again.readexactly(1) == b"x"
        writer.transport.abort()
