"""The plane is a child, not a task: its death takes no call with it. It is ready when its /readyz says so."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx

from ccplane.child import LEFT, SUPERVISOR, Child, has_left
from ccplane.errors import CcplaneError
from ccplane.local.terminal import say

PHONES_WITHIN: Final = 5.0
"""Seconds that a plane which routes calls is given to push the phones' accounts to the switch."""

PATIENCE: Final = 15.0
"""Seconds after which a plane that is not ready is mentioned, again and again."""


class PlaneProcess:
    """The plane itself, as a child. Ready when it says so."""

    def __init__(self, command: Sequence[str], runtime: Path, url: str) -> None:
        self.environment: Mapping[str, str] = {}
        self._command, self._url = command, url
        self._child = Child(runtime / "plane.json")

    async def end_stale(self) -> None:
        """One that an earlier run left may still hold the port, for as long as it takes to end in order."""
        await self._child.end_stale(signal.SIGTERM)

    async def start(self) -> None:
        """Returns when /readyz answers 200, however long that takes. PlaneEnded if it ends before."""
        await self.end_stale()
        environment = {**(self.environment or os.environ), SUPERVISOR: str(os.getpid())}
        self._child.start(self._command, log=None, environment=environment, when_we_die=signal.SIGTERM)
        ready, dead = asyncio.ensure_future(self._ready()), asyncio.ensure_future(self._child.wait())
        try:
            while not (ready.done() or dead.done()):
                ended, _ = await asyncio.wait({ready, dead}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
                if not ended:
                    say(f"ccplane: not ready yet; {self._url}/readyz says what is missing")
            if dead.done():
                raise PlaneEnded(dead.result())
        finally:
            for task in (ready, dead):
                task.cancel()
            await asyncio.gather(ready, dead, return_exceptions=True)

    async def _ready(self) -> None:
        """Calls are routed, and phones can register; but calls are not kept waiting for phones that can't be pushed."""
        routes_since: float | None = None
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
            while routes_since is None or time.monotonic() - routes_since < PHONES_WITHIN:
                with suppress(httpx.HTTPError):
                    answer = await client.get(f"{self._url}/readyz")
                    if answer.status_code != 200:
                        routes_since = None
                    elif _phones_are_pushed(answer):
                        return
                    else:
                        routes_since = routes_since or time.monotonic()
                await asyncio.sleep(0.05)
        say(f"ccplane: calls are routed, but not all phones can register yet; {self._url}/readyz says why")

    async def stop(self) -> None:
        await self._child.stop(signal.SIGTERM, grace=15.0)

    async def wait(self) -> int:
        """Until it has ended, and has put no other process in its place (`ccplane handover`)."""
        status = await self._child.wait()
        while heir := self._child.adopt():
            say(f"ccplane: handed over to process {heir}")
            status = await self._child.wait()
        return LEFT if has_left(self._child.record) else status

    def kill(self) -> None:
        self._child.kill()


def _phones_are_pushed(ready: httpx.Response) -> bool:
    try:
        return bool(ready.json()["parts"]["phones"]["ok"])
    except (ValueError, KeyError, TypeError):
        return False


class PlaneEnded(CcplaneError):
    """The plane ended before it was ready; it has said why itself."""

    def __init__(self, status: int) -> None:
        super().__init__("plane-ended", f"ccplane ended with status {status} before it was ready.", status=status)
        self.status = status
        self.exit_code = status if status > 0 else 1
