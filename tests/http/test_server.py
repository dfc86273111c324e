from __future__ import annotations

import asyncio
import socket
import time

import httpx
import pytest

from ccplane.errors import SetupError
from ccplane.http.server import GRACE_S, serve


async def test_it_listens_once_entered_and_not_any_more_once_left(app):
    async with serve(app, "127.0.0.1", 0) as server, httpx.AsyncClient(trust_env=False, timeout=30) as client:
        assert (await client.get(f"{server.url}/healthz")).status_code == 200
    with pytest.raises(OSError):  # noqa: PT011 - refused, or reset
        await asyncio.open_connection("127.0.0.1", server.port)


async def test_a_port_that_is_taken_is_named_with_the_setting_that_changes_it(app):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SetupError, match=rf"{port}.*CCPLANE_PORT") as error:
            async with serve(app, "127.0.0.1", port):
                pass
    assert error.value.code == "port-taken"


async def test_an_address_of_another_machine_is_refused(app):
    with pytest.raises(SetupError, match="CCPLANE_BIND") as error:
        async with serve(app, "192.0.2.1", 0):
            pass
    assert error.value.code == "no-such-address"


async def test_the_same_port_can_be_taken_again_at_once(app, site):
    async with serve(app, "127.0.0.1", 0) as server, httpx.AsyncClient(trust_env=False, timeout=30) as client:
        await client.get(f"{server.url}/healthz")
        port = server.port
    async with serve(app, "127.0.0.1", port) as again:
        assert again.port == port


async def test_ending_waits_for_no_idle_client(app):
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        async with serve(app, "127.0.0.1", 0) as server:
            await client.get(f"{server.url}/healthz")
            began = time.monotonic()
        assert time.monotonic() - began < GRACE_S - 1


async def test_ending_ends_streams_at_once(app):
    async with serve(app, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /api/v1/wallboard/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readuntil(b"data: ")
        began = time.monotonic()
    assert time.monotonic() - began < GRACE_S - 1
    assert (await reader.read()).endswith(b"0\r\n\r\n")
    writer.close()


async def test_signals_are_none_of_its_business(app):
    import signal

    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    async with serve(app, "127.0.0.1", 0):
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.slow
async def test_at_rest_it_does_nothing(app):
    async with serve(app, "127.0.0.1", 0):
        before = time.process_time()
        await asyncio.sleep(2)  # what is tested is that time passes and nothing else does
        assert time.process_time() - before < 0.02
