"""One process holds the folder, brings the stack up, watches it until told to end, and leaves nothing."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ccplane.errors import SetupError
from ccplane.local.stack import Stack
from ccplane.local.terminal import say
from ccplane.local.welcome import welcome
from ccplane.settings import Settings, make_runtime

Beside = Callable[[], Coroutine[Any, Any, None]]


async def run(settings: Settings, plane_command: Sequence[str] | None = None, beside: Beside | None = None) -> int:
    """Starts all, watches until told to end, ends all. The exit status.

    `beside`: what else is done once calls can be taken; it is cancelled when told to end, and when it returns all ends.
    """
    stack = Stack(settings, plane_command)
    told = asyncio.Event()
    with ExitStack() as cleanup:
        cleanup.enter_context(sole_instance(settings.runtime))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, _told, told, stack)
        try:
            started = time.monotonic()
            if not await unless(told, stack.start()):
                return 130
            say(welcome(settings, stack, time.monotonic() - started))
            await unless(told, _both(stack, beside) if beside else stack.watch())
            return 0
        finally:
            await stack.stop()


async def _both(stack: Stack, beside: Beside) -> None:
    watching = asyncio.create_task(stack.watch())
    try:
        await beside()
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def _told(told: asyncio.Event, stack: Stack) -> None:
    if told.is_set():
        stack.kill()
    else:
        say("\nEnding; once more to end at once.")
        told.set()


async def unless(told: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Does the work until we are told to end. True if it was done, False if it was cut off."""
    doing, waiting = asyncio.ensure_future(work), asyncio.ensure_future(told.wait())
    try:
        await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            return False
        doing.result()
        return True
    finally:
        for task in (doing, waiting):
            task.cancel()
        await asyncio.gather(doing, waiting, return_exceptions=True)


@contextmanager
def sole_instance(runtime: Path) -> Iterator[None]:
    """Holds the folder for this process. SetupError "already-running" if another one has it."""
    make_runtime(runtime)
    with (runtime / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise SetupError(
                "already-running",
                f"Another ccplane runs from {runtime} (process {lock.read().strip() or 'unknown'}): "
                "end that one first, or give this one a folder of its own with CCPLANE_RUNTIME=DIR.",
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)
