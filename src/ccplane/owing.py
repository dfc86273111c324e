"""Messages without an answer that only Postgres knows of: those of another outbox are taken over, once."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

import structlog

from ccplane.contacts.owed import Owed
from ccplane.core.inputs import OwedFound
from ccplane.errors import StoreError
from ccplane.plane import Plane

log = structlog.get_logger()

AGAIN_S: Final = 1.0


class Mailbox(Protocol):
    async def owed(self) -> list[Owed]:
        """Those without an answer. StoreError if they can't be had."""


class Owing:
    """Looks for them as soon as Postgres answers."""

    def __init__(self, plane: Plane, mailbox: Mailbox) -> None:
        self._plane, self._mailbox = plane, mailbox

    async def run(self) -> None:
        """Goes on for ever, as all duties do; there is nothing to do after the first time."""
        said = False
        while True:
            try:
                for message in await self._mailbox.owed():
                    if message.id not in self._plane.state.owed:
                        self._plane.post(OwedFound(message=message))
                        await asyncio.sleep(0)  # of ten thousand the loop would be held for long (law 13)
                break
            except StoreError as error:
                if not said:
                    log.warning("messages without an answer can't be looked for; trying again", error=error.sentence)
                said = True
            await asyncio.sleep(AGAIN_S)
        await asyncio.Event().wait()
