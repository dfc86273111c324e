"""What failed is said at once, with its reason; and a run that is told to end (SIGTERM) says what was still running.

A run that is cut off in its middle prints no summary: then these lines are all there is to go by.
"""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Any

import pytest

PATIENCE_S = 2
"""For workers to end by themselves: who sends SIGTERM may send SIGKILL soon. What they have started ends with them."""


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # a worker tells its controller
        config.pluginmanager.register(Telling(config))


class Telling:
    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._running: dict[str, float] = {}
        self._before: Any = None

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        self._before = signal.signal(signal.SIGTERM, self._end)

    def pytest_unconfigure(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._running[nodeid] = time.monotonic()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._running.pop(nodeid, None)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            where = f" (at its {report.when})" if report.when in ("setup", "teardown") else ""
            self._say(f"FAILED {report.nodeid}{where} - {_reason(report)}")

    def pytest_keyboard_interrupt(self) -> None:
        """SIGTERM or Ctrl-C; the summary follows once the workers are gone."""
        now = time.monotonic()
        for nodeid, since in self._running.items():
            self._say(f"RUNNING {nodeid} for {now - since:.0f} s")

    def _say(self, line: str) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write(f"\n{line}\n", flush=True)

    def _end(self, *_: int | FrameType | None) -> None:
        workers = getattr(self._config.pluginmanager.get_plugin("dsession"), "nodemanager", None)
        if workers is not None:
            workers.EXIT_TIMEOUT = PATIENCE_S  # it has ten seconds for each by itself
        raise pytest.exit.Exception("told to end (SIGTERM)")


def _reason(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    said = crash.message if crash is not None else str(report.longrepr)
    return next((line.strip() for line in said.splitlines() if line.strip()), "it says nothing")
