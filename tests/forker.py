"""Processes of ccplane that begin with their imports done: forked off one that has made them, once for all tests.

Of the two seconds of processor time that `python -m ccplane run` takes until calls are routed, one and a half go into
the same imports each time. Only they are spared: environment, output, pid, signals and exit code are a process's own,
and so is its end. How one begins from nothing is proven by those who start one as people do: tests/test_local.py,
tests/test_cli.py, the demo, each hand-over's successor, `make chaos` in short.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from ccplane.asterisk.node import HOME

LARGEST: Final = 1 << 18
"""Bytes of an order: arguments and environment."""
ANSWERS_WITHIN_S: Final = 90.0
"""The first answer comes after all imports, on a machine that may have other things to do."""


class Process:
    """One that was forked off, as `asyncio.subprocess.Process` shows it; it belongs to no event loop."""

    def __init__(self, forker: Forker, pid: int, descriptor: int) -> None:
        self.pid = pid
        self._forker, self._descriptor = forker, descriptor
        self._returncode: int | None = None

    @property
    def returncode(self) -> int | None:
        """None while it runs; what signal ended it is told as a negative number."""
        if self._returncode is None and select.select([self._descriptor], [], [], 0)[0]:
            self._returncode = self._forker.ask({"ended": self.pid})[0]["code"]
            os.close(self._descriptor)
        return self._returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            signal.pidfd_send_signal(self._descriptor, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Its exit code, once it has ended."""
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        if self.returncode is None:
            loop.add_reader(self._descriptor, over.set)
            try:
                await over.wait()
            finally:
                loop.remove_reader(self._descriptor)
        code = self.returncode
        assert code is not None
        return code


class Forker:
    """The one that has the imports, as seen from the tests. It ends with them."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(ANSWERS_WITHIN_S)
        command = [sys.executable, "-m", __name__, str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(command, cwd=HOME, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
        atexit.register(self.close)

    def close(self) -> None:
        self._socket.close()
        self._process.wait()

    def begin(self, arguments: Sequence[str], environment: Mapping[str, str], output: int, errors: int) -> Process:
        """`ccplane ARGUMENTS`, with all that it says going to these open files."""
        told, (descriptor,) = self.ask({"arguments": arguments, "environment": environment}, output, errors)
        return Process(self, told["pid"], descriptor)

    def ask(self, order: Mapping[str, Any], *descriptors: int) -> tuple[dict[str, Any], list[int]]:
        socket.send_fds(self._socket, [json.dumps(order).encode()], descriptors)
        answer, got, _, _ = socket.recv_fds(self._socket, LARGEST, 1)
        assert answer, f"the process that has the imports ended ({self._process.poll()})"
        return json.loads(answer), got


@cache
def forker() -> Forker:
    """The one of this worker."""
    return Forker()


def begin(arguments: Sequence[str], environment: Mapping[str, str], log: Path, errors: Path | None = None) -> Process:
    """`ccplane ARGUMENTS` in its home, which adds what it says to this file, its errors to another if there is one."""
    with log.open("ab") as output, (errors or log).open("ab") as apart:
        return forker().begin(arguments, environment, output.fileno(), apart.fileno())


# --- what runs in the process that forks ----------------------------------------------------------------------------


def _import_all() -> None:
    """All of ours and what that imports; not what begins to run when it is imported."""
    import ccplane

    for module in pkgutil.walk_packages(ccplane.__path__, "ccplane."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _make_an_api() -> None:
    """One that nobody asks: what pydantic and FastAPI load and keep when they make their first spares the others'
    that, which is half of a third of a second."""
    from ccplane.http.app import create_app
    from ccplane.http.warming import warm
    from tests.http.memory import TOKEN, Site

    warm(create_app(Site().ports(), admin_token=TOKEN))


class _Orders:
    """What the tests ask for, one after the other; in a child that is forked, `served` returns its arguments."""

    def __init__(self, number: int) -> None:
        self._socket = socket.socket(fileno=number)
        self._codes: dict[int, int] = {}

    def served(self) -> list[str] | None:
        """None once the tests have ended."""
        while True:
            order, descriptors, _, _ = socket.recv_fds(self._socket, LARGEST, 2)
            if not order:
                return None
            told = json.loads(order)
            if "ended" in told:
                self._answer({"code": os.waitstatus_to_exitcode(os.waitpid(told["ended"], 0)[1])})
                continue
            if (pid := os.fork()) == 0:
                self._socket.close()
                _become(told["arguments"], told["environment"], *descriptors)
                return list(told["arguments"])
            for each in descriptors:
                os.close(each)
            descriptor = os.pidfd_open(pid)
            self._answer({"pid": pid}, descriptor)
            os.close(descriptor)

    def _answer(self, what: Mapping[str, Any], *descriptors: int) -> None:
        socket.send_fds(self._socket, [json.dumps(what).encode()], descriptors)


def _become(arguments: Sequence[str], environment: Mapping[str, str], output: int, errors: int) -> None:
    """What the kernel and the interpreter tell a process that was started by this command."""
    os.environ.clear()
    os.environ.update(environment)
    for stream, to in ((sys.stdout, output), (sys.stderr, errors)):
        os.dup2(to, stream.fileno())
        os.close(to)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [sys.argv[0], *arguments]
    sys.orig_argv = [sys.executable, "-m", "ccplane", *arguments]  # how a hand-over starts the successor


def _main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests; they end us, by closing the socket
    _import_all()
    _make_an_api()
    gc.collect()
    gc.freeze()
    if _Orders(int(sys.argv[1])).served() is not None:
        runpy.run_module("ccplane", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
