"""The guard's process: connected to AMI, again and again, and watching until it is told to end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import structlog

from ccplane.asterisk.ami import Ami, Limits
from ccplane.guard.check import Finding, check
from ccplane.guard.guard import Guard
from ccplane.logged import log_as

log = structlog.get_logger()

PATIENT: Final = Limits(request=5.0, probe_echo=5.0)
"""A slow AMI is still one: what matters here is not soon but surely."""
AGAIN_S: Final = 5.0
CONNECT_S: Final = 5.0


def client(host: str, port: int, username: str, password: str) -> Ami:
    return Ami(host, port, username, password, limits=PATIENT)


Work = Callable[[], Coroutine[Any, Any, None]]


def run(ami: Ami, term: float, log_level: str, besides: Sequence[Work] = ()) -> None:
    """A guard in the foreground."""
    log_as(log_level)
    asyncio.run(guard(ami, term, besides))


async def guard(ami: Ami, term: float, besides: Sequence[Work] = ()) -> None:
    """Until SIGTERM or SIGINT. `besides`: what else this process does for its node; what fails there is begun again,
    and never ends the watching."""
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    log.info("the guard watches", host=ami.host, port=ami.port, term_s=term)
    duties = [asyncio.create_task(each) for each in (ami.run(), Guard(ami, term).run(), *map(_kept_up, besides))]
    waiting = asyncio.create_task(told.wait())
    try:
        done, _ = await asyncio.wait({waiting, *duties}, return_when=asyncio.FIRST_COMPLETED)
        for each in done - {waiting}:
            each.result()
    finally:
        for each in (waiting, *duties):
            each.cancel()
        await asyncio.gather(waiting, *duties, return_exceptions=True)
    log.info("the guard ends; nobody watches this node now")


async def _kept_up(work: Work) -> None:
    while True:
        try:
            await work()
        except Exception as fault:
            log.exception("a fault of ours beside the watching; trying on", exc_info=fault)
        await asyncio.sleep(AGAIN_S)


async def checked(ami: Ami) -> Sequence[Finding]:
    """What a look at this node finds."""
    async with _connected(ami) as there:
        return await check(ami) if there else [Finding(False, f"AMI        AWAY  {ami.stats.last_error}")]


@asynccontextmanager
async def _connected(ami: Ami) -> AsyncIterator[bool]:
    there = asyncio.Event()

    async def logged_in() -> None:
        there.set()

    ami.events.at_login(logged_in)
    running = asyncio.create_task(ami.run())
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(there.wait(), CONNECT_S)
        yield there.is_set()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
