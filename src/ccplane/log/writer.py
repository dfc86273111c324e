"""The outbox's thread: takes what the loop has put, encodes it, commits it, tells the loop. It waits; the loop never.

A commit that fails (disk full, I/O error) is tried again, unchanged, until it is on disk; what comes meanwhile stays
in memory, in order. Nothing is told to be committed before it is.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from ccplane.laws import Fact
from ccplane.log.outbox_file import Commit, Group, OutboxFile

BREATH: Final = 0.003
"""At least so long from commit to commit, in seconds: what happens together is written together."""
RETRY: Final = 0.25
GROUP: Final = 1_000
"""Facts in one row at the most."""

_encoder: Final = msgspec.json.Encoder()


class Facts(NamedTuple):
    first: int
    epoch: int
    facts: Sequence[Fact]


class Note(NamedTuple):
    key: str
    data: bytes


class Epoch(NamedTuple):
    epoch: int


class Checkpoint(NamedTuple):
    seq: int
    make: Callable[[], bytes]


class Stop(NamedTuple):
    """The last thing put. `give_up` (monotonic s): until then a failing disk is tried."""

    give_up: float


Item = Facts | Note | Epoch | Checkpoint | Stop


class Told(Protocol):
    """Who hears what became of the commits; called on the writer's thread."""

    def written(self, commit: Commit) -> None: ...

    def failed(self, reason: str) -> None: ...

    def shipped(self) -> int: ...


def as_commit(items: Sequence[Item]) -> Commit:
    """What one transaction writes: facts in groups by epoch, the last value of each note."""
    commit = Commit()
    run: list[Facts] = []
    for item in items:
        match item:
            case Facts():
                if run and (run[0].epoch != item.epoch or item.first - run[0].first >= GROUP):
                    commit.groups.append(_group(run))
                    run = []
                run.append(item)
            case Note():
                commit.notes[item.key] = item.data
            case Epoch():
                commit.epoch = item.epoch
            case Checkpoint():
                commit.checkpoint = (item.seq, item.make())
            case Stop():
                pass
    if run:
        commit.groups.append(_group(run))
    return commit


def _group(run: Sequence[Facts]) -> Group:
    facts = [fact for each in run for fact in each.facts]
    first = run[0].first
    return Group(first, first + len(facts) - 1, run[0].epoch, facts[-1].at, _encoder.encode_lines(facts))


class Writer(threading.Thread):
    """Runs until it is stopped; a daemon, since a process must be able to end whatever the disk does."""

    def __init__(self, file: OutboxFile, told: Told) -> None:
        super().__init__(name="outbox", daemon=True)
        self._file = file
        self._told = told
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._give_up: float | None = None
        self._checkpoint_seq = 0

    def put(self, item: Item) -> None:
        self._items.put(item)

    def run(self) -> None:
        while self._give_up is None:
            items = self._taken()
            try:
                commit = as_commit(items)
            except Exception as error:  # a state that cannot be encoded is a bug, but it must not stop the log
                self._told.failed(f"a checkpoint could not be made: {error!r}")
                commit = as_commit([item for item in items if not isinstance(item, Checkpoint)])
            if not self._commit(commit):
                return
            if self._give_up is None:
                time.sleep(BREATH)
        self._file.undo()  # nothing to undo: it moves the write-ahead log into the file
        self._file.close()

    def _taken(self) -> list[Item]:
        """Everything that has been put; waits for the first."""
        items = [self._items.get()]
        while True:
            if isinstance(items[-1], Stop):
                self._give_up = items[-1].give_up
                return items
            try:
                items.append(self._items.get_nowait())
            except queue.Empty:
                return items

    def _commit(self, commit: Commit) -> bool:
        """True when it is on disk; False if we were told to stop and gave up."""
        checkpoint_seq = commit.checkpoint[0] if commit.checkpoint else self._checkpoint_seq
        while True:
            shipped = self._told.shipped()
            try:
                self._file.write(commit, shipped, min(shipped, self._checkpoint_seq))
            except (sqlite3.Error, OSError) as error:
                self._told.failed(f"the outbox cannot be written: {error}")
                self._file.undo()
            else:
                self._checkpoint_seq = checkpoint_seq
                self._told.written(commit)
                return True
            if self._given_up():
                return False
            time.sleep(RETRY)

    def _given_up(self) -> bool:
        """A `Stop` may lie behind what cannot be written: look for it without losing what is before it."""
        if self._give_up is None:
            waiting: list[Item] = []
            while True:
                try:
                    waiting.append(self._items.get_nowait())
                except queue.Empty:
                    break
            for item in waiting:
                if isinstance(item, Stop):
                    self._give_up = item.give_up
                self._items.put(item)
        return self._give_up is not None and time.monotonic() > self._give_up
