"""What ends a plane: the first of its tasks to fail. From then on, no fault of one part keeps the rest from ending."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from ccplane.errors import CcplaneError, StoreError
from ccplane.log.outbox import Outbox
from ccplane.log.shipping import Shipper
from ccplane.plane import Plane
from ccplane.postgres.lease import Lease

log = structlog.get_logger()

SHIP_LAST_WITHIN_S: Final = 1.0


async def first_to_fail(tasks: set[asyncio.Task[None]]) -> None:
    """None of these tasks ends by itself: the first that does has failed."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


async def last_facts(shipper: Shipper, outbox: Outbox, plane: Plane) -> None:
    """Nothing more comes from the switch: what there is goes to Postgres, if it is there, or waits in the outbox. That
    is for our successor to do, if we have one."""
    if shipper.stats.connected and not plane.frozen:
        with suppress(TimeoutError):
            async with asyncio.timeout(SHIP_LAST_WITHIN_S):
                await shipper.shipped(outbox.stats.appended_seq)


async def cancelled(*tasks: asyncio.Future[None]) -> None:
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, CcplaneError):
            log.debug("a task ended with an error while stopping", error=str(outcome))


async def quietly_release(lease: Lease) -> None:
    with suppress(StoreError):
        await lease.release()
