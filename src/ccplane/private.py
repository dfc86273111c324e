"""Files with secrets or voices: for their owner alone, not for a moment for others, and there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO


def write_private(path: Path, text: str) -> None:
    """Mode 0600, under its name only once it is on the disk: whoever is cut off, be it by a power cut, leaves the file
    as it was."""
    partial = path.with_name(path.name + ".partial")
    with begin_private(partial) as file:
        file.write(text.encode())
    put_in_place(partial, path)


def put_in_place(partial: Path, target: Path) -> None:
    """Give a file that is whole its name, for good: its content is on the disk first, then its name."""
    sync(partial)
    partial.replace(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """A file, or what a folder holds, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def begin_private(path: Path) -> BinaryIO:
    """A new file of mode 0600, open for writing; one that is there goes."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def make_private_folder(folder: Path) -> None:
    """With those above it, as far as they are not there yet; each of them of mode 0700."""
    if not folder.is_dir():
        make_private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def read_private(path: Path) -> str:
    """What it says, stripped; one that is missing, empty or unreadable says nothing."""
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return ""
