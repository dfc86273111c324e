"""Since when the calls are not watched: a fact is too seldom at night to tell, so that is noted every few seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

NOTE: Final = "watched"
EVERY_S: Final = 2.0


class Link(Protocol):
    @property
    def connected_since(self) -> int | None: ...


class Notes(Protocol):
    def note(self, key: str) -> bytes | None: ...

    def put_note(self, key: str, data: bytes) -> None: ...


def watched_until(notes: Notes) -> int:
    """Until when at least the plane before watched, in ms; 0 if that was never noted."""
    kept = notes.note(NOTE)
    return int(kept) if kept is not None and kept.isdigit() else 0


async def note_watch(link: Link, notes: Notes, now: Callable[[], int]) -> None:
    """Note it for as long as the switch is connected; what is noted rides in the outbox's next commit."""
    while True:
        if link.connected_since is not None:
            notes.put_note(NOTE, b"%d" % now())
        await asyncio.sleep(EVERY_S)
