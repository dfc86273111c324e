"""What every test may use; the real things are in tests/stack.py."""

import gc

import structlog

pytest_plugins = ["tests.stack"]

structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)
"""As the plane logs; the default shows the local variables of every traceback, which for a state takes seconds."""

gc.set_threshold(100_000, 20, 50)
"""A suite keeps much and drops little: looking for cycles every 700 objects was a sixth of its time."""
