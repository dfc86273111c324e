"""What the suite sees to itself, before any test."""

from __future__ import annotations

import subprocess
import sys

from ccplane.settings import HOME

HEARS = "import signal, tests.conftest; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"


def test_given_a_suite_started_deaf_to_ctrl_c_then_it_and_what_it_starts_hear_it_all_the_same():
    deaf = ["sh", "-c", 'trap "" INT HUP QUIT; exec "$@"', "sh", sys.executable, "-c", HEARS]
    assert subprocess.run(deaf, cwd=HOME, capture_output=True, text=True, timeout=60).stdout == "True\n"
