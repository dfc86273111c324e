"""A copy of an outbox as it is at one moment, made beside the plane that writes to it, which neither waits nor knows.

SQLite's readers see the file as it was when they began, whoever writes: no hold, no word to the plane, and the same
whether one runs or not. A copy that is put elsewhere becomes an outbox of its own.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from ccplane.errors import SetupError, StoreError
from ccplane.log.outbox_file import FORMAT, OutboxFile, Recovered

BUSY_S: Final = 10.0


class Held:
    """An outbox at one moment: facts `first` to `seq` are in it, the last of them of `epoch`, at `at` (ms)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        mark: tuple[str, int, int, int] = connection.execute("SELECT outbox, epoch, seq, at FROM mark").fetchone()
        self.outbox, self.epoch, self.seq, self.at = mark
        (first,) = connection.execute("SELECT min(first) FROM facts").fetchone()
        self.first: int = self.seq + 1 if first is None else first

    def follows(self, watermark: int) -> bool:
        """Whether this and what was shipped up to `watermark` have every fact between them."""
        return self.first <= watermark + 1 <= self.seq + 1

    def copy(self, target: Path) -> None:
        """All of it, into a file that is not there yet. StoreError if it can't be."""
        try:
            with closing(sqlite3.connect(target)) as copy:
                target.chmod(0o600)
                self._connection.backup(copy)
                if (found := copy.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                    raise sqlite3.DatabaseError(found)
        except sqlite3.Error as error:
            sentence = f"The outbox cannot be copied to {target} ({error}): is that disk full?"
            raise StoreError("backup-not-written", sentence) from error


@contextmanager
def held(path: Path) -> Iterator[Held]:
    """SetupError if there is none, StoreError if it can't be read."""
    if not path.exists():
        raise SetupError(
            "no-outbox",
            f"There is no outbox in {path.parent}: no plane has run there. Name its folder with CCPLANE_RUNTIME.",
        )
    with _told(path), closing(_connected(path)) as connection:
        if connection.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
            raise sqlite3.DatabaseError("it was written by another version of ccplane")
        connection.execute("BEGIN")  # the first read, in Held, is the moment
        yield Held(connection)


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, isolation_level=None, timeout=BUSY_S)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError("outbox-unusable", f"The outbox {path} cannot be copied: {error}.", path=str(path)) from error


def files_of(path: Path) -> list[Path]:
    """What SQLite has beside and of this one; some of them may not be there."""
    return [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm")]


def as_its_own(path: Path, epoch: int, watermark: int) -> Recovered:
    """Makes a copy an outbox of its own, that goes on with `epoch`; what it holds. StoreError if it can't be read."""
    file = OutboxFile(path)
    file.open()
    try:
        file.rename(uuid.uuid4().hex, epoch, watermark)
        return file.recover()
    finally:
        file.settle()
        file.close()
