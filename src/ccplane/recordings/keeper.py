"""Leads the converter: what the switch has written and nobody writes to any more goes into the store, one at a time.

It looks at the spool, not at a list of its own, so whatever was left undone is done after any restart. A raw file is
removed only once the fact that its recording is in the store is on disk. It may lag behind the calls and catches up.
Only who leads the site touches a file, and a spool that is away says nothing about what was recorded.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import structlog

from ccplane.contacts.recordings import RecordingState
from ccplane.core import State
from ccplane.core.inputs import Input, RecordingConverted
from ccplane.errors import CcplaneError
from ccplane.ids import ContactId, RecordingId, contact_of_recording
from ccplane.kpi.board import Board
from ccplane.plane import UNDECIDED
from ccplane.put_off import PutOff
from ccplane.recordings.store import Raw

log = structlog.get_logger()

LOOK_EVERY_S: Final = 1.0
QUIET_S: Final = 3.0
"""A file that is being written changes at least once a second, also while it is paused."""
MISSED_AFTER_MS: Final = 60_000
"""A recording without a file for so long after its talk has none."""
LEEWAY_MS: Final = 500
"""By so much a recording may be longer than its talk. What the switch wrote after that (AMI was away, the caller
stayed) was never to be recorded, and is cut off."""
MOST_MISSED: Final = 20
AGAIN_S: Final = 30.0
"""After a failure the same file is tried again this much later."""
WHOLE: Final = ""
"""In place of a recording's name: what holds up all of them."""
LATE_S: Final = 15.0
"""When nobody has been able to look at the disks for so long, that is said."""
ALARM_S: Final = 600.0
"""How long a recording that failed is shown as trouble, unless a later one shows that it is over."""


class Alarm(NamedTuple):
    """`over`: the fact by which it is known that recordings go well again."""

    over: str
    words: str


ALARMS: Final = {
    "RecordingFailed": Alarm("RecordingStarted", "recordings that could not be begun"),
    "RecordingIncomplete": Alarm("RecordingStored", "recordings that are shorter than their talks, or not there"),
}
"""By the fact that raises it."""


class Snapshot(Protocol):
    @property
    def state(self) -> State: ...
    @property
    def board(self) -> Board: ...
    @property
    def at(self) -> int: ...


class Plane(Protocol):
    """The control plane as the keeper sees it."""

    @property
    def snapshot(self) -> Snapshot: ...

    async def ask(self, what: Input) -> Snapshot:
        """Decide this; return once its facts are on disk."""


