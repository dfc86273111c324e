"""The plane of these runs has a wall clock that a file sets wrong; what measures durations stays right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ccplane.settings import HOME

LOOK = """
import sys, time
from pathlib import Path
from chaos.stepped import step
file = Path(sys.argv[1])
step(file)
from ccplane.log.clock import boottime, wall_clock
wall, boot = wall_clock(), boottime()
file.write_text("3600")
print(round((wall_clock() - wall) / 1000), round((boottime() - boot) / 1e9))
file.write_text("-3600")
print(round((wall_clock() - wall) / 1000))
"""


def test_a_step_moves_the_wall_clock_and_nothing_else(tmp_path: Path):
    told = subprocess.run(
        [sys.executable, "-c", LOOK, tmp_path / "wall"], cwd=HOME, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["3600", "0", "-3600"]
