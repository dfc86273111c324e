"""A test suite of a test's own, run by pytest in a process of its own, with our limits and our telling."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ccplane.settings import HOME

CONFTEST = """
pytest_plugins = ["tests.limits", "tests.telling"]

def pytest_configure(config):
    from tests import limits
    limits.AGAIN_S, limits.LAST_S = 0.5, 4.0
"""


def begin(folder: Path, limit: float, *options: str, **files: str) -> subprocess.Popen[str]:
    """pytest on these files, with so many seconds for each test; what it says comes from `stdout`."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "pytest.ini").write_text(
        f"[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\ntimeout = {limit}\n"
    )
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COLUMNS"))}
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n2", "--dist=loadfile", "-ra", *options],
        cwd=folder,
        env=own | {"PYTHONPATH": str(HOME), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
