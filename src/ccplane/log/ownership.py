"""One plane per outbox: a lock file beside it, held as long as the process lives, however it ends."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path

from ccplane.errors import StoreError


class Ownership:
    """Held from `take` to `free`. The lock is the kernel's, so a killed plane leaves none behind."""

    def __init__(self, outbox: Path) -> None:
        self._outbox = outbox
        self._path = outbox.with_name(outbox.name + ".lock")
        self._descriptor: int | None = None

    def take(self) -> None:
        """StoreError `outbox-locked`, naming who has it; `outbox-unusable` if the folder can't be written."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                "outbox-unusable",
                f"The outbox {self._outbox} cannot be opened: {error.strerror}. Its folder must exist and be writable.",
                path=str(self._outbox),
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "a process that has not said who"
            os.close(descriptor)
            raise StoreError(
                "outbox-locked",
                f"The outbox {self._outbox} is in use by {owner}: two planes may not share one. Stop that one first.",
                path=str(self._outbox),
                owner=owner,
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        self._descriptor = descriptor

    def free(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
