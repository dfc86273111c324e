"""A child process that is never lost: Asterisk, Postgres and the plane itself are started and ended here.

Three things can go wrong with a child, and each has its answer:
* we are killed: the kernel ends the child (PR_SET_PDEATHSIG), unless it shall outlive us;
* that failed too, or it outlived us: the next run finds it by its record (pid, start time, boot) and ends it; the
  start time tells it from a stranger that was given the same pid;
* it dies: `wait` says so, by a pidfd, in whichever event loop asks.

`subprocess.Popen` and not asyncio's: that one belongs to one event loop and kills its child when collected.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

GRACE = 10.0
"""Seconds a process gets to end by itself before it is killed."""


LEFT = 3
"""The exit status of a process that has left because it was asked to: it is not to be started again."""

SUPERVISOR = "CCPLANE_SUPERVISOR"
"""In the environment: the process without which it is not to go on, whosever child it is."""

UNKNOWN = 1
"""Taken for the status of a process whose parent we are not."""


class Child:
    """One process, at most one at a time, under the name `record` on disk."""

    def __init__(self, record: Path) -> None:
        self.record = record
        self._process: subprocess.Popen[bytes] | None = None
        self._heir: int | None = None
        """The process that ours has put in its place: by the record, it is the child now."""

    @property
    def pid(self) -> int | None:
        if self._heir is not None:
            return self._heir if started(self._heir) else None
        return self._process.pid if self._process and self.running else None

    @property
    def running(self) -> bool:
        if self._heir is not None:
            return started(self._heir) is not None
        return self._process is not None and self._process.poll() is None

    @property
    def returncode(self) -> int | None:
        """How it ended, as `subprocess` says it; None while it runs or was never started."""
        return self._process.poll() if self._process else None

    def start(
        self,
        command: Sequence[str | Path],
        *,
        log: Path | None,
        when_we_die: signal.Signals | None = signal.SIGKILL,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Starts it in a session of its own, so that Ctrl-C at a terminal reaches us alone.

        `when_we_die`: what the kernel sends it then; None lets it outlive us. Without a `log` it shares our output.
        """
        assert not self.running, f"{self.record}: already running"
        self._heir = None
        leash = ["setpriv", "--pdeathsig", when_we_die.name.removeprefix("SIG"), "--"] if when_we_die else []
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(log.open("ab")) if log else None
            self._process = subprocess.Popen(
                [*leash, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                env=environment,
                start_new_session=True,
            )
        try:
            put_record(self.record, self._process.pid)
        except BaseException:
            self.kill()  # the next run could not find it
            raise

    async def wait(self) -> int:
        """Returns when it has ended, with its return code."""
        assert self._process, f"{self.record}: never started"
        if self._heir is not None:
            await ended(self._heir)
            return UNKNOWN
        if self._process.poll() is None:
            await ended(self._process.pid)
        return self._process.wait()

    def adopt(self) -> int | None:
        """Once it has ended: the process that it left in its place, if it did. That is the child from now on."""
        heir = recorded(self.record)
        if heir is None or heir == self._heir or (self._process and heir == self._process.pid):
            return None
        self._heir = heir
        return heir

    async def stop(self, by: signal.Signals = signal.SIGTERM, *, grace: float = GRACE, group: bool = False) -> None:
        """Asks it to end, waits, kills it after `grace` seconds. Nothing is left, not even a zombie.

        `group`: it is a script whose own children must end too; they are killed once it has ended.
        """
        self.adopt()
        if self._heir is not None:
            await _end(self._heir, by, grace)
        elif self._process and self.running:
            await _end(self._process.pid, by, grace)
            if group:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self.record.unlink(missing_ok=True)

    def kill(self) -> None:
        """SIGKILL, as a crash; returns when it is gone. The record stays, as after a crash."""
        if self._heir is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._heir, signal.SIGKILL)
        elif self._process and self.running:
            self._process.kill()
            self._process.wait()

    async def end_stale(self, by: signal.Signals = signal.SIGKILL, *, grace: float = GRACE) -> bool:
        """Ends what an earlier run of ours left behind; True if there was something."""
        pid = None if self.running else recorded(self.record)
        if pid is None:
            return False
        await _end(pid, by, grace)
        self.record.unlink(missing_ok=True)
        return True


def recorded(record: Path) -> int | None:
    """The pid in a record, if that very process still runs."""
    try:
        found = json.loads(record.read_text())
        same = found["boot"] == _boot() and found["started"] == started(found["pid"])
        return int(found["pid"]) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def started(pid: int) -> int | None:
    """A process's start in clock ticks since boot; None if it is gone or a zombie."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None
    return None if after_name[0] in "ZX" else int(after_name[19])


def is_stopped(pid: int) -> bool:
    """Whether somebody has stopped it (SIGSTOP, Ctrl-Z): it is there, and does nothing."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith(("T", "t"))
    except OSError:
        return False


def put_left(record: Path) -> None:
    """This process, if the record stands for it, leaves for good."""
    if recorded(record) == os.getpid():
        record.write_text(json.dumps({"left": True}))


def has_left(record: Path) -> bool:
    try:
        return bool(json.loads(record.read_text()).get("left"))
    except (OSError, ValueError, AttributeError):
        return False


async def ended(pid: int) -> None:
    """Returns when the process has ended, ours or not."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def _end(pid: int, by: signal.Signals, grace: float) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, by)
        try:
            await asyncio.wait_for(ended(pid), grace)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            await ended(pid)


def put_record(record: Path, pid: int) -> None:
    """This process is the one that the record stands for."""
    record.parent.mkdir(parents=True, exist_ok=True)
    partial = record.with_name(record.name + ".partial")
    partial.write_text(json.dumps({"pid": pid, "started": started(pid), "boot": _boot()}))
    partial.replace(record)


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
