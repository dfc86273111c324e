"""What the plane's edge needs of a switch. The live one is `ari.Connection`; tests use `testing.fake_asterisk`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Protocol, TypeVar

from ccplane.asterisk.inbox import Received
from ccplane.asterisk.operations import Operation
from ccplane.asterisk.outcomes import Outcome
from ccplane.errors import SwitchError

T = TypeVar("T")

HOUSE = "~"
"""The lane of what belongs to no contact (provisioning, sweeps, reads): its own socket, so that no call waits."""


class Replaced(SwitchError):
    """Another client has taken our application. Asterisk would go on obeying us, so we must stop by ourselves."""

    def __init__(self, app: str) -> None:
        super().__init__("ari-replaced", f"Another client has taken the ARI application {app!r} over.", app=app)


class Switch(Protocol):
    """One live connection to a switch. It ends as a whole; then all that is pending is Unknown."""

    @property
    def events(self) -> AsyncIterator[Received]:
        """What happens, in order. Ends with the connection; raises Replaced when that is why."""
        ...

    @property
    def ended(self) -> str | None:
        """Why it ended; None while it lives."""
        ...

    @property
    def stuck(self) -> str:
        """What of it owes an answer for longer than it should, for people; empty if nothing does."""
        ...

    def send(self, operation: Operation[T], lane: str) -> asyncio.Future[Outcome[T]]:
        """Write a command, in strict order with the others of its lane (a contact's id, or HOUSE). It leaves with
        `flush`, at the latest in the loop's next turn."""
        ...

    def flush(self) -> None:
        """The contacts' commands leave now."""
        ...

    async def close(self) -> None:
        """End it. Calls stay up, the application is only deactivated."""
        ...


class Switches(Protocol):
    """Where connections come from: each time the last one has ended a new one, for ever."""

    def connections(self) -> AsyncGenerator[Switch, None]: ...
