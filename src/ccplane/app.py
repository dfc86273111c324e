"""How a plane begins, lives and ends: read `plane_of`. What it is made of stands in `parts.py`.

Begin: outbox (what we knew) → clock → lease (may we?) → people → state → programs → switch. An order is law where a
comment says so; everything else about how the parts work stands in the parts.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

import uvloop

from ccplane.asterisk.link import Link
from ccplane.child import LEFT, SUPERVISOR, ended, put_left
from ccplane.handover.draining import Draining
from ccplane.handover.taking import Predecessor, telling_why
from ccplane.logged import log_as
from ccplane.parts import Parts
from ccplane.plane import Plane
from ccplane.settings import Settings, make_runtime

CALLS_FIRST_S: Final = 1.0
"""How long the API waits for the switch to be found, after a crash with calls up."""
API_LATER_S: Final = 0.2
"""So long after a successor has begun to route, its API is made: what has waited for it is served first."""

GIVE_WAY_S: Final = 0.0005
"""How soon the outbox's thread gives the interpreter back to the loop of all calls: Python's 5 ms are an eternity."""


def run(settings: Settings) -> int:
    """Run a plane in the foreground until SIGINT or SIGTERM. CcplaneError if it cannot begin."""
    log_as(settings.log_level)
    sys.setswitchinterval(GIVE_WAY_S)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(settings))


async def _run(settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    living, stopping = asyncio.create_task(_live(settings)), asyncio.create_task(stop.wait())
    leash = asyncio.create_task(_without_supervisor(stop))
    await asyncio.wait((living, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    leash.cancel()
    living.cancel()  # whether it has begun, or still waits for its turn
    with suppress(asyncio.CancelledError):
        return await living  # what ended the plane is told by the command line
    return 0


async def _without_supervisor(stop: asyncio.Event) -> None:
    """A successor is nobody's child: it sees for itself that who watches over it has ended."""
    if watched_by := os.environ.get(SUPERVISOR):
        await ended(int(watched_by))
        stop.set()


async def _live(settings: Settings) -> int:
    async with plane_of(settings) as running:
        gc.freeze()  # nor does what a plane is made of need to be looked through, beside the calls
        await asyncio.wait((running.ended,))
        running.ended.result()
    if running.draining.has_left:
        put_left(settings.runtime / "plane.json")
        return LEFT
    return 0


class Running:
    """A plane that was begun, for those who run it in their own process."""

    def __init__(self, plane: Plane, url: str, admin_token: str, ended: asyncio.Task[None], draining: Draining) -> None:
        self.plane, self.url, self.admin_token, self.ended = plane, url, admin_token, ended
        self.draining = draining


@asynccontextmanager
async def plane_of(settings: Settings) -> AsyncIterator[Running]:
    """Begin a plane; leaving ends it. Calls that are up stay up."""
    make_runtime(settings.runtime)
    before = Predecessor.of_ours()
    async with AsyncExitStack() as stack:
        stack.enter_context(telling_why(before))
        parts = Parts(settings, before, stack)
        await parts.outside()
        await parts.remembered()
        parts.core()
        parts.phones_and_pins()
        parts.by_ami()
        parts.the_switch()
        parts.leaving()
        said = parts.first_words()
        leading = parts.leads()
        if before is not None:  # its port is open: who asks waits there
            await before.routed(parts.link)
            for each in said:  # only now: what it means for who waits is done at the switch, as by `ccplane reload`
                parts.plane.post(each)
            await asyncio.sleep(API_LATER_S)
        await _calls_first(parts.plane, parts.link)
        server = await parts.api()
        over = parts.lives_on(leading)
        yield Running(parts.plane, server.url, parts.token, over, parts.draining)


async def _calls_first(plane: Plane, link: Link) -> None:
    """Who waits is served before the API's code is read, which takes longer than all the rest."""
    if plane.state.contacts:
        with suppress(TimeoutError):
            await asyncio.wait_for(link.found.wait(), CALLS_FIRST_S)
