"""Files with secrets: readable by their owner alone, not for a moment by others, and there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Mode 0600, under its name only once it is written: whoever is cut off leaves the file as it was."""
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    partial.replace(path)


def read_private(path: Path) -> str:
    """What it says, stripped; one that is missing, empty or unreadable says nothing."""
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return ""
