"""What every test may use; the real things are in tests/stack.py."""

import gc
import os
import signal
import sys

import structlog
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.evidence", "tests.limits", "tests.order", "tests.stack", "tests.telling"]

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
"""Some shells forbid Python to keep what it has compiled: each plane of a test would compile all of it for a second,
and each worker the tests for ten."""

for ends_us, handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGQUIT, signal.SIG_DFL),
):
    if signal.getsignal(ends_us) is signal.SIG_IGN:
        signal.signal(ends_us, handler)
"""Who starts a suite in the background starts it deaf to them, and so everything that it starts: what a test ends with
Ctrl-C would run on for ever."""

structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)
"""As the plane logs; the default shows the local variables of every traceback, which for a state takes seconds."""

gc.set_threshold(100_000, 60, 50)
"""A suite keeps much and drops little: looking for cycles every 700 objects was a sixth of its time, and at all that is
of middle age after every 20 such looks a twentieth."""


def pytest_collection_finish() -> None:
    """What is loaded by now stays: no collection need look at it."""
    gc.freeze()


settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("steady"), max_examples=25)
settings.register_profile("explore", settings.get_profile("steady"), derandomize=False, max_examples=2_000)
settings.register_profile("prove", settings.get_profile("explore"), max_examples=50_000)
settings.load_profile("steady")
"""The same examples at each run, so that a change fails for what it changed, and however slow the machine; new
ones are looked for by `pytest --hypothesis-profile=explore`, and for long by `prove` (`make sim-full`).
`make test-fast` takes a quarter of them (`quick`)."""
