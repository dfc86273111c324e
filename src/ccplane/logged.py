"""How our processes log: a line each, a plain traceback.

One that shows local variables would show callers' numbers and secrets.
"""

from __future__ import annotations

import structlog


def log_as(level: str) -> None:
    """From now on, this process: lines of this level and above."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ],
    )
