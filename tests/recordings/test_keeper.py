"""What leads the converter: what may be put away, when a raw file is removed, and what is told when it can't be."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ccplane.contacts.recordings import RecordingIncomplete, RecordingStored
from ccplane.core import inputs as i
from ccplane.errors import CcplaneError, StoreError
from ccplane.ids import recording_id
from ccplane.kpi.board import Board
from ccplane.kpi.board import evolve as folded
from ccplane.plane import Snapshot
from ccplane.put_off import PutOff
from ccplane.recordings.keeper import LATE_S, LEEWAY_MS, MISSED_AFTER_MS, MOST_MISSED, ConverterEnded, Keeper
from ccplane.routing.recording import RecordingPolicy, RecordingRule
from tests.core.floor import a_floor, c, ready
from tests.recordings.test_store import a_sound

R = recording_id(c("1795332955.0"), 2)


class Plane:
    """The real core; `ask` may be held up, as by a disk, and refused of recordings that it can't decide."""

    def __init__(self) -> None:
        policy = RecordingPolicy(default=RecordingRule(record=True))
        self.floor = a_floor(agents=[ready("ana")], recording=policy)
        self.disk = asyncio.Event()
        self.disk.set()
        self.undecidable: list[str] = []

    @property
    def snapshot(self) -> Snapshot:
        board = Board.begun()
        for fact in self.floor.facts:
            board = folded(board, fact)
        return Snapshot(self.floor.state, board, len(self.floor.facts), self.floor.now)

    async def ask(self, what: i.Input) -> Snapshot:
        if isinstance(what, i.RecordingConverted) and what.recording in self.undecidable:
            raise CcplaneError("not-decided", "RecordingConverted could not be decided; nothing was changed.")
        self.floor.take(what)
        await self.disk.wait()
        return self.snapshot

    def of(self, kind: type) -> list:
        return [each for each in self.floor.facts if isinstance(each, kind)]


class Kept:
    def __init__(self, folder: Path, kind: type[Keeper] = Keeper) -> None:
        self.plane, self.spool, self.store = Plane(), folder / "spool", folder / "store"
        self.leads = True
        self.raws = self.spool / "monitor" / "ccplane"
        self.raws.mkdir(parents=True)
        self.keeper = kind(
            self.plane, self.spool, self.store, lambda: "no AMI", pause_s=0.01, may_work=lambda: self.leads
        )

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


async def test_a_recording_that_went_with_its_switch_is_told_and_no_alarm(kept: Kept):
    """What it had not written yet died with it. The next that lacks its file is an alarm as ever."""
    floor = kept.plane.floor
    for channel in ("1795332955.1", "1795332955.0"):
        floor.talks(channel)
        floor.take(i.TalkRecordingBegan(c(channel), recording_id(c(channel), 2), "0x1"))
        if channel == "1795332955.1":
            floor.leaves(channel)
            floor.let_go()
    floor.survey(after_gap=True, gone=["1795332955.0"], started_at=7, at=20)
    kept.raw(seconds=0)
    async with kept.running():
        await until(lambda: kept.keeper._counted is not None)
        await until(lambda: len(kept.plane.of(RecordingIncomplete)) == 1)
        await until(lambda: kept.keeper._counted.get("RecordingIncomplete") == 1)
        assert kept.keeper.trouble() == ""
        floor.now += MISSED_AFTER_MS + 1
        await until(lambda: "shorter than their talks" in kept.keeper.trouble())
        assert len(kept.plane.of(RecordingIncomplete)) == 2


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


class Listened(Keeper):
    """What it asked its converter for, and what it was answered."""

    def __init__(self, *given, **more) -> None:
        super().__init__(*given, **more)
        self.asked: list[str] = []
        self.answers: list[Mapping[str, object]] = []

    async def _asked(self, what: Mapping[str, str]) -> Mapping[str, object]:
        self.asked.append(what["do"])
        self.answers.append(await super()._asked(what))
        return self.answers[-1]


