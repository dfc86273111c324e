"""What leads the converter: what may be put away, when a raw file is removed, and what is told when it can't be."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ccplane.contacts.recordings import RecordingIncomplete, RecordingStored
from ccplane.core import inputs as i
from ccplane.ids import recording_id
from ccplane.kpi.board import Board
from ccplane.kpi.board import evolve as folded
from ccplane.plane import Snapshot
from ccplane.recordings.keeper import LEEWAY_MS, MISSED_AFTER_MS, Keeper
from ccplane.routing.recording import RecordingPolicy, RecordingRule
from tests.core.floor import a_floor, c, ready
from tests.recordings.test_store import a_sound

R = recording_id(c("1795332955.0"), 2)


class Plane:
    """The real core; `ask` may be held up, as by a disk."""

    def __init__(self) -> None:
        policy = RecordingPolicy(default=RecordingRule(record=True))
        self.floor = a_floor(agents=[ready("ana")], recording=policy)
        self.disk = asyncio.Event()
        self.disk.set()

    @property
    def snapshot(self) -> Snapshot:
        board = Board.begun()
        for fact in self.floor.facts:
            board = folded(board, fact)
        return Snapshot(self.floor.state, board, len(self.floor.facts), self.floor.now)

    async def ask(self, what: i.Input) -> Snapshot:
        self.floor.take(what)
        await self.disk.wait()
        return self.snapshot

    def of(self, kind: type) -> list:
        return [each for each in self.floor.facts if isinstance(each, kind)]


class Kept:
    def __init__(self, folder: Path) -> None:
        self.plane, self.spool, self.store = Plane(), folder / "spool", folder / "store"
        self.raws = self.spool / "monitor" / "ccplane"
        self.raws.mkdir(parents=True)
        self.keeper = Keeper(self.plane, self.spool, self.store, lambda: "no AMI", pause_s=0.01)

    def raw(self, name: str = R, seconds: float = 1, age_s: float = 10) -> Path:
        path = self.raws / f"{name}.raw"
        path.write_bytes(a_sound(seconds))
        os.utime(path, (time.time() - age_s,) * 2)
        return path

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Keeper]:
        task = asyncio.create_task(self.keeper.run())
        try:
            yield self.keeper
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.01)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


async def test_what_lies_in_the_spool_is_put_away_and_only_then_removed(kept: Kept):
    raw = kept.raw()
    kept.plane.disk.clear()
    async with kept.running():
        await until(lambda: kept.plane.of(RecordingStored))
        assert raw.exists(), "its fact is not on the disk yet"
        kept.plane.disk.set()
        await until(lambda: not raw.exists())
        [fact] = kept.plane.of(RecordingStored)
        assert (kept.store / fact.opus).exists()
        assert fact.ms == 1_000
        assert kept.keeper.trouble() == ""


async def test_it_catches_up_with_many_and_lists_each_once(kept: Kept):
    names = [recording_id(c(f"1795332955.{n}"), 2) for n in range(12)]
    for name in names:
        kept.raw(name, 0.2)
    async with kept.running():
        await until(lambda: not list(kept.raws.iterdir()))
    assert sorted(each.recording for each in kept.plane.of(RecordingStored)) == sorted(names)


async def test_a_file_that_the_switch_may_still_write_to_is_left_alone(kept: Kept):
    floor = kept.plane.floor
    floor.talks("1795332955.0")
    floor.take(i.TalkRecordingBegan(c("1795332955.0"), R, "0x1"))
    old, young = kept.raw(age_s=100), kept.raw(recording_id(c("1795332955.9"), 2), age_s=0)
    done = kept.raw(recording_id(c("1795332955.8"), 2))
    async with kept.running():
        await until(lambda: not done.exists())
        assert old.exists()
        assert young.exists()
        floor.agent_hangs_up("1795332955.0")
        assert kept.keeper._live(R), "the switch has not said that it stopped"
        floor.take(i.TalkRecordingOver(c("1795332955.0"), R))
        await until(lambda: not old.exists())


async def test_what_the_switch_wrote_after_the_talk_is_not_kept(kept: Kept):
    floor = kept.plane.floor
    floor.talks("1795332955.0")
    floor.take(i.TalkRecordingBegan(c("1795332955.0"), R, "0x1"))
    floor.leaves("1795332955.0", at=2)
    raw = kept.raw(seconds=5)
    async with kept.running():
        await until(lambda: not raw.exists())
    [fact] = kept.plane.of(RecordingStored)
    assert fact.ms == 2_000 + LEEWAY_MS
    assert (kept.store / fact.opus).stat().st_mode & 0o077 == 0, "voices are for the owner alone"


async def test_a_recording_without_a_file_is_an_alarm_in_the_end(kept: Kept):
    floor = kept.plane.floor
    floor.talks("1795332955.0")
    floor.take(i.TalkRecordingBegan(c("1795332955.0"), R, "0x1"))
    floor.leaves("1795332955.0", at=20)
    async with kept.running():
        await until(lambda: kept.keeper.free_mb is not None)
        assert kept.plane.of(RecordingIncomplete) == []
        floor.now += MISSED_AFTER_MS + 1
        await until(lambda: kept.plane.of(RecordingIncomplete))
        await until(lambda: "shorter than their talks" in kept.keeper.trouble())


async def test_a_converter_that_dies_is_begun_again(kept: Kept):
    async with kept.running():
        await until(lambda: kept.keeper._converter)
        first = kept.keeper._converter
        os.kill(first.pid, signal.SIGKILL)
        raw = kept.raw()
        await until(lambda: not raw.exists())
        assert kept.keeper._converter is not first


async def test_the_converter_has_the_lowest_priority_and_ends_with_the_keeper(kept: Kept):
    async with kept.running():
        raw = kept.raw()
        await until(lambda: not raw.exists())
        pid = kept.keeper._converter.pid
        assert os.getpriority(os.PRIO_PROCESS, pid) == 19
    assert not Path(f"/proc/{pid}").exists()


async def test_a_store_that_cannot_be_written_is_trouble_and_loses_nothing(kept: Kept):
    kept.store.write_text("in the way")
    raw = kept.raw()
    async with kept.running():
        await until(kept.keeper.trouble)
        assert "Not a directory" in kept.keeper.trouble()
        assert raw.exists()
        kept.store.unlink()
        kept.keeper._not_before.clear()
        await until(lambda: not raw.exists())
        await until(lambda: not kept.keeper.trouble())


async def test_talks_that_are_not_recorded_are_trouble(kept: Kept):
    floor = kept.plane.floor
    floor.talks("1795332955.0")
    floor.take(i.TalkRecordingRefused(c("1795332955.0"), R, "no AMI"))
    assert kept.keeper.trouble() == "1 talks go on without being recorded: no AMI"


async def test_too_little_room_is_trouble(kept: Kept):
    kept.keeper.free_mb = 3.0
    assert "3 MB are free" in kept.keeper.trouble()
