"""Who may command the switch: the holder of the lease, while what it does can be written down, until it is replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final

import structlog

from ccplane import __version__
from ccplane.asterisk.switch import Replaced
from ccplane.beginning import taken
from ccplane.core.inputs import PlaneBegan
from ccplane.ending import cancelled
from ccplane.log.outbox import Outbox
from ccplane.plane import Plane
from ccplane.postgres.lease import Lease

log = structlog.get_logger()

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 10.0
CALM_S: Final = 60.0
"""A plane that has led for so long takes the next loss for the first."""

Work = Callable[[], Coroutine[Any, Any, None]]
"""What only the leader does."""


class Gate:
    """Shut by nobody until it is `kept`: a successor connects before it has anything to send."""

    def __init__(self) -> None:
        self._open: Callable[[], bool] = lambda: True

    def kept(self, may_send: Callable[[], bool]) -> None:
        self._open = may_send

    def __call__(self) -> bool:
        return self._open()


def fence(lease: Lease, outbox: Outbox) -> Callable[[], bool]:
    """Whether the switch may be commanded, by ARI or AMI: we lead, and what we do can be written down."""
    return lambda: lease.may_send() and outbox.has_room


async def _never() -> bool:
    return False


async def lead(
    lease: Lease, duties: Sequence[Work], plane: Plane, outbox: Outbox, given: Callable[[], Awaitable[bool]] = _never
) -> None:
    """Command the switch while the lease is ours. Replaced or outvoted: stop at once, and win the lease again first.
    Returns if we were replaced because we have `given` our place to a successor.

    The pause before that grows, so that two planes that are each the leader in a database of their own don't take one
    Asterisk from each other as fast as they can connect.
    """
    now, pause = asyncio.get_running_loop().time, 0.0
    while True:
        began = now()
        await _led(lease, duties)
        if await given():
            return
        calm = now() - began > CALM_S
        pause = FIRST_PAUSE_S if calm or not pause else min(pause * 2, LONGEST_PAUSE_S)
        log.warning("another plane took our place at the switch; waiting to win the lease again", pause_s=pause)
        await asyncio.sleep(pause)
        epoch = await taken(lease, plane.state.epoch)
        outbox.begin(epoch)
        plane.post(PlaneBegan(epoch, __version__, 0, same_process=True))


async def _led(lease: Lease, duties: Sequence[Work]) -> None:
    """Returns when another plane has taken our place, by the switch's word or by the database's."""
    lost = asyncio.Event()

    def outvoted(reason: str) -> None:
        log.error("the lease is lost; the switch is left to its new leader", reason=reason)
        lost.set()

    lease.on_lost = outvoted
    tasks = [asyncio.create_task(each) for each in (*(work() for work in duties), lease.run(), _outvoted(lost))]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            with suppress(Replaced):
                task.result()
    finally:
        await cancelled(*tasks)


async def _outvoted(lost: asyncio.Event) -> None:
    await lost.wait()
