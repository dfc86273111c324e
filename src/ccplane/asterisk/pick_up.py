"""A desk phone that rings is told to answer: by a NOTIFY in its own dialog, `Event: talk`.

Most desk phones know it (Yealink, Poly, Snom, Grandstream; some want it enabled), and one that does not refuses it
and rings on. ARI can't send it; AMI's PJSIPNotify takes a channel's id for its name.
"""

from __future__ import annotations

import asyncio

import structlog

from ccplane.asterisk.actions import Actions
from ccplane.asterisk.outcomes import Done, Gone
from ccplane.core.commands import PickUp

log = structlog.get_logger()


class PickUps:
    """Carries `PickUp` out; what comes of it the phone tells by answering, or not."""

    def __init__(self, ami: Actions) -> None:
        self._ami = ami
        self._asking: set[asyncio.Task[None]] = set()

    def __call__(self, command: PickUp) -> None:
        task = asyncio.create_task(self._ask(command))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self, command: PickUp) -> None:
        outcome = await self._ami.ask({"Action": "PJSIPNotify", "Channel": command.leg, "Variable": ["Event=talk"]})
        if not isinstance(outcome, Done | Gone):
            log.info("a phone could not be told to answer", outcome=repr(outcome))
