"""Whether the phones that we call can come in: the dialplan must have our door, and on an Asterisk that is not started
here somebody must have put it there. A phone that is sent to a context that is not there is hung up without a word.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from ccplane.asterisk.actions import Actions
from ccplane.asterisk.agreed import DOOR
from ccplane.asterisk.ami_events import Events
from ccplane.asterisk.outcomes import Done, Refused
from ccplane.core.reach import LINES

log = structlog.get_logger(__name__)

AGAIN_S: Final = 15.0
"""A dialplan that was put right tells nobody."""


class Door:
    """Asks for our contexts at each login of AMI, and while one is not there."""

    def __init__(self, actions: Actions, events: Events, again_s: float = AGAIN_S) -> None:
        self._actions, self._again_s = actions, again_s
        self._news = asyncio.Event()
        self._missing: tuple[str, ...] = ()
        self._known = True
        """Whether the last question was answered, or none was due."""
        events.at_login(self._logged_in)

    @property
    def trouble(self) -> str:
        """What is missing and what to do, for people; empty if nothing is."""
        if not self._missing:
            return ""
        names = " and ".join(self._missing)
        return (
            f"phones can't be joined, the dialplan lacks {names}: copy ccplane's dialplan/door.conf, `dialplan reload`"
        )

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(None if self._known and not self._missing else self._again_s):
                    await self._news.wait()
            self._news.clear()
            self._found(await self._ask())

    async def _logged_in(self) -> None:
        self._news.set()

    async def _ask(self) -> tuple[str, ...] | None:
        """Those that are surely not there; None if that was not told of all."""
        missing = []
        for name in (DOOR, LINES):
            said = await self._actions.collect({"Action": "ShowDialPlan", "Context": name}, "ShowDialPlanComplete")
            if isinstance(said, Refused) and said.status:
                missing.append(name)
            elif not isinstance(said, Done):
                return None
        return tuple(missing)

    def _found(self, missing: tuple[str, ...] | None) -> None:
        self._known = missing is not None
        if missing is None:
            return
        if missing and not self._missing:
            log.error("the dialplan lacks our contexts: put ccplane's dialplan/door.conf in place", missing=missing)
        self._missing = missing
