"""Children whose words a test reads: who says nothing and goes on living must not be listened to for ever."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def killed_after(seconds: float, process: subprocess.Popen[Any]) -> Iterator[threading.Event]:
    """Within this block a read comes to its end after so many seconds at the latest; then the event is set."""
    late = threading.Event()

    def kill() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
