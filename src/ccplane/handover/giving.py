"""What a plane does for its successor: starts it, stops between two events, gives it the outbox and the port."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

import structlog

from ccplane import __version__
from ccplane.asterisk.link import Link
from ccplane.child import put_record, recorded, started
from ccplane.errors import CcplaneError, RequestError
from ccplane.handover.line import VARIABLE, Line
from ccplane.handover.own_log import OwnLog
from ccplane.handover.supervisor import tell_supervisor
from ccplane.http.ports import HandoverTold
from ccplane.log.outbox import Outbox
from ccplane.plane import Plane
from ccplane.postgres.lease import Lease

log = structlog.get_logger()

PREPARE_WITHIN_S: Final = 120.0
"""New prompts may have to be spoken, and a schema be brought up to date."""
TAKE_WITHIN_S: Final = 5.0
CONNECT_WITHIN_S: Final = 2.0
WRITE_WITHIN_S: Final = 1.0
STAY_WITHIN_S: Final = 2.0
ENDS_WITHIN_S: Final = 2.0


class Stage(StrEnum):
    """How far a hand-over is."""

    NONE = "none"
    PREPARING = "preparing"
    TAKING = "taking"
    GIVEN = "given"
    DONE = "done"
    FAILED = "failed"


def why_no_handover(lease: Lease, link: Link, outbox: Outbox, plane: Plane) -> str:
    """Who has nothing to give, or could not give it whole."""
    if not lease.may_send():
        return "this plane does not lead"
    if link.connected_since is None:
        return "Asterisk is not connected"
    return "it drains" if plane.state.draining else outbox.trouble


class Giving:
    """One hand-over at a time. `may_give`: why it cannot be now, or nothing."""

    def __init__(
        self,
        plane: Plane,
        outbox: Outbox,
        lease: Lease,
        runtime: Path,
        why_not: Callable[[], str],
        command: Sequence[str] = (),
    ) -> None:
        self.listener: socket.socket | None = None
        """The port, to be handed on."""
        self.stage = Stage.NONE
        self.why = ""
        self.took: dict[str, float] = {}
        self._plane, self._outbox, self._lease = plane, outbox, lease
        self._record, self._log = runtime / "plane.json", OwnLog(runtime / "plane.log")
        self._why_not = why_not
        self._command = command or (sys.executable, *sys.orig_argv[1:])
        self._line: Line | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._conducting: asyncio.Task[None] | None = None
        self._frozen = asyncio.Event()
        self._times: dict[str, float] = {}

    # --- what is asked ------------------------------------------------------------------------------------------

    def told(self) -> HandoverTold:
        successor = self._process.pid if self._process else None
        state = self._plane.state
        stage = "draining" if state.draining else self.stage.value
        told = (os.getpid(), __version__, state.epoch, stage, self.why, successor)
        return HandoverTold(*told, took_ms=self.took, calls=len(state.contacts), started=started(os.getpid()))

    async def begin(self) -> HandoverTold:
        """Start the successor; the rest goes by itself. RequestError if there can be no hand-over now."""
        if why := self.under_way() or self._why_not():
            raise RequestError("cannot-hand-over", f"There can be no hand-over now: {why}.")
        self._line, theirs = Line.pair()
        try:
            with theirs:
                self._process = self._start(theirs)
        except OSError as error:
            self._line.close()
            raise RequestError("cannot-hand-over", f"The successor cannot be started: {error}.") from error
        self.stage, self.why, self.took = Stage.PREPARING, "", {}
        self._frozen.clear()
        self._conducting = asyncio.create_task(self._conduct(), name="hand-over")
        log.info("handing over: a successor prepares itself", successor=self._process.pid)
        return self.told()

    def under_way(self) -> str:
        """Why nothing else of this kind may be done now; empty if it may."""
        busy = self.stage in (Stage.PREPARING, Stage.TAKING, Stage.GIVEN)
        return "a hand-over is under way" if busy else ""

    # --- what the parts ask -------------------------------------------------------------------------------------

    def yields(self) -> bool:
        """Whether whoever takes our application was asked to; asked at the moment at which it is taken."""
        if self.stage is not Stage.TAKING:
            return False
        self._times.setdefault("replaced", time.monotonic())
        return True

    def replaced(self) -> None:
        """Our application is another's, and all that came before that is decided."""
        if self.stage is Stage.TAKING:
            self._plane.freeze()
            self._times["frozen"] = time.monotonic()
            self._frozen.set()

    async def given(self) -> bool:
        """Whether our place is the successor's now. If not, all goes on here."""
        if not self._plane.frozen:
            return False
        assert self._line is not None
        try:
            await self._line.hear("connected", CONNECT_WITHIN_S)
            async with asyncio.timeout(WRITE_WITHIN_S):
                await self._outbox.committed(self._outbox.stats.appended_seq)
        except Exception as error:  # whatever it is: all goes on here
            slow = isinstance(error, TimeoutError)
            await self._failed("The disk does not take what was decided last." if slow else error)
            self._plane.thaw()
            return False
        self.stage = Stage.GIVEN
        return True

    async def give(self) -> None:
        """The last thing that is done with the outbox. Nothing if we end for another reason."""
        if self._conducting is not None:
            self._conducting.cancel()
        if self.stage is not Stage.GIVEN or self._line is None or self._process is None:
            return
        self._times["stopped"] = time.monotonic()
        await self._outbox.close(settle=False)
        self._lease.leave()
        if recorded(self._record) == os.getpid():
            put_record(self._record, self._process.pid)
        self._times["closed"] = time.monotonic()
        descriptors = [self.listener.fileno()] if self.listener else []
        self._line.say("yours", descriptors=descriptors, times=self._times)
        tell_supervisor(f"MAINPID={self._process.pid}")
        log.info("handed over", successor=self._process.pid)
        with suppress(CcplaneError):  # to end takes processor time, of which our successor has need just now
            await self._line.hear("routes", STAY_WITHIN_S)

    # --- its parts ----------------------------------------------------------------------------------------------

    def _start(self, end: socket.socket) -> subprocess.Popen[bytes]:
        """With our own command, environment and output; a terminal would be gone before it is."""
        log = self._log.opened() if sys.stdout.isatty() else None
        try:
            return subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {VARIABLE: str(end.fileno())},
                pass_fds=[end.fileno()],
                start_new_session=True,
            )
        finally:
            if log:
                log.close()

    async def _conduct(self) -> None:
        assert self._line is not None
        try:
            await self._line.hear("prepared", PREPARE_WITHIN_S)
            if why := self._why_not():
                raise CcplaneError("cannot-hand-over", f"There can be no hand-over now: {why}.")
            self._plane.save()
            await self._plane.written()
            self.stage = Stage.TAKING
            self._times = {"asked": time.monotonic()}
            self._line.say("go")
            async with asyncio.timeout(TAKE_WITHIN_S):
                await self._frozen.wait()
        except TimeoutError:
            await self._failed(f"The successor has not taken the application within {TAKE_WITHIN_S:g} s.")
        except Exception as error:  # whatever it is: one that never ends would forbid the next, a drain and a reload
            await self._failed(error)

    async def _failed(self, fault: str | Exception) -> None:
        """The successor is ended, and we stay."""
        assert self._process is not None
        assert self._line is not None
        self._line.close()
        if _hung_up(fault):  # its own end is a moment away
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._process.wait, ENDS_WITHIN_S)
        status = self._process.poll()
        self._process.kill()
        await asyncio.to_thread(self._process.wait)
        self.stage, self.why = Stage.FAILED, self._sentence(fault, status)
        log.error("the hand-over failed; this plane goes on", why=self.why)

    def _sentence(self, fault: str | Exception, status: int | None) -> str:
        """For whoever asked for it; a fault of ours is in the log, too."""
        if not isinstance(fault, str | CcplaneError | OSError):
            log.error("a fault of ours in the hand-over", exc_info=fault)
            return f"A fault of ccplane's own: {fault!r}; its log says where."
        if status is None or not _hung_up(fault):
            return str(fault)
        where = str(self._log.path) if sys.stdout.isatty() else "its log"
        return f"{fault} It ended with status {status}; {where} says why."


def _hung_up(fault: str | Exception) -> bool:
    return isinstance(fault, CcplaneError) and fault.code == "hung-up"
