"""Who is told of what AMI says by itself. A fault in whoever is told ends neither the connection nor the telling."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable

import structlog

from ccplane.asterisk.actions import Message
from ccplane.asterisk.stats import AmiStats

log = structlog.get_logger(__name__)

Told = Callable[[Message], None]
Login = Callable[[], Awaitable[None]]


class Events:
    """Callbacks by the event's name, and those of each fresh login."""

    def __init__(self, stats: AmiStats | None = None) -> None:
        self._stats = stats or AmiStats()
        self._told: defaultdict[str, list[Told]] = defaultdict(list)
        self._logins: list[Login] = []

    def on(self, name: str, tell: Told) -> None:
        """Tell of each event of that name, at once, in order. `tell` must not take long: it stands in the socket."""
        self._told[name].append(tell)

    def at_login(self, hook: Login) -> None:
        """Called at each fresh login, when what happened before it is to be asked for, and given up when the
        connection ends. May be called again while it lives: Asterisk was still starting."""
        self._logins.append(hook)

    def heard(self, event: Message) -> None:
        name = event.get("event", "")
        self._stats.events[name] += 1
        for tell in self._told.get(name, ()):
            try:
                tell(event)
            except Exception as fault:
                self._fault(f"on {name}", fault)

    async def logged_in(self) -> None:
        """Returns when all hooks have."""
        await asyncio.gather(*(self._fenced(hook) for hook in self._logins))

    async def _fenced(self, hook: Login) -> None:
        try:
            await hook()
        except Exception as fault:
            self._fault("at login", fault)

    def _fault(self, when: str, fault: Exception) -> None:
        self._stats.faults += 1
        log.error(
            "what was to be told of AMI's word failed; the others are told all the same", when=when, exc_info=fault
        )
