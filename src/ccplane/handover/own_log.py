"""The log of a plane that has no terminal any more: for its owner alone, and of two pieces at most."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Final

import structlog

from ccplane.long_logs import MOST_BYTES, before

log = structlog.get_logger()

LOOK_EVERY_S: Final = 60.0
OUTPUT: Final = (1, 2)
"""Our descriptors of standard output and error."""


class OwnLog:
    """`plane.log`, and `plane.log.1` with what was before. `output`: the descriptors that may write into it."""

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES, output: Sequence[int] = OUTPUT) -> None:
        self.path = path
        self._most_bytes, self._output = most_bytes, output

    @property
    def before(self) -> Path:
        return before(self.path)

    def opened(self) -> BinaryIO:
        """At its end, mode 0600 whoever made it."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.fchmod(descriptor, 0o600)
        return os.fdopen(descriptor, "ab")

    def turn(self) -> None:
        """A new piece, if ours has grown too long, or if whoever wrote into it with us has begun one. Nothing if our
        output goes elsewhere."""
        written = os.fstat(self._output[0])
        if self._is(self.path, written):
            if written.st_size <= self._most_bytes:
                return
            self.path.replace(self.before)
        elif not self._is(self.before, written):
            return
        sys.stdout.flush()
        sys.stderr.flush()
        with self.opened() as file:
            for descriptor in self._output:
                os.dup2(file.fileno(), descriptor)

    async def run(self, every_s: float = LOOK_EVERY_S) -> None:
        """For as long as we live. A disk that refuses it keeps nobody from a call."""
        while True:
            _unless_refused(self.turn)
            await asyncio.sleep(every_s)

    @staticmethod
    def _is(path: Path, written: os.stat_result) -> bool:
        try:
            return os.path.samestat(path.stat(), written)
        except OSError:
            return False


def _unless_refused(turn: Callable[[], None]) -> None:
    try:
        turn()
    except OSError as error:
        log.warning("the log could not be begun anew", error=str(error))
