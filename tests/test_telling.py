"""A run that is cut off has said what failed, and says what was running."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.suite import begin

FAILING = """
import asyncio
def test_two(): assert 1 == 2, "not two"
async def test_waiting(): await asyncio.Event().wait()
"""


@pytest.mark.slow
def test_a_failure_is_told_at_once_and_sigterm_brings_the_summary(tmp_path: Path):
    with begin(tmp_path, 60, test_one=FAILING) as run:
        assert run.stdout
        said = []
        for line in run.stdout:
            said.append(line)
            if line.startswith("FAILED"):
                run.send_signal(signal.SIGTERM)
                break
        said.extend(run.stdout)
    assert said.count("FAILED test_one.py::test_two - AssertionError: not two\n") == 2  # then, and in the summary
    assert any(line.startswith("RUNNING test_one.py::test_") for line in said)
    assert any("told to end (SIGTERM)" in line for line in said)
    assert run.returncode == pytest.ExitCode.INTERRUPTED
