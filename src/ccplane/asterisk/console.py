"""The console of a private Asterisk: it lives in a mount namespace of its own, and whoever asks it must step in."""

from __future__ import annotations

from pathlib import Path

from ccplane.child import recorded


def record_of(directory: Path) -> Path:
    """Where the node that owns this folder notes its process."""
    return directory / "run" / "process.json"


def process_of(directory: Path) -> int | None:
    """The process of the Asterisk that owns this folder, whoever started it; None if none runs."""
    return recorded(record_of(directory))


def at_console(pid: int, command: str = "") -> list[str]:
    """The program that asks this Asterisk for this and ends; without a command, its console to stay at."""
    asked = ["-rx", command] if command else ["-r"]
    return ["nsenter", "--target", str(pid), "--mount", "--root", "--wd", "--", "/usr/sbin/asterisk", *asked]