class Stubborn(Keeper):
    """Its converter cannot remove anything until it is told otherwise."""

    tries = 0
    removes = False

    async def _asked(self, what: Mapping[str, object]) -> Mapping[str, object]:
        if what["do"] == "remove" and not self.removes:
            self.tries += 1
            return {"error": "Operation not permitted: r-1.raw"}
        return await super()._asked(what)


async def test_a_raw_file_that_cannot_be_removed_is_stored_once_and_said(tmp_path: Path):
    kept = Kept(tmp_path, Stubborn)
    raw = kept.raw()
    async with kept.running():
        await until(lambda: "cannot be removed: Operation not permitted" in kept.keeper.trouble())
        for tries in (2, 3):  # what follows half a minute later, at once
            kept.keeper._not_before.clear()
            await until(lambda tries=tries: kept.keeper.tries == tries)
        assert raw.exists()
        kept.keeper.removes = True
        kept.keeper._not_before.clear()
        await until(lambda: not raw.exists())
        await until(lambda: not kept.keeper.trouble())
    assert len(kept.plane.of(RecordingStored)) == 1


async def test_a_raw_file_that_cannot_be_removed_is_left_for_a_while(tmp_path: Path):
    kept = Kept(tmp_path, Stubborn)
    kept.raw()
    async with kept.running():
        await until(lambda: kept.keeper.tries)
        other = kept.raw(recording_id(c("1795332955.8"), 2))
        await until(lambda: len(kept.plane.of(RecordingStored)) == 2)
        await until(lambda: kept.keeper.tries == 2)
        assert other.exists()
        assert kept.keeper.tries == 2, "one for each"


async def test_a_spool_that_is_away_says_nothing_about_what_was_recorded(kept: Kept):
    floor = kept.plane.floor
    floor.talks("1795332955.0")
    floor.take(i.TalkRecordingBegan(c("1795332955.0"), R, "0x1"))
    floor.leaves("1795332955.0", at=2)
    kept.raw(seconds=5)
    away = kept.spool.rename(kept.spool.with_name("away"))
    floor.now += MISSED_AFTER_MS + 1
    async with kept.running():
        await until(lambda: "is its disk mounted?" in kept.keeper.trouble())
        assert kept.plane.of(RecordingIncomplete) == []
        away.rename(kept.spool)
        await until(lambda: kept.plane.of(RecordingStored))
        await until(lambda: not kept.keeper.trouble())
    [fact] = kept.plane.of(RecordingStored)
    assert fact.ms == 2_000 + LEEWAY_MS, "cut as if it had never been away"


async def test_trouble_is_said_once_until_it_changes(tmp_path: Path):
    kept = Kept(tmp_path, Listened)
    shutil.rmtree(kept.spool)
    with capture_logs() as said:
        async with kept.running() as keeper:
            await until(lambda: len(keeper.answers) > 4)
            kept.raws.mkdir(parents=True)
            await until(lambda: not keeper.trouble())
            shutil.rmtree(kept.spool)
            await until(keeper.trouble)
    errors = [each["reason"] for each in said if each["log_level"] == "error"]
    assert len(errors) == 2, errors
    assert all("is its disk mounted?" in each for each in errors)


async def test_a_spool_that_nobody_needs_may_be_away(tmp_path: Path):
    """A switch elsewhere, and no talk is recorded."""
    kept = Kept(tmp_path, Listened)
    kept.plane.floor = a_floor(agents=[ready("ana")])
    shutil.rmtree(kept.spool)
    async with kept.running():
        await until(lambda: len(kept.keeper.answers) > 1)
        assert "error" in kept.keeper.answers[0]
        assert kept.keeper.trouble() == ""


