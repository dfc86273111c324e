"""The guard is a child of its own: it is there for the day on which the plane is not."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from ccplane.child import Child


class GuardProcess:
    """The guard of the node, as a child. It connects by itself, and again whenever the node comes back."""

    def __init__(self, command: Sequence[str], runtime: Path) -> None:
        self.environment: Mapping[str, str] = {}
        self._command = command
        self._child = Child(runtime / "guard.json")

    async def start(self) -> None:
        await self._child.end_stale(signal.SIGTERM)
        self._child.start(self._command, log=None, environment=self.environment, when_we_die=signal.SIGTERM)

    async def stop(self) -> None:
        await self._child.stop(signal.SIGTERM)

    async def wait(self) -> int:
        return await self._child.wait()

    def kill(self) -> None:
        self._child.kill()
