"""The outbox's file: SQLite in WAL mode, `synchronous=FULL`. Everything that touches the disk lives here.

What was written together lies in one row, as lines of JSON: so a commit is one insert, and the thread that writes
asks for the interpreter's lock a few times per group, not per fact.
"""

from __future__ import annotations

import contextlib
import sqlite3
import uuid
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from ccplane.errors import StoreError
from ccplane.facts import AnyFact

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS facts (
    first INTEGER PRIMARY KEY, last INTEGER NOT NULL, epoch INTEGER NOT NULL, lines BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS mark (
    one INTEGER PRIMARY KEY CHECK (one = 1), outbox TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
    at INTEGER NOT NULL, shipped INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoint (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, body BLOB);
CREATE TABLE IF NOT EXISTS note (key TEXT PRIMARY KEY, data BLOB NOT NULL);
"""
FORMAT: Final = 1
TRIMMED_AT_ONCE: Final = 1_000
"""Groups deleted with one commit, so that a long backlog goes away without holding up what is new."""

TRIMMED_WHEN_FULL: Final = 100
"""Fewer, since on a full disk the deletion itself must find room in the write-ahead log."""

GIVEN_BACK_AT_ONCE: Final = 1_000
SPARE_PAGES: Final = 2_048
"""Free pages (4 KiB) kept for what comes; more are given back to the disk, bit by bit."""

_decoder: Final[msgspec.json.Decoder[AnyFact]] = msgspec.json.Decoder(AnyFact)


class Group(NamedTuple):
    """Facts `first` to `last` of one epoch, one a line. `at` is the last one's."""

    first: int
    last: int
    epoch: int
    at: int
    lines: bytes

    def each(self) -> list[tuple[int, bytes]]:
        """(seq, JSON) of every fact."""
        return list(enumerate(self.lines.splitlines(), self.first))


class Commit(msgspec.Struct):
    """What one transaction writes. Written again unchanged if it failed."""

    groups: list[Group] = []
    notes: dict[str, bytes] = {}
    epoch: int | None = None
    checkpoint: tuple[int, bytes] | None = None


class Recovered(msgspec.Struct, frozen=True):
    """What the file holds: where it stands, the last checkpoint, and the facts after that, (seq, epoch, fact)."""

    outbox: str
    epoch: int
    seq: int
    last_at: int
    checkpoint: bytes | None
    checkpoint_seq: int
    facts: list[tuple[int, int, AnyFact]]


class OutboxFile:
    """One connection, used by one thread at a time."""

    def __init__(self, path: Path, max_bytes: int | None = None) -> None:
        """`max_bytes`: how large the file may grow; beyond it is as full as a full disk."""
        self.path = path
        self.spare = 0
        """Bytes of the file that are free to be written again; as of the last trimming."""
        self.untidy = False
        """Whether the last trimming left more to be deleted, or to be given back to the disk."""
        self._max_bytes = max_bytes
        self._page = 4096
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        """Opens or makes it; StoreError if it can't be."""
        try:
            self._connect()
        except sqlite3.Error as error:
            self.close()
            damaged = any(word in str(error) for word in ("not a database", "malformed"))
            raise StoreError(
                "outbox-corrupt" if damaged else "outbox-unusable",
                f"The outbox {self.path} cannot be used: {error}. If it is damaged, move it away: "
                "what is in Postgres is safe, what was not shipped yet is in that file.",
                path=str(self.path),
            ) from error

    def _connect(self) -> None:
        self._connection = connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self.path.chmod(0o600)
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_size_limit = 4194304")
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, FORMAT):
            raise sqlite3.DatabaseError(f"it was written by another version of ccplane (format {found})")
        connection.executescript(SCHEMA)
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("INSERT OR IGNORE INTO mark VALUES (1, ?, 0, 0, 0, 0)", (uuid.uuid4().hex,))
        self._page = connection.execute("PRAGMA page_size").fetchone()[0]
        self.spare = connection.execute("PRAGMA freelist_count").fetchone()[0] * self._page
        if self._max_bytes is not None:
            connection.execute(f"PRAGMA max_page_count = {max(self._max_bytes // self._page, 1)}")

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connect()
        assert self._connection is not None
        return self._connection

    def recover(self) -> Recovered:
        outbox, epoch, seq, at = self._db.execute("SELECT outbox, epoch, seq, at FROM mark").fetchone()
        kept = self._db.execute("SELECT seq, body FROM checkpoint").fetchone()
        checkpoint_seq, checkpoint = kept or (0, None)
        facts: list[tuple[int, int, AnyFact]] = []
        for group in self.after(checkpoint_seq):
            facts += self._decoded(group, checkpoint_seq)
        return Recovered(outbox, epoch, seq, at, checkpoint, checkpoint_seq, facts)

    def _decoded(self, group: Group, after: int) -> list[tuple[int, int, AnyFact]]:
        try:
            return [(seq, group.epoch, _decoder.decode(line)) for seq, line in group.each() if seq > after]
        except msgspec.MsgspecError as error:
            raise StoreError(
                "outbox-unreadable",
                f"The outbox {self.path} holds facts ({group.first} to {group.last}) that this version of ccplane "
                f"does not know: {error}. Start the version that wrote them.",
                path=str(self.path),
            ) from error

    def after(self, seq: int, groups: int = -1) -> list[Group]:
        """The groups that hold facts after `seq`, in order; at most so many."""
        rows = self._db.execute(
            "SELECT first, last, epoch, lines FROM facts WHERE last >= :next "
            "AND first >= coalesce((SELECT max(first) FROM facts WHERE first <= :next), 0) ORDER BY first LIMIT :n",
            {"next": seq + 1, "n": groups},
        )
        return [Group(first, last, epoch, 0, lines) for first, last, epoch, lines in rows]

    def shipped(self) -> int:
        return int(self._db.execute("SELECT shipped FROM mark").fetchone()[0])

    def notes(self) -> dict[str, bytes]:
        return dict(self._db.execute("SELECT key, data FROM note").fetchall())

    def write(self, commit: Commit, shipped: int, horizon: int) -> None:
        """One transaction; on disk when this returns. Facts up to `horizon` are no longer needed and go."""
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        for first, last, epoch, _, lines in commit.groups:
            db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?)", (first, last, epoch, lines))
        if commit.groups:
            end = commit.groups[-1]
            mark = (end.epoch, end.last, end.at, shipped)
            db.execute("UPDATE mark SET epoch = ?, seq = ?, at = ?, shipped = ?", mark)
        if commit.epoch is not None:
            db.execute("UPDATE mark SET epoch = ?", (commit.epoch,))
        for key, data in commit.notes.items():
            db.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", (key, data))
        if commit.checkpoint is not None:
            db.execute("INSERT OR REPLACE INTO checkpoint VALUES (1, ?, ?)", commit.checkpoint)
        if horizon:
            self._trim(horizon)
        db.execute("COMMIT")
        if horizon:
            self._give_back()

    def make_room(self, horizon: int, groups: int = TRIMMED_AT_ONCE) -> None:
        """Deletes what is no longer needed, up to `horizon`, by itself: a file that is full takes no commit before."""
        self._db.execute("BEGIN IMMEDIATE")
        self._trim(horizon, groups)
        self._db.execute("COMMIT")
        self._give_back()

    def _trim(self, horizon: int, groups: int = TRIMMED_AT_ONCE) -> None:
        gone = self._db.execute(
            "DELETE FROM facts WHERE first IN (SELECT first FROM facts WHERE last <= ? ORDER BY first LIMIT ?)",
            (horizon, groups),
        ).rowcount
        self.untidy = gone == groups

    def _give_back(self) -> None:
        """Bits of what is free, to the disk. (As a script: `execute` takes one step of it, which is one page.)"""
        with contextlib.suppress(sqlite3.Error):  # what was to be written is written; this can wait
            free = self._db.execute("PRAGMA freelist_count").fetchone()[0]
            if free > SPARE_PAGES:
                self._db.executescript(f"PRAGMA incremental_vacuum({min(GIVEN_BACK_AT_ONCE, free - SPARE_PAGES)})")
                free = self._db.execute("PRAGMA freelist_count").fetchone()[0]
            self.spare = free * self._page
            self.untidy = self.untidy or free > SPARE_PAGES

    def rename(self, outbox: str, epoch: int, shipped: int) -> None:
        """It is another outbox from here on, that goes on with this epoch."""
        self._db.execute("UPDATE mark SET outbox = ?, epoch = ?, shipped = ?", (outbox, epoch, shipped))

    def settle(self) -> None:
        """Nothing of a failed write stays, and the write-ahead log moves into the file: that may make room."""
        with contextlib.suppress(sqlite3.Error):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        try:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error:
            self.close()  # after an I/O error only a new connection knows what is on disk

    def size(self) -> int:
        """Bytes on disk, the write-ahead log included."""
        total = 0
        for suffix in ("", "-wal"):
            with contextlib.suppress(OSError):
                total += self.path.with_name(self.path.name + suffix).stat().st_size
        return total

    def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
