"""Time for tests: a clock that is told what time it is, and an event loop on which hours pass in milliseconds.

`VirtualTimeLoop` runs like asyncio's own, but its clock stands still while anything can run and jumps to the next timer
when nothing can. The order of what happens is the same at every run. Threads and sockets still take real time: while a
job is in the loop's executor, time doesn't jump.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

START = 1_767_225_600_000
"""2026-01-01T00:00:00Z."""

STUCK_AFTER = 5.0
"""Real seconds without a timer, a thread's sign or a byte: then nothing will ever happen."""


class FakeClock:
    """ccplane's UTC in integer milliseconds (law 12); it runs with `monotonic` if given, and when it is advanced."""

    def __init__(self, start: int = START, monotonic: Callable[[], float] | None = None) -> None:
        self._monotonic = monotonic or (lambda: 0.0)
        self._start = start - round(self._monotonic() * 1000)

    def now(self) -> int:
        return self._start + round(self._monotonic() * 1000)

    def advance(self, milliseconds: int) -> int:
        """Later by so much; the new time."""
        if milliseconds < 0:
            raise ValueError("time does not run backwards")
        self._start += milliseconds
        return self.now()


class _Jumping(selectors.BaseSelector):
    """The real selector, but instead of waiting for a timer it moves the clock to it."""

    def __init__(self, jump: Callable[[float], None], working: Callable[[], bool]) -> None:
        self._real = selectors.DefaultSelector()
        self._jump = jump
        self._working = working

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is not None and not self._working():
            self._jump(timeout)
            return []
        ready = self._real.select(STUCK_AFTER)
        if not ready and timeout is None and not self._working():
            raise RuntimeError("nothing will ever happen: every task waits, and there is no timer")
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time()` starts at 0 and jumps to the next timer whenever the loop would wait for it."""

    def __init__(self) -> None:
        self._virtual = 0.0
        self._jobs = 0
        super().__init__(_Jumping(self._jump, lambda: self._jobs > 0))
        self._clock_resolution = 1e-6  # a sum of floats may fall short of a timer by less than this

    def time(self) -> float:
        return self._virtual

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """As asyncio's; time doesn't jump while the job runs."""
        self._jobs += 1
        job: asyncio.Future[T] = super().run_in_executor(executor, func, *args)
        job.add_done_callback(self._job_done)
        return job

    def _job_done(self, _: asyncio.Future[Any]) -> None:
        self._jobs -= 1

    def _jump(self, seconds: float) -> None:
        self._virtual += seconds


def run(main: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
