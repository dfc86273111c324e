"""A guard of a node, as a process of its own beside a plane that tests pause and kill."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ccplane.asterisk.node import LocalNode
from tests import forker

CARRIED = "a caller was carried"


class Guarding:
    """The process, and what it has said."""

    def __init__(self, process: forker.Process, log: Path) -> None:
        self.process, self._log = process, log

    def said(self) -> str:
        return self._log.read_text()

    def count(self, words: str) -> int:
        return self.said().count(words)

    async def says(self, words: str, within: float = 20, times: int = 1) -> None:
        try:
            async with asyncio.timeout(within):
                while self.count(words) < times:
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"the guard did not say {words!r} {times} times; it said:\n{self.said()}") from None


def guard_environment(node: LocalNode, term: float = 20.0, **settings: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("CCPLANE_")}
    return own | {
        "CCPLANE_AMI_HOST": node.bind,
        "CCPLANE_AMI_PORT": str(node.ami_port),
        "CCPLANE_GUARD_AMI_USERNAME": node.guard_username,
        "CCPLANE_GUARD_AMI_PASSWORD": node.guard_password,
        "CCPLANE_GUARD_S": str(term),
        **settings,
    }


@asynccontextmanager
async def open_guard(node: LocalNode, folder: Path, term: float = 20.0, **settings: str) -> AsyncIterator[Guarding]:
    """A guard that watches; it is ended at the end, unless the test has ended it."""
    path = folder / "guard.log"
    path.unlink(missing_ok=True)
    process = forker.begin(["guard"], guard_environment(node, term, **settings), path)
    guarding = Guarding(process, path)
    try:
        await guarding.says("the guard watches")
        yield guarding
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 20)
