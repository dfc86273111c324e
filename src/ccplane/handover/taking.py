"""What a successor does: prepares all that takes time beside the plane that leads, then takes its place."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import structlog

from ccplane import __version__
from ccplane.asterisk.ari import Ari
from ccplane.asterisk.link import Link
from ccplane.asterisk.operations import GetInfo, ListBridges, ListChannels, ListEndpoints, Operation
from ccplane.asterisk.outcomes import Done
from ccplane.asterisk.switch import HOUSE
from ccplane.beginning import Begun
from ccplane.callflow.loader import load
from ccplane.errors import CcplaneError, StoreError, SwitchError
from ccplane.handover.giving import Giving, Stage
from ccplane.handover.line import FAILED, Line
from ccplane.log.outbox_file import Recovered
from ccplane.postgres.lease import Lease
from ccplane.postgres.pool import is_away
from ccplane.site import Site

log = structlog.get_logger()

GO_WITHIN_S: Final = 10.0
YOURS_WITHIN_S: Final = 10.0
ROUTED_WITHIN_S: Final = 2.0
LONGEST_WHY: Final = 4_000


class Predecessor:
    """The plane that leads, at the other end of the line."""

    def __init__(self, line: Line) -> None:
        self.listener: socket.socket | None = None
        self._line = line
        self._times: dict[str, float] = {}

    @classmethod
    def of_ours(cls) -> Predecessor | None:
        """None if we were started as any process is."""
        line = Line.given()
        return None if line is None else cls(line)

    async def replace(self, ari: Ari) -> None:
        """All that takes time is done: take its application, and wait until it has left the outbox to us."""
        self._line.say("prepared", pid=os.getpid(), version=__version__)
        await self._line.hear("go", GO_WITHIN_S)
        await ari.open_ahead()
        self.passed("connected")
        self._line.say("connected")
        yours = await self._line.hear("yours", YOURS_WITHIN_S)
        self._times |= yours.told["times"]
        if yours.descriptors:
            self.listener = socket.socket(fileno=yours.descriptors[0])
        self.passed("yours")

    def passed(self, what: str) -> None:
        """Remember when it was."""
        self._times[what] = time.monotonic()

    async def routed(self, link: Link) -> None:
        """Until calls are routed again; but not for ever."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ROUTED_WITHIN_S):
                await link.found.wait()
                self.passed("routes")
        with suppress(CcplaneError):
            self._line.say("routes")

    def failed(self, why: str) -> None:
        """It is to be said where the hand-over was asked for, not only in our log."""
        with suppress(CcplaneError):
            self._line.say(FAILED, why=why[:LONGEST_WHY])

    def report(self, giving: Giving) -> None:
        """How long it took, and what of it."""
        self._line.close()
        giving.stage, giving.took = Stage.DONE, self.took()
        log.info("taken over; calls are routed", **giving.took)

    def took(self) -> dict[str, float]:
        """Milliseconds from one thing to the next, in order; `total` from when it was told to take the application."""
        order = sorted(self._times.items(), key=lambda each: each[1])
        steps = {what: round((at - order[n][1]) * 1000, 1) for n, (what, at) in enumerate(order[1:])}
        total = round((order[-1][1] - order[0][1]) * 1000, 1)
        frozen = round((order[-1][1] - self._times.get("frozen", order[-1][1])) * 1000, 1)
        return steps | {"undecided": frozen, "total": total}


@contextmanager
def telling_why(before: Predecessor | None) -> Iterator[None]:
    """Whatever ends us in here, the plane before us is told; after it has left, nobody listens any more."""
    try:
        yield
    except Exception as error:
        if before is not None:
            before.failed(str(error) if isinstance(error, CcplaneError) else f"A fault of ccplane's own: {error!r}.")
        raise


async def rehearse(site: Site, ari: Ari) -> str:
    """Ask the switch, from an application of no calls, what is asked of it later, and read all programs: what is slow
    for the first time only is then done. The switch's version; SwitchError if it does not answer."""
    for program in site.programs:
        with suppress(Exception):  # one that cannot be read is its callers' fault to be told
            load(site, program)
    version = ""
    try:
        switch = await ari.open_ahead()
        operations: tuple[Operation[Any], ...] = (ListChannels(), ListBridges(), ListEndpoints(), GetInfo())
        for operation in operations:
            outcome = await switch.send(operation, HOUSE)
            if not isinstance(outcome, Done):
                raise SwitchError("switch-does-not-answer", f"{type(operation).__name__} gave {outcome}")
            if isinstance(operation, GetInfo):
                version = outcome.value.system.version
    finally:
        await ari.close_ahead()
    gc.collect()
    gc.freeze()  # what was made up to here lives as long as we: the collector needs not look at it again
    return version


async def succeed(before: Begun, recovered: Recovered, lease: Lease) -> Begun:
    """The next epoch, over the same outbox: the lease is ours at once. What was prepared a moment ago is read again
    later, beside the calls."""
    try:
        await lease.take(recovered.epoch)
    except StoreError as error:
        if not is_away(error):
            raise
        lease.go_on(recovered.epoch)
    return before._replace(epoch=lease.epoch)
