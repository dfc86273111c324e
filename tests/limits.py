"""No test waits for ever: what is not over in its time fails where it waits, and the run goes on.

pytest-timeout says how long (pyproject.toml, `@pytest.mark.timeout`, `--timeout`); how a test is ended is ours:
* setup, call and teardown have the time each, also after a failure: what hangs then is mostly the clearing up;
* first the task that the loop runs for the test is cancelled, so that what it has opened is closed in order and the
  traceback shows where it waited; where that does not end it, or there is no loop, an exception is raised wherever the
  main thread is, again and again: one that falls into a callback is only logged there;
* a worker that even this does not bring back (a call into C that never returns) is ended with its stacks shown;
  pytest-xdist counts the test as failed and puts another worker in its place.

Not SIGALRM, as pytest-timeout by itself: the plane stops its programs with that, and takes the timer from us.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling, Scheduling
from xdist.workermanage import WorkerController

AGAIN_S = 30.0
"""What clearing up may take once the time is over, before it is interrupted too."""
LAST_S = 150.0
"""How long after the limit the worker is ended."""
SIGNAL = signal.SIGRTMAX - 1
"""One that nothing here, and no library, has a use for."""

WATCH = "the limit of a test"
DEEP = 12
"""Frames shown of each thread."""

LIMIT = pytest.StashKey[float]()
STDERR = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[STDERR] = os.dup(sys.__stderr__.fileno())  # the real one, that no test's capture has taken


def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> bool:
    item.stash[LIMIT] = settings.timeout
    return True


def pytest_timeout_cancel_timer(item: pytest.Item) -> bool:
    """Ours ends with each phase. pytest-timeout would also end it at the first failure."""
    return True


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


class ByFile(LoadFileScheduling):
    """As pytest-xdist does it, but a test that ended its worker is not run again: it would end the next one too."""

    def remove_node(self, node: WorkerController) -> str | None:
        crashed = None
        for tests in self.assigned_work[node].values():
            crashed = crashed or next((test for test, is_over in tests.items() if not is_over), None)
            if crashed in tests:
                tests[crashed] = True
        left = {file: tests for file, tests in self.assigned_work[node].items() if not all(tests.values())}
        self.assigned_work[node] = left  # who is given a file without tests would not ask for another one
        super().remove_node(node)
        return crashed


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    with _limited(item, "its setup"):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    with _limited(item, "it"):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    with _limited(item, "its teardown"):
        return (yield)


@contextmanager
def _limited(item: pytest.Item, what: str) -> Iterator[None]:
    __tracebackhide__ = True
    limit = item.stash.get(LIMIT, None)
    if not limit or threading.current_thread() is not threading.main_thread():
        yield
        return
    faulthandler.dump_traceback_later(limit + LAST_S, exit=True, file=item.config.stash[STDERR])
    watch = _Watch(f"{what} was not over within {limit:g} s", limit)
    watch.start()
    try:
        yield
    except (KeyboardInterrupt, pytest.exit.Exception):
        raise
    except BaseException as where:
        if watch.found is None:
            raise
        raise pytest.fail.Exception(watch.found) from where
    else:
        if watch.found is not None:  # it took being cancelled for a reason to go on
            raise pytest.fail.Exception(watch.found, pytrace=False)
    finally:
        watch.stop()
        faulthandler.cancel_dump_traceback_later()


class _Watch:
    """Of one phase of one test."""

    def __init__(self, why: str, limit: float) -> None:
        self._why = why
        self.due = self.rings_at = time.monotonic() + limit
        self._ended = False
        self.found: str | None = None
        """Once the time is over: what was not over, and what all waited for then."""

    def start(self) -> None:
        signal.signal(SIGNAL, self._alarm)
        _watchman.watches(self)

    def stop(self) -> None:
        self._ended = True
        _watchman.watches(None)

    def ring(self) -> float:
        """Interrupts the main thread if the time is over. When to look again, in monotonic seconds."""
        if not self._ended and (now := time.monotonic()) >= self.rings_at:
            signal.pthread_kill(threading.main_thread().ident or 0, SIGNAL)
            self.rings_at = now + AGAIN_S
        return self.rings_at

    def _alarm(self, _: int, frame: FrameType | None) -> None:
        __tracebackhide__ = True
        if self._ended or time.monotonic() < self.due:  # meant for the phase before
            return
        loop, task = _run_in(frame)
        if self.found is None:
            self.found = f"{self._why}.\n{_tasks(loop)}{_threads(frame)}"
            if loop is not None and task is not None and not task.done():
                loop.call_soon_threadsafe(task.cancel)
                return
        raise pytest.fail.Exception(self._why)


class _Watchman:
    """The thread that looks at the clock for all phases: one for each of them took as long as most of the tests. It
    sleeps until the phase is late that it has last looked at, mostly one that is long over."""

    IDLE_S = 60.0

    def __init__(self) -> None:
        self._watch: _Watch | None = None
        self._changed = threading.Condition()
        self._looks_at = float("inf")
        self._thread: threading.Thread | None = None

    def watches(self, watch: _Watch | None) -> None:
        with self._changed:
            self._watch = watch
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name=WATCH, daemon=True)
                self._thread.start()
            elif watch is not None and watch.due < self._looks_at:
                self._changed.notify()

    def _look(self) -> None:
        with self._changed:
            while True:
                self._looks_at = self._watch.ring() if self._watch else time.monotonic() + self.IDLE_S
                self._changed.wait(max(0.0, self._looks_at - time.monotonic()))


_watchman = _Watchman()

RUN = asyncio.BaseEventLoop.run_until_complete.__code__


def _run_in(frame: FrameType | None) -> tuple[asyncio.AbstractEventLoop | None, asyncio.Future[Any] | None]:
    """The loop that the main thread runs, and what for. From its stack: a loop itself does not tell."""
    while frame is not None and frame.f_code is not RUN:
        frame = frame.f_back
    return (frame.f_locals["self"], frame.f_locals["future"]) if frame is not None else (None, None)


def _tasks(loop: asyncio.AbstractEventLoop | None) -> str:
    found = asyncio.all_tasks(loop) if loop is not None else ()
    return "".join(f"{task.get_name()} waits in\n{_awaits(task)}" for task in sorted(found, key=asyncio.Task.get_name))


def _awaits(task: asyncio.Task[Any]) -> str:
    """All that stands between a task and what it waits for; `Task.get_stack` shows the first of it only."""
    lines, at = [], task.get_coro()
    while at is not None:
        frame = getattr(at, "cr_frame", None) or getattr(at, "ag_frame", None) or getattr(at, "gi_frame", None)
        if frame is not None:
            lines.append(f"    {frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_qualname}\n")
        at = getattr(at, "cr_await", None) or getattr(at, "ag_await", None) or getattr(at, "gi_yieldfrom", None)
    return "".join(lines)


def _threads(frame: FrameType | None) -> str:
    stacks = sys._current_frames()
    told = []
    for thread in threading.enumerate():
        at = frame if thread is threading.main_thread() else stacks.get(thread.ident or 0)
        if at is not None and thread.name != WATCH:
            told.append(f"{thread.name} is in\n{''.join(traceback.format_stack(at)[-DEEP:])}")
    return "".join(told)