class Keeper:
    """`spool`: where raw files are; `store`: where they go. `run` until cancelled. `why`: of the last that failed.
    `may_work`: whether this plane leads the site, so that no two put away the same files."""

    def __init__(
        self,
        plane: Plane,
        spool: Path,
        store: Path,
        why: Callable[[], str] = lambda: "",
        pause_s: float = LOOK_EVERY_S,
        may_work: Callable[[], bool] = lambda: True,
    ) -> None:
        self.waiting = 0
        """Raw files that wait for their turn."""
        self.stored = 0
        self.free_mb: float | None = None
        """On the disks of spool and store, whichever has less; None while unknown."""
        self._plane, self._spool, self._store, self._why, self._pause_s = plane, spool, store, why, pause_s
        self._may_work = may_work
        self._told: set[str] = set()
        """In the store, and said so by a fact; only their raw files are still to be removed."""
        self._watched_at: float | None = None
        """When (the loop's time) the disks were last looked at; None before that is begun."""
        self._disks = ""
        self._not_before: dict[str, float] = {}
        self._put_off = PutOff()
        """What we could not decide, or what our converter died of."""
        self._troubles: dict[str, str] = {}
        """By recording, why it has not been put away."""
        self._counted: Mapping[str, int] | None = None
        """Facts, as of the last look."""
        self._foreseen = 0
        """Recordings that are not there since nobody saw their talk end: mostly their switch died, and what it had not
        written yet with it. That is told of each, and no reason to look after disks."""
        self._alarms: dict[str, tuple[float, str]] = {}
        """Until when each is shown, and how."""
        self._converter: asyncio.subprocess.Process | None = None

    def trouble(self) -> str:
        """What is wrong with recording now, for people; "" if nothing is."""
        if self._watched_at is not None and (late := asyncio.get_running_loop().time() - self._watched_at) > LATE_S:
            return f"the disks of recordings have not answered for {late:.0f} s"
        if self._disks:
            return self._disks
        snapshot = self._plane.snapshot
        least = snapshot.state.rules.recording.least_free_mb
        if self.free_mb is not None and self.free_mb < least:
            return f"{self.free_mb:.0f} MB are free for recordings, and none is begun below {least} MB"
        lacking = sum(
            contact.tape is not None and contact.tape.state is RecordingState.FAILED
            for contact in snapshot.state.contacts.values()
        )
        if lacking:
            return f"{lacking} talks go on without being recorded: {self._why()}"
        if self._troubles:
            why = self._troubles.get(WHOLE) or next(iter(self._troubles.values()))
            return f"recordings wait to be converted: {why}"
        now = asyncio.get_running_loop().time()
        return "; ".join(words for until, words in self._alarms.values() if now < until)

    async def run(self) -> None:
        """Nothing that goes wrong here reaches a call: it is said, and tried again."""
        watching = asyncio.create_task(self._watch(), name="watching recordings")
        try:
            while True:
                try:
                    await self._look()
                except Exception as fault:
                    self._troubled(WHOLE, _worded(fault))
                    await self._end_converter_after(fault)
                    await asyncio.sleep(self._pause_s)
                await asyncio.sleep(self._pause_s)
        finally:
            watching.cancel()
            await self._end_converter()

    async def _watch(self) -> None:
        """Room and alarms, whatever the converter is at: a round of it may last for hours, and a disk may hang."""
        self._watched_at = asyncio.get_running_loop().time()
        while True:
            try:
                self._look_for_alarms()
                self.free_mb = await asyncio.to_thread(_free_mb, self._spool, self._store)
                self._disks = ""
            except Exception as fault:
                self._disks = f"the disks of recordings cannot be looked at: {fault}"
            self._watched_at = asyncio.get_running_loop().time()
            await asyncio.sleep(self._pause_s)

    async def _look(self) -> None:
        if not self._may_work():
            self._troubles.clear()  # whoever leads says what is wrong
            return
        said = await self._asked({"do": "list"})
        if "error" in said:
            state = self._plane.snapshot.state
            if state.rules.recording.records or state.unstored:  # else nobody needs the spool
                self._troubled(WHOLE, str(said["error"]))
            else:
                self._troubles.pop(WHOLE, None)
            return
        now = asyncio.get_running_loop().time()
        raws = [Raw(*each) for each in said["files"]]
        self._not_before = {name: at for name, at in self._not_before.items() if at > now}
        ready = [each.id for each in raws if each.age_s > QUIET_S and not self._live(each.id)]
        self.waiting = len(ready)
        there = {each.id for each in raws}
        missed = self._missed(there)
        for name in (*self._due(ready), *islice(self._due(missed), MOST_MISSED)):
            if self._may_work():
                await self._tried(name)
        self._forget_all_but({*there, *missed})

    def _due(self, names: Iterable[str]) -> Iterator[str]:
        """Those that are not to be left alone still."""
        return (name for name in names if name not in self._not_before and not self._put_off.waits(name))

    def _forget_all_but(self, there: Set[str]) -> None:
        """The round is over; who is not there any more has no trouble either."""
        self._troubles = {name: why for name, why in self._troubles.items() if name in there}
        self._put_off.only(there)

    def _live(self, name: str) -> bool:
        """Whether the switch may still write to it."""
        contact = self._plane.snapshot.state.contacts.get(contact_of_recording(name) or ContactId(""))
        if contact is None:
            return False
        open_ones = (contact.tape, *contact.unstopped) if contact.tape else contact.unstopped
        return any(each.id == name for each in open_ones)

    def _missed(self, there: set[str]) -> Sequence[str]:
        """Recordings that should have a file by now and have none in the spool."""
        state, now = self._plane.snapshot.state, self._plane.snapshot.at
        long_over = (each for each in state.unstored.values() if now - each.ended_at > MISSED_AFTER_MS)
        return [each.id for each in long_over if each.id not in there]

    async def _tried(self, name: str) -> None:
        """One that cannot be decided, or that the converter dies of, holds up no other."""
        try:
            done = await self._put_away(name)
        except Exception as fault:
            if isinstance(fault, CcplaneError) and fault.code != UNDECIDED:
                raise  # it is the same with all of them: a disk that takes nothing, a hand-over
            await self._end_converter_after(fault)
            self._put_off.put_off(name)
            self._troubled(name, _worded(fault))
        else:
            if done:
                self._troubles.pop(name, None)
                self._put_off.done(name)

    async def _put_away(self, name: str) -> bool:
        """True once nothing is left to be done."""
        stored = name in self._told or await self._converted(name)
        return stored and self._may_work() and await self._removed(name)

    async def _converted(self, name: str) -> bool:
        """Put it into the store. True once a fact that says so is on disk."""
        keep_wav = self._plane.snapshot.state.rules.recording.keep_wav
        expected = self._plane.snapshot.state.unstored.get(RecordingId(name))
        most_ms = expected.most_ms + LEEWAY_MS if expected else None
        said = await self._asked({"do": "convert", "id": name, "keep_wav": keep_wav, "most_ms": most_ms})
        if "error" in said:
            self._again_later(name, str(said["error"]))
            return False
        if not self._may_work():  # another plane leads by now, and does it again
            return False
        contact, recording = contact_of_recording(name), RecordingId(name)
        assert contact is not None
        ms, size, wav, opus = said["kept"] or (0, 0, "", "")
        self._foreseen += bool(expected and expected.unseen and not (wav or opus))
        await self._plane.ask(
            RecordingConverted(contact=contact, recording=recording, ms=ms, bytes=size, wav=wav, opus=opus)
        )
        self._told.add(name)
        self.stored += bool(opus)
        self.waiting = max(0, self.waiting - 1)
        return True

    async def _removed(self, name: str) -> bool:
        said = await self._asked({"do": "remove", "id": name})
        if "error" in said:
            self._again_later(name, f"a raw file whose recording is stored cannot be removed: {said['error']}")
            return False
        self._told.discard(name)
        return True

    def _again_later(self, name: str, why: str) -> None:
        self._not_before[name] = asyncio.get_running_loop().time() + AGAIN_S
        self._troubled(name, why)

    def _look_for_alarms(self) -> None:
        facts = self._plane.snapshot.board.totals.facts
        before, self._counted = self._counted, dict(facts)
        if before is None:
            return
        more = {kind: count - before.get(kind, 0) for kind, count in facts.items()}
        foreseen = max(0, min(more.get("RecordingIncomplete", 0), self._foreseen))
        self._foreseen -= foreseen
        more["RecordingIncomplete"] = more.get("RecordingIncomplete", 0) - foreseen
        for kind, alarm in ALARMS.items():
            if more.get(kind, 0) > 0:
                reason = self._why() if kind == "RecordingFailed" else ""
                words = f"{alarm.words}: {more[kind]}" + (f" ({reason})" if reason else "")
                log.error(words)
                self._alarms[kind] = asyncio.get_running_loop().time() + ALARM_S, words
            elif more.get(alarm.over, 0) > 0:
                self._alarms.pop(kind, None)

    def _troubled(self, what: str, why: str) -> None:
        """Said once, until it changes."""
        if why != self._troubles.get(what):
            log.error("a recording could not be put into the store yet; its raw file stays", reason=why)
        self._troubles[what] = why

    # --------------------------------------------------------------------------------------------- the other process

    async def _asked(self, what: Mapping[str, Any]) -> Mapping[str, Any]:
        process = self._converter
        if process is None or process.returncode is not None:
            process = self._converter = await self._begun()
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(what).encode() + b"\n")
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            raise ConverterEnded
        answer: Mapping[str, Any] = json.loads(line)
        return answer

    async def _begun(self) -> asyncio.subprocess.Process:
        folder = self._spool / "monitor" / "ccplane"
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ccplane.recordings.convert", folder, self._store,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20, start_new_session=True,
        )  # fmt: skip

    async def _end_converter_after(self, fault: Exception) -> None:
        """Who knows what it would answer next? But an error of ours tells nothing about it."""
        if not isinstance(fault, CcplaneError):
            await self._end_converter()

    async def _end_converter(self) -> None:
        """Its input ends, and it with it; what it was at is done again by the next."""
        process, self._converter = self._converter, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


class ConverterEnded(OSError):
    """Its process has gone; another is begun."""

    def __str__(self) -> str:
        return "the converter's process ended"


def _worded(fault: Exception) -> str:
    return str(fault) if isinstance(fault, CcplaneError | OSError) else repr(fault)


def _free_mb(*folders: Path) -> float | None:
    """On the fullest of their disks; of a folder that is not there yet its parent's counts."""
    found = []
    for folder in folders:
        there = next((each for each in (folder, *folder.parents) if each.exists()), None)
        if there is not None:
            stat = os.statvfs(there)
            found.append(stat.f_bavail * stat.f_frsize / 1e6)
    return min(found, default=None)