async def test_one_that_cannot_be_decided_holds_up_no_other_and_is_tried_less_and_less_often(tmp_path: Path):
    kept = Kept(tmp_path, Listened)
    bad, good = kept.raw(R, 0.2, age_s=100), kept.raw(recording_id(c("1795332955.8"), 2), 0.2)
    kept.plane.undecidable = [R]
    kept.keeper._put_off = PutOff(first_s=0.05)
    with capture_logs() as said:
        async with kept.running() as keeper:
            await until(lambda: not good.exists())
            converter = keeper._converter
            later = kept.raw(recording_id(c("1795332955.7"), 2), 0.2)
            await until(lambda: keeper.asked.count("convert") == 5)  # two good ones, and this a third time
            assert not later.exists()
            assert keeper._converter is converter, "it has done nothing wrong"
            assert "RecordingConverted could not be decided" in keeper.trouble()
            assert bad.exists()
            kept.plane.undecidable = []
            await until(lambda: not bad.exists())
            await until(lambda: not keeper.trouble())
    assert len(kept.plane.of(RecordingStored)) == 3
    assert len([each for each in said if each["log_level"] == "error"]) == 1, "said once"


async def test_twenty_that_are_put_off_hold_up_no_other(tmp_path: Path):
    """More than are looked for in a round, older than all the others, and with each its pause of a minute."""
    kept = Kept(tmp_path, Listened)
    bad = [recording_id(c(f"1795332955.{n}"), 2) for n in range(MOST_MISSED)]
    raws = [kept.raw(name, 0.02, age_s=100) for name in bad]
    kept.plane.undecidable = bad
    async with kept.running() as keeper:
        await until(lambda: all(keeper._put_off.waits(name) for name in bad))
        asked = keeper.asked.count("convert")
        good = [kept.raw(recording_id(c(f"1795332955.{90 + n}"), 2), 0.02) for n in range(3)]
        await until(lambda: not any(each.exists() for each in good))
        assert keeper.asked.count("convert") == asked + 3, "those that are put off are left alone"
        assert all(each.exists() for each in raws)


async def test_twenty_without_a_file_that_are_put_off_hold_up_no_other_that_has_none(tmp_path: Path):
    kept = Kept(tmp_path, Listened)
    floor = kept.plane.floor
    for n in range(MOST_MISSED + 1):
        number = f"1795332955.{n}"
        floor.talks(number)
        floor.take(i.TalkRecordingBegan(c(number), recording_id(c(number), 2), "0x1"))
        floor.leaves(number)
        floor.let_go()
    names = list(floor.state.unstored)  # in the order in which they are looked for
    assert len(names) == MOST_MISSED + 1
    floor.now += MISSED_AFTER_MS + 1
    kept.plane.undecidable = names[:-1]
    async with kept.running() as keeper:
        await until(lambda: kept.plane.of(RecordingIncomplete))
        assert [each.recording for each in kept.plane.of(RecordingIncomplete)] == names[-1:]
        assert all(keeper._put_off.waits(name) for name in names[:-1])


class Deadly(Keeper):
    """Its converter dies of a recording."""

    async def _asked(self, what: Mapping[str, object]) -> Mapping[str, object]:
        if what["do"] == "convert" and what["id"] == R:
            self._converter.kill()
            await self._converter.wait()
            raise ConverterEnded
        return await super()._asked(what)


async def test_one_that_the_converter_dies_of_holds_up_no_other(tmp_path: Path):
    kept = Kept(tmp_path, Deadly)
    bad, good = kept.raw(R, 0.2, age_s=100), kept.raw(recording_id(c("1795332955.8"), 2), 0.2)
    async with kept.running() as keeper:
        await until(lambda: not good.exists())
        assert keeper.trouble() == "recordings wait to be converted: the converter's process ended"
        assert bad.exists()


async def test_a_disk_that_takes_no_facts_puts_off_nothing(kept: Kept, monkeypatch: pytest.MonkeyPatch):
    """It is the same with all of them, and over with all of them."""
    raw, asked = kept.raw(seconds=0.2), kept.plane.ask

    async def full(what: i.Input) -> Snapshot:
        raise StoreError("outbox-not-written", "It is done, but the disk does not take it; see /readyz.")

    monkeypatch.setattr(kept.plane, "ask", full)
    async with kept.running() as keeper:
        await until(lambda: "the disk does not take it" in keeper.trouble())
        assert raw.exists()
        monkeypatch.setattr(kept.plane, "ask", asked)
        await until(lambda: not raw.exists())
        await until(lambda: not keeper.trouble())


