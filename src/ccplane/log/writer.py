"""The outbox's thread: takes what the loop has put, encodes it, commits it, tells the loop. It waits; the loop never.

Putting does not wake it, `wake` does: the loop lets facts gather first. A thread that wakes at every fact fights the
loop for the interpreter just when commands should leave, and syncs the disk three times as often.

A commit that fails (disk full, I/O error) is tried again, unchanged, until it is on disk; what comes meanwhile stays
in memory, in order. Nothing is told to be committed before it is. Between two tries what Postgres has taken meanwhile
is deleted, since a file that is full has room for nothing else before. After a long backlog the thread tidies on by
itself, once a second, until the file is small again.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from ccplane.laws import Fact
from ccplane.log.outbox_file import TRIMMED_AT_ONCE, TRIMMED_WHEN_FULL, Commit, Group, OutboxFile

RETRY: Final = 0.25
TRIM_EVERY: Final = 1.0
GROUP: Final = 1_000
"""Facts in one row at the most."""
TAKEN_AT_ONCE: Final = 2_000
"""Things put that go into one commit at the most: what gathered while a disk was full must not need it all at once."""

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
    """The last thing put."""


Item = Facts | Note | Epoch | Checkpoint | Stop


class Told(Protocol):
    """Who hears what became of the commits; called on the writer's thread."""

    def written(self, commit: Commit) -> None: ...

    def failed(self, reason: str) -> None: ...

    def shipped(self) -> int:
        """Up to where facts are known to be in Postgres."""

    def confirmed(self) -> int:
        """The same, but only as Postgres has said since we began: it may have been put back to an earlier day."""


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
    return Group(first, first + len(facts) - 1, run[0].epoch, facts[-1].at, _lines(facts))


def _lines(facts: Sequence[Fact]) -> bytes:
    try:
        return _encoder.encode_lines(facts)
    except Exception:  # one of them holds what JSON can't: the others must not be lost for it
        return b"".join(_line(fact) + b"\n" for fact in facts)


def _line(fact: Fact) -> bytes:
    """The fact as JSON, with `?` for half a surrogate pair, which has no place in UTF-8."""
    try:
        return _encoder.encode(fact)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(fact), ensure_ascii=False).encode("utf-8", "replace")


class Writer(threading.Thread):
    """Runs until it is stopped; a daemon, since a process must be able to end whatever the disk does."""

    def __init__(self, file: OutboxFile, told: Told, checkpoint_seq: int) -> None:
        super().__init__(name="outbox", daemon=True)
        self._file = file
        self._told = told
        self._items: deque[Item] = deque()
        self._woken = threading.Event()
        self._give_up: float | None = None
        self._settles = True
        self._checkpoint_seq = checkpoint_seq
        self._trim_after = 0.0

    def put(self, item: Item) -> None:
        """To be committed at the next `wake`, in order."""
        self._items.append(item)

    def wake(self) -> None:
        """Commit what has been put, now."""
        self._woken.set()

    def stop(self, within: float, *, settle: bool = True) -> None:
        """Commit what has been put and end; a disk that fails for longer than `within` seconds is given up.
        Without `settle` the write-ahead log is left to who opens the file next: that is quick."""
        self._settles = settle
        self._give_up = time.monotonic() + within
        self.put(Stop())
        self.wake()

    def run(self) -> None:
        going = True
        while going:
            self._woken.wait(TRIM_EVERY if self._file.untidy else None)
            self._woken.clear()  # before taking: whoever puts from here on wakes us again
            if items := self._taken():
                going = self._commit(self._encoded(items)) and not isinstance(items[-1], Stop)
            else:
                self._tidy()
        if self._settles:
            self._file.settle()
            self._file.close()

    def _taken(self) -> list[Item]:
        there = len(self._items)
        if there > TAKEN_AT_ONCE:
            self.wake()  # for the others
        return [self._items.popleft() for _ in range(min(there, TAKEN_AT_ONCE))]

    def _tidy(self) -> None:
        """Delete what is no longer needed, if it is time for it, though there is nothing else to write."""
        early = time.monotonic() < self._trim_after
        self._file.untidy = early and self._needless() > 0  # then look again
        if horizon := self._horizon():
            self._make_room(horizon)

    def _make_room(self, horizon: int, groups: int = TRIMMED_AT_ONCE) -> None:
        try:
            self._file.make_room(horizon, groups)
        except Exception:  # nothing waits for it, and it is tried again; what cannot be written is said by who writes
            self._file.settle()

    def _encoded(self, items: list[Item]) -> Commit:
        try:
            return as_commit(items)
        except Exception as error:  # a state that can't be encoded is our fault, but it must not stop the log
            self._told.failed(f"a checkpoint could not be made: {error!r}")
            return as_commit([item for item in items if not isinstance(item, Checkpoint)])

    def _commit(self, commit: Commit) -> bool:
        """True when it is on disk; False if we were told to stop and gave up."""
        while True:
            try:
                self._file.write(commit, self._told.shipped(), self._horizon())
            except Exception as error:  # whatever it is, the facts are still in our hands, and are tried again
                self._told.failed(f"the outbox cannot be written: {error}")
                self._file.settle()
                if needless := self._needless():
                    self._make_room(needless, TRIMMED_WHEN_FULL)
            else:
                if commit.checkpoint:
                    self._checkpoint_seq = commit.checkpoint[0]
                self._told.written(commit)
                return True
            if self._give_up is not None and time.monotonic() > self._give_up:
                return False
            time.sleep(RETRY)

    def _horizon(self) -> int:
        """Up to where facts may be deleted with this commit; 0 if it is not time for it."""
        now = time.monotonic()
        if now < self._trim_after:
            return 0
        self._trim_after = now + TRIM_EVERY
        return self._needless()

    def _needless(self) -> int:
        """Up to where facts are in Postgres and in a checkpoint."""
        return min(self._told.confirmed(), self._checkpoint_seq)
