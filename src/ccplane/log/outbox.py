"""The durable outbox: every fact passes through here on its way to Postgres (law 5).

`append` is an ordered put in memory; a thread (`writer`) commits what gathered in a few milliseconds to SQLite
(`outbox_file`), at once if somebody waits. Acknowledged means committed here. The file is bounded: facts that are in
Postgres and in a checkpoint are deleted. `seq` goes on over all epochs of a file and is never used twice.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ccplane.errors import StoreError
from ccplane.histogram import Histogram
from ccplane.laws import Fact
from ccplane.log.outbox_file import Commit, Group, OutboxFile, Recovered
from ccplane.log.ownership import Ownership
from ccplane.log.writer import Checkpoint, Epoch, Facts, Item, Note, Writer

TAIL_BYTES: Final = 8 << 20
"""So much of what was committed is also kept in memory for the shipper; behind that it reads the file."""
GROUPS_AT_ONCE: Final = 128
TIDY_EVERY: Final = 1_000
"""Facts shipped after which those that are no longer needed are deleted, even if nothing new is written."""
GATHER_S: Final = 0.01
"""So long facts gather before they are committed together, unless somebody waits for one."""


@dataclass
class OutboxStats:
    """For /metrics and /readyz."""

    appended_seq: int = 0
    committed_seq: int = 0
    shipped_seq: int = 0
    checkpoint_seq: int = 0
    commits: int = 0
    failures: int = 0
    commit_latency: Histogram = field(default_factory=Histogram)
    """Seconds from `append` to known on the loop to be on disk."""

    @property
    def depth(self) -> int:
        """Facts in memory only."""
        return self.appended_seq - self.committed_seq

    @property
    def unshipped(self) -> int:
        """Facts that wait for Postgres."""
        return max(self.appended_seq - self.shipped_seq, 0)


class Outbox:
    """Open it, begin an epoch, append. All but the reading of the file happens on one event loop."""

    def __init__(self, path: Path, *, max_bytes: int | None = None, keep_in_memory: int = 200_000) -> None:
        """`keep_in_memory`: how many facts may wait for a disk that is full before `append` refuses more."""
        self.path = path
        self.trouble = ""
        """Why facts are not being committed at present; empty while they are."""
        self.stats = OutboxStats()
        self.id = ""
        self._keep = keep_in_memory
        self._ownership = Ownership(path)
        self._file = OutboxFile(path, max_bytes)
        self._reader = OutboxFile(path)
        self._reading: ThreadPoolExecutor | None = None
        self._writer: Writer | None = None
        self._closed = False
        """From then on the file is a successor's, which may have it open already."""
        self._gathering: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._epoch = 0
        self._notes: dict[str, bytes] = {}
        self._open: deque[tuple[int, float]] = deque()
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._unwritten: dict[str, tuple[bytes, list[asyncio.Future[None]]]] = {}
        """Notes that are not on disk yet, and who waits for them."""
        self._tail: deque[Group] = deque()
        self._tail_bytes = 0
        self._confirmed = self._tidied = 0
        self._news = asyncio.Event()

    # --- opening ------------------------------------------------------------------------------------------------

    def open(self) -> Recovered:
        """Takes the file for this process and reads what it holds. Blocks; StoreError says what is wrong."""
        self._ownership.take()
        self._closed = False
        try:
            self._file.open()
            recovered = self._file.recover()
            shipped = self._file.shipped()
            self._notes = self._file.notes()
        except BaseException:
            self._file.close()
            self._ownership.free()
            raise
        self.id, self._epoch = recovered.outbox, recovered.epoch
        stats = self.stats
        stats.appended_seq = stats.committed_seq = recovered.seq
        stats.checkpoint_seq, stats.shipped_seq = recovered.checkpoint_seq, shipped
        return recovered

    def begin(self, epoch: int) -> None:
        """What is appended from here on is of this epoch. The first call, on the loop, starts the thread."""
        self._epoch = epoch
        if self._writer is None:
            self._loop = asyncio.get_running_loop()
            self._reading = ThreadPoolExecutor(1, "outbox-reader")
            self._writer = Writer(self._file, self, self.stats.checkpoint_seq)
            self._writer.start()
        self._put(Epoch(epoch))

    async def close(self, within: float = 5.0, *, settle: bool = True) -> None:
        """Commits what is left and gives the file free; StoreError if the disk does not take it in time.
        `settle=False`: somebody waits for it."""
        writer, self._writer, self._closed = self._writer, None, True
        if writer is not None:
            writer.stop(within, settle=settle)
            await asyncio.to_thread(writer.join)
            await asyncio.sleep(0)  # what the thread told last
        else:
            self._file.close()
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.submit(self._reader.close)
            reading.shutdown()
        self._ownership.free()
        if writer is not None and self.stats.depth:
            raise StoreError(
                "outbox-not-written",
                f"{self.stats.depth} facts could not be written to {self.path}: {self.trouble}",
                path=str(self.path),
                lost=self.stats.depth,
            )

    # --- putting ------------------------------------------------------------------------------------------------

    def append(self, facts: Sequence[Fact]) -> int:
        """Puts facts in order and returns the seq of the last; no I/O. They are on disk when `committed` says so."""
        stats = self.stats
        if not facts:
            return stats.appended_seq
        if stats.depth + len(facts) > self._keep:
            raise StoreError(
                "outbox-overflow",
                f"{stats.depth} facts wait for {self.path}, more than may be kept in memory: {self.trouble}",
                path=str(self.path),
            )
        first = stats.appended_seq + 1
        stats.appended_seq += len(facts)
        self._open.append((stats.appended_seq, time.monotonic()))
        self._put(Facts(first, self._epoch, tuple(facts)))
        return stats.appended_seq

    def committed(self, seq: int) -> asyncio.Future[None]:
        """Done when everything up to `seq` is on disk."""
        future = asyncio.get_running_loop().create_future()
        if seq <= self.stats.committed_seq:
            future.set_result(None)
        else:
            self._waiting.append((seq, future))
            self._wake()
        return future

    def checkpoint(self, seq: int, make: Callable[[], bytes]) -> None:
        """Keep a state as of `seq`; `make` encodes it on the thread. Facts before it are then no longer needed."""
        self._put(Checkpoint(seq, make))

    def put_note(self, key: str, data: bytes) -> None:
        """A small thing to remember. Before `begin` it is written at once, after that with the next commit; after
        `close` it is refused, StoreError "handing-over"."""
        if self._closed:
            raise StoreError(
                "handing-over", "This process of ccplane has given its outbox away: ask again in a moment."
            )
        self._notes[key] = data
        if self._writer is None:
            self._file.write(Commit(notes={key: data}), 0, 0)
        else:
            self._unwritten[key] = (data, self._unwritten.get(key, (b"", []))[1])
            self._put(Note(key, data))

    def noted(self, key: str) -> asyncio.Future[None]:
        """Done when what was last put under this key is on disk."""
        future = asyncio.get_running_loop().create_future()
        if key in self._unwritten:
            self._unwritten[key][1].append(future)
            self._wake()
        else:
            future.set_result(None)
        return future

    def note(self, key: str) -> bytes | None:
        return self._notes.get(key)

    def _put(self, item: Item) -> None:
        if self._writer is None or self._loop is None:
            raise StoreError("outbox-not-begun", f"The outbox {self.path} was not begun.", path=str(self.path))
        self._writer.put(item)
        if self._gathering is None:
            self._gathering = self._loop.call_later(GATHER_S, self._wake)

    def _wake(self) -> None:
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        if self._writer is not None:
            self._writer.wake()

    # --- how it stands ------------------------------------------------------------------------------------------

    @property
    def healthy(self) -> bool:
        """Facts get to the disk."""
        return not self.trouble

    @property
    def has_room(self) -> bool:
        """Whether memory can take what happens next, should the disk not; else no new call may be taken."""
        return self.stats.depth < self._keep * 9 // 10

    @property
    def memory(self) -> int:
        """How many facts may wait for the disk."""
        return self._keep

    @property
    def bytes_on_disk(self) -> int:
        return self._file.size()

    @property
    def bytes_spare(self) -> int:
        """Of these, what can be written again without the file growing."""
        return self._file.spare

    def oldest_uncommitted(self) -> float:
        """For how many seconds the oldest fact has been waiting for the disk; 0 if none is."""
        return time.monotonic() - self._open[0][1] if self._open else 0.0

    # --- shipping -----------------------------------------------------------------------------------------------

    async def more_than(self, seq: int) -> None:
        """Returns when a fact after `seq` is on disk."""
        while self.stats.committed_seq <= seq:
            self._news.clear()
            await self._news.wait()

    async def unshipped(self, after: int, limit: int) -> tuple[int, list[tuple[int, bytes]]]:
        """The next facts on disk after `after`, of one epoch: (epoch, [(seq, JSON)]). From memory, else the file."""
        groups: Sequence[Group] = self._tail
        if not self._tail or self._tail[0].first > after + 1:
            loop = asyncio.get_running_loop()
            groups = await loop.run_in_executor(self._reading, self._reader.after, after, GROUPS_AT_ONCE)
        facts: list[tuple[int, bytes]] = []
        epoch = 0
        for group in groups:
            if group.last <= after:
                continue
            if facts and group.epoch != epoch:
                break
            epoch = group.epoch
            facts += [each for each in group.each() if each[0] > after]
            if len(facts) >= limit:
                break
        return epoch, facts[:limit]

    def mark_shipped(self, seq: int) -> None:
        """Everything up to `seq` is safe in Postgres."""
        self.stats.shipped_seq = self._confirmed = seq
        if self._writer is not None and abs(seq - self._tidied) >= TIDY_EVERY:
            self._tidied = seq
            self._writer.wake()
        while self._tail and self._tail[0].last <= seq:
            self._tail_bytes -= len(self._tail.popleft().lines)

    # --- told by the thread -------------------------------------------------------------------------------------

    def shipped(self) -> int:
        return self.stats.shipped_seq

    def confirmed(self) -> int:
        return self._confirmed

    def written(self, commit: Commit) -> None:
        self._tell(self._on_written, commit)

    def failed(self, reason: str) -> None:
        self._tell(self._on_failed, reason)

    def _tell(self, what: Callable[..., None], *told: object) -> None:
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(what, *told)

    def _on_failed(self, reason: str) -> None:
        self.trouble = reason
        self.stats.failures += 1

    def _on_written(self, commit: Commit) -> None:
        stats = self.stats
        self.trouble = ""
        stats.commits += 1
        if commit.checkpoint:
            stats.checkpoint_seq = commit.checkpoint[0]
        for key, data in commit.notes.items():
            self._note_written(key, data)
        if not commit.groups:
            return
        stats.committed_seq = commit.groups[-1].last
        now = time.monotonic()
        while self._open and self._open[0][0] <= stats.committed_seq:
            stats.commit_latency.observe(now - self._open.popleft()[1])
        self._keep_tail(commit.groups)
        self._resolve()
        self._news.set()

    def _note_written(self, key: str, data: bytes) -> None:
        last, waiting = self._unwritten.get(key, (b"", []))
        if last is data:
            del self._unwritten[key]
            for future in waiting:
                if not future.done():
                    future.set_result(None)

    def _keep_tail(self, groups: Sequence[Group]) -> None:
        for group in groups:
            self._tail.append(group)
            self._tail_bytes += len(group.lines)
        while self._tail_bytes > TAIL_BYTES:
            self._tail_bytes -= len(self._tail.popleft().lines)

    def _resolve(self) -> None:
        still: deque[tuple[int, asyncio.Future[None]]] = deque()
        for seq, future in self._waiting:
            if seq > self.stats.committed_seq:
                still.append((seq, future))
            elif not future.done():
                future.set_result(None)
        self._waiting = still
