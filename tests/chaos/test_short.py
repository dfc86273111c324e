"""The short form of `make chaos`: one of each quick fault, on the real stack, judged as the long one is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ccplane.settings import HOME
from chaos.checker import check
from chaos.logs import load
from chaos.plan import QUICK
from chaos.results import told

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(450)]

SEED = 3
OPEN = frozenset[str]()
"""What `make chaos` has found and is not mended yet (docs/reliability.md says it): empty this when it is."""
PROVEN = frozenset({"calls", "clocks", "facts", "looks at the wallboard", "offers in order", "rings",
                    "states acknowledged", "talks compared"})  # fmt: skip


def test_given_calls_when_one_of_each_quick_fault_happens_then_nobody_is_dropped(tmp_path: Path, asterisk_root: Path):
    environment = {name: value for name, value in os.environ.items() if name != "CHAOS_MOUNTS"}
    command = [sys.executable, "-m", "chaos", "--short", "--seed", str(SEED), "--root", asterisk_root]
    played = subprocess.run(
        [*command, "--work", tmp_path], cwd=HOME, env=environment, capture_output=True, text=True, timeout=400
    )
    log = tmp_path / "run.json"
    assert log.exists(), played.stdout + played.stderr
    run = load(log)
    verdict = check(run)
    assert {finding.rule for finding in verdict.findings} <= OPEN, told(run, verdict)
    assert played.returncode == (0 if verdict.kept else 1), played.stdout + played.stderr
    assert sorted(fault.kind for fault in run.faults) == sorted(QUICK)
    assert all(verdict.looked_at[what] > 0 for what in PROVEN), told(run, verdict)
