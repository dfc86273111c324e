"""A part is started, and started again whenever it dies: no part's death ends another, or a call that is up."""

from __future__ import annotations

import asyncio
import time
from typing import Final, Protocol

from ccplane.child import LEFT
from ccplane.errors import CcplaneError
from ccplane.local.terminal import say

PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before a part that died is started again; the last one repeats."""

CALM: Final = 60.0
"""Seconds a part must have been up for its next death to count as the first."""


class Part(Protocol):
    """Something that is started, can die, and is ended."""

    async def start(self) -> object: ...
    async def stop(self) -> None: ...
    async def wait(self) -> int: ...
    def kill(self) -> None: ...


async def timed(name: str, part: Part) -> None:
    started = time.monotonic()
    await part.start()
    say(f"{name}: ready ({time.monotonic() - started:.1f} s)")


async def keep_up(name: str, part: Part) -> None:
    """Starts the part again each time it dies, with a pause that grows while it dies young.

    Whatever keeps it from starting (a full disk, a fault of ours) is said and tried again: the other parts, and the
    calls that are up, must not end for it.
    """
    deaths = 0
    while True:
        since = time.monotonic()
        status = await part.wait()
        if status == LEFT:
            say(f"{name}: has left, as it was asked; it is not started again")
            return
        deaths = 1 if time.monotonic() - since > CALM else deaths + 1
        pause = PAUSES[min(deaths, len(PAUSES)) - 1]
        say(f"{name}: ended by itself (status {status}); starting it again in {pause} s")
        await asyncio.sleep(pause)
        try:
            await timed(name, part)
        except CcplaneError as error:
            say(f"{name}: {error}")
        except Exception as error:
            say(f"{name}: could not be started: {error!r}")
