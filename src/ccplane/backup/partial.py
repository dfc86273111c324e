"""A backup on its way, `FILE.partial`: one writer at a time, who gives it the name FILE once it is whole.

A lock of the kernel on the file itself says that somebody is at it, so what a killed one left is in nobody's way. The
name counts only while it is that of the file that was locked: both may have gone on in between.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ccplane.errors import RequestError


def partial_of(path: Path) -> Path:
    return path.with_name(path.name + ".partial")


@contextmanager
def sole_partial(path: Path) -> Iterator[BinaryIO]:
    """A new, empty file of mode 0600, ours until this is left. RequestError "backup-runs-already"."""
    partial = partial_of(path)
    while (file := _begun(path, partial)) is None:
        pass
    with file:
        try:
            yield file
        finally:
            if _is_at(partial, file.fileno()):
                with suppress(OSError):
                    partial.unlink()


def _begun(path: Path, partial: Path) -> BinaryIO | None:
    """None if another came or went meanwhile: look again."""
    try:
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        _take_away(path, partial)
        return None
    file = os.fdopen(descriptor, "wb")
    try:
        _lock(path, descriptor)
        if _is_at(partial, descriptor):
            return file
    except BaseException:
        file.close()
        raise
    file.close()
    return None


def _take_away(path: Path, partial: Path) -> None:
    """What a killed one left. It is not written on: others may have it open, and its mode is whatever it is."""
    try:
        descriptor = os.open(partial, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        _lock(path, descriptor)
        if _is_at(partial, descriptor):
            partial.unlink()
    finally:
        os.close(descriptor)


def _lock(path: Path, descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RequestError(
            "backup-runs-already",
            f"Another backup to {path} is being written at this moment: wait until it has ended, or name another file.",
        ) from None


def _is_at(partial: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.lstat(partial), os.fstat(descriptor))
    except OSError:
        return False
