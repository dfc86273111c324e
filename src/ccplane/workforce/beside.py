"""Asks for figures in a process beside the plane's, and hands on what comes: pieces, so that nothing holds the loop."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from typing import Final, NamedTuple

import msgspec
import structlog

from ccplane.errors import RequestError, StoreError
from ccplane.kpi.schedule import Terms
from ccplane.workforce.process import Answered, Asked, What

AT_ONCE: Final = 2
WAIT_S: Final = 10.0
WITHIN_S: Final = 300.0
PIECE: Final = 64 * 1024
LONGEST_LINE: Final = 1024 * 1024
log = structlog.get_logger()


class Answer(NamedTuple):
    """What was asked for, as it comes."""

    type: str
    pieces: AsyncIterator[bytes]


class Beside:
    """`database`: where Postgres is. Two at once; who comes when both are taken waits a while for one."""

    def __init__(self, database: str, now: Callable[[], int]) -> None:
        self._database, self._now = database, now
        self._places = asyncio.Semaphore(AT_ONCE)
        self._ending: dict[asyncio.Task[None], Process] = {}

    async def ask(self, what: What, terms: Terms, timezone: str, file: AsyncIterator[bytes] | None = None) -> Answer:
        """RequestError, StoreError as they were there; RequestError "too-many-questions", "too-long"."""
        try:
            await asyncio.wait_for(self._places.acquire(), WAIT_S)
        except TimeoutError:
            raise RequestError("too-many-questions", "Others are being answered; ask again in a moment.") from None
        try:
            asked = Asked(database=self._database, now=self._now(), terms=terms, timezone=timezone, what=what)
            process, answered = await self._answered(msgspec.json.encode(asked) + b"\n", file)
        finally:
            self._places.release()
        if answered.code:
            kind = StoreError if answered.fault == "store" else RequestError
            raise kind(answered.code, answered.sentence, **answered.facts)
        return Answer(answered.type, _pieces(process))

    async def close(self) -> None:
        """Nobody waits for an answer any more."""
        for process in self._ending.values():
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def _answered(self, line: bytes, file: AsyncIterator[bytes] | None) -> tuple[Process, Answered]:
        """Once it is all made; what is left is to be read."""
        command = "setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-m", "ccplane.workforce"
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, limit=LONGEST_LINE)
        try:
            async with asyncio.timeout(WITHIN_S):
                await _tell(process, line, file)
                answered = await _heard(process)
        except TimeoutError:
            await _ended(process)
            raise RequestError("too-long", "That takes too long: ask for fewer days.") from None
        except BaseException:
            await _ended(process)
            raise
        ending = asyncio.create_task(_ends(process))
        self._ending[ending] = process
        ending.add_done_callback(lambda done: self._ending.pop(done, None))
        return process, answered


async def _tell(process: Process, line: bytes, file: AsyncIterator[bytes] | None) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has answered before it had all
        process.stdin.write(line)
        if file is not None:
            async for piece in file:
                process.stdin.write(piece)
                await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()


async def _heard(process: Process) -> Answered:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        log.error("the process that figures are made in gave no answer", status=await process.wait())
        raise StoreError("figures-not-made", "The figures could not be made; ccplane's log says why.")
    return msgspec.json.decode(line, type=Answered)


async def _pieces(process: Process) -> AsyncIterator[bytes]:
    assert process.stdout is not None
    try:
        while piece := await process.stdout.read(PIECE):
            yield piece
    finally:
        await _ended(process)


async def _ends(process: Process) -> None:
    """Whoever asked may be gone, and never read it."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), WITHIN_S)
    await _ended(process)


async def _ended(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()