class Unlistable(Keeper):
    """Its converter cannot list."""

    async def _asked(self, what: Mapping[str, object]) -> Mapping[str, object]:
        return {"error": "Input/output error: monitor"} if what["do"] == "list" else await super()._asked(what)


async def test_a_list_that_cannot_be_had_is_told_in_its_own_words(tmp_path: Path):
    kept = Kept(tmp_path, Unlistable)
    async with kept.running():
        await until(kept.keeper.trouble)
        assert kept.keeper.trouble() == "recordings wait to be converted: Input/output error: monitor"


async def test_room_and_alarms_are_looked_at_while_the_converter_is_busy(kept: Kept):
    kept.raw()
    kept.plane.disk.clear()  # the round goes no further
    async with kept.running() as keeper:
        await until(lambda: kept.plane.of(RecordingStored))
        keeper.free_mb = None
        await until(lambda: keeper.free_mb is not None)
        floor = kept.plane.floor
        floor.talks("1795332955.7")
        refused = recording_id(c("1795332955.7"), 2)
        floor.take(i.TalkRecordingRefused(c("1795332955.7"), refused, "no AMI"))
        floor.leaves("1795332955.7", at=2)
        await until(lambda: "could not be begun" in keeper.trouble())
        floor.let_go()
        floor.talks("1795332955.8")
        began = i.TalkRecordingBegan(c("1795332955.8"), recording_id(c("1795332955.8"), 2), "0x1")
        floor.take(began)
        await until(lambda: not keeper.trouble())


async def test_disks_that_do_not_answer_are_trouble(kept: Kept):
    kept.keeper._watched_at = asyncio.get_running_loop().time() - 2 * LATE_S
    assert kept.keeper.trouble() == "the disks of recordings have not answered for 30 s"


async def test_a_plane_that_does_not_lead_leaves_raw_files_alone(kept: Kept):
    raw = kept.raw()
    kept.leads = False
    async with kept.running() as keeper:
        await until(lambda: keeper.free_mb is not None)
        assert keeper._converter is None
        kept.leads = True
        await until(lambda: not raw.exists())


async def test_a_plane_that_ceases_to_lead_removes_nothing_any_more(tmp_path: Path):
    kept = Kept(tmp_path, Listened)
    names = [recording_id(c(f"1795332955.{n}"), 2) for n in range(3)]
    raws = [kept.raw(name, 0.2) for name in names]
    kept.plane.disk.clear()
    async with kept.running():
        await until(lambda: kept.plane.of(RecordingStored))
        kept.leads = False
        kept.plane.disk.set()
        await until(lambda: kept.keeper.stored == 1)
        assert kept.keeper.asked == ["list", "convert"]
        kept.leads = True
        await until(lambda: not any(raw.exists() for raw in raws))
    assert len(kept.plane.of(RecordingStored)) == len(names)


async def test_what_was_converted_while_another_took_the_lead_is_theirs_to_store(tmp_path: Path):
    kept = Kept(tmp_path, Listened)
    raw = kept.raw()
    kept.keeper._may_work = lambda: "convert" not in kept.keeper.asked
    async with kept.running():
        await until(lambda: len(kept.keeper.answers) == 2)
        assert kept.keeper.answers[1]["kept"]
        seen = kept.keeper._watched_at
        await until(lambda: kept.keeper._watched_at != seen)
        assert not kept.plane.of(RecordingStored)
        assert raw.exists()


async def test_talks_that_are_not_recorded_are_trouble(kept: Kept):
    floor = kept.plane.floor
    floor.talks("1795332955.0")
    floor.take(i.TalkRecordingRefused(c("1795332955.0"), R, "no AMI"))
    assert kept.keeper.trouble() == "1 talks go on without being recorded: no AMI"


async def test_too_little_room_is_trouble(kept: Kept):
    kept.keeper.free_mb = 3.0
    assert "3 MB are free" in kept.keeper.trouble()
