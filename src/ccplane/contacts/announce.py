"""What who waits in a queue is to hear beside the music, and what their keys do: as a file or a program says it."""

from __future__ import annotations

from typing import Final

import msgspec

from ccplane.ids import QueueName

CALLBACK: Final = "callback"
INTO: Final = "queue:"


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """Where a key leads who presses it while they wait: to a callback, into another queue, or back to the program,
    which hears `name`. One of the three."""

    callback: bool = False
    queue: QueueName | None = None
    name: str = ""


def way_of(said: str) -> Way:
    """As files and programs say it: `callback`, `queue:sales`, or a name for the program."""
    if said == CALLBACK:
        return Way(callback=True)
    if said.startswith(INTO):
        return Way(queue=QueueName(said.removeprefix(INTO)))
    return Way(name=said)


class Announce(msgspec.Struct, frozen=True, kw_only=True):
    """What one queue says to those who wait in it. Times in ms."""

    first_ms: int = 15_000
    """After they came into it."""
    every_ms: int = 45_000
    position: bool = False
    estimate: bool = False
    messages: tuple[dict[str, str], ...] = ()
    """Sounds by language, one each time, in turn."""
    keys: dict[str, Way] = {}

    @property
    def speaks(self) -> bool:
        """Whether there is anything to say."""
        return self.position or self.estimate or bool(self.messages)


class Told(msgspec.Struct, frozen=True):
    """What a contact has been told so far, in whichever queue."""

    times: int = 0
    minutes: int | None = None
    """The wait that they heard last; MORE beyond the longest."""
    at: int = 0
    """When they were told something last, ms."""
