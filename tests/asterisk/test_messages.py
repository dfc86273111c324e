"""The keeper: whatever is left at the switch comes into safety once, after any crash, and nothing half."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from ccplane.asterisk.messages import LOOK_EVERY_S, Keeper, place_of
from ccplane.asterisk.spool import LocalSpool
from ccplane.contacts import facts as f
from ccplane.core import inputs as i
from ccplane.errors import CcplaneError, StoreError
from ccplane.ids import ChannelId, MessageId, NodeName, contact_id, message_id, review_of
from ccplane.plane import Plane, Snapshot
from ccplane.site import parse
from ccplane.testing import Rehearsal, rehearse, run
from tests.asterisk.sounds import write_tone
from tests.callflow.line import FILES, a_program

NODE = NodeName("ast1")
PROMPTS = '[leave-a-message]\nen = "Speak."\n[thank-you]\nen = "Thanks."\n[apology]\nen = "Sorry."\n'
SITE = FILES | {
    "ivr/prompts.toml": PROMPTS + '[welcome]\nen = "Hi."\n[what]\nen = "What?"\n',
    "ari_apps/main.py": a_program('await call.voicemail("sales")'),
}


THANKS = parse(SITE).sound("thank-you", "en")


class Post:
    """A plane in memory with a keeper over a spool in a folder; files appear there as Asterisk would make them."""

    def __init__(self, centre: Rehearsal, folder: Path, spool: LocalSpool | None = None) -> None:
        self.centre, self.folder, self.kept = centre, folder, folder / "kept"
        self.leads = True
        self.marked_deleted: list[str] = []
        self.postgres_is_there = True
        (folder / "recording").mkdir(exist_ok=True)
        self.keeper = Keeper(
            node=NODE,
            plane=centre.plane,
            executor=centre.executor,
            spool=spool or LocalSpool(folder),
            folder=self.kept,
            now=centre.clock.now,
            deleted=self.deleted,
            may_work=lambda: self.leads,
        )

    async def deleted(self) -> AsyncIterator[str]:
        if not self.postgres_is_there:
            raise StoreError("postgres-unreachable", "Postgres is away.")
        for file in self.marked_deleted:
            yield file

    def records(self, message: MessageId, seconds: float = 3, amplitude: int = 8_000) -> Path:
        path = self.folder / "recording/messages" / f"{message}.wav"
        write_tone(path, hz=440, seconds=seconds, amplitude=amplitude)
        return path

    def at_the_fallback(self, name: str, seconds: float | None, caller: str = "777") -> None:
        text = self.folder / "fallback" / f"{name}.txt"
        text.parent.mkdir(exist_ok=True)
        text.write_text(f"1700000000 {caller}\n")
        if seconds is not None:
            write_tone(self.folder / "recording/fallback" / f"{name}.wav", hz=440, seconds=seconds)

    async def fact(self, kind: type) -> f.Fact:
        """The first fact of this kind, now or soon."""
        async with asyncio.timeout(3_600):
            while not self.centre.said(kind):
                await asyncio.sleep(0.01)
        return self.centre.said(kind)[0]

    async def settles(self) -> None:
        """Until no message waits any more."""
        async with asyncio.timeout(3_600):
            while self.centre.plane.state.messages:
                await asyncio.sleep(0.01)

    def sounds(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())


def kept_at(
    tmp_path: Path,
    scene: Callable[[Post], Awaitable[None]],
    spool: LocalSpool | None = None,
    site: Mapping[str, str] = SITE,
) -> None:
    """Play a scene in virtual time while the keeper works."""

    async def main() -> None:
        async with rehearse(site) as centre, working(Post(centre, tmp_path, spool)) as post:
            await scene(post)

    run(main())


@asynccontextmanager
async def working(post: Post):
    task = asyncio.create_task(post.keeper.run())
    try:
        yield post
        assert not task.done(), "a keeper never gives up"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def a_caller(post: Post):
    """Someone who hears the tone; the message they are about to leave."""
    call = post.centre.switch.call("4002", "13800138000")
    begun = await post.fact(f.MessageStarted)
    return call, begun.message


def test_a_message_is_moved_measured_and_the_caller_thanked(tmp_path: Path):
    async def scene(post: Post) -> None:
        call, message = await a_caller(post)
        await asyncio.sleep(3)
        post.records(message, seconds=3.25)
        call.press("#")
        stored = await post.fact(f.MessageStored)
        assert (stored.ms, stored.box, stored.caller) == (3_250, "sales", "13800138000")
        assert post.sounds() == [f"kept/{stored.file}"]
        assert stored.file == f"2026/01/01/{message}.wav"
        await call.over()
        assert call.heard[-1] == THANKS

    kept_at(tmp_path, scene)


REVIEWED = SITE | {"ari_apps/main.py": a_program('await call.record_message("welcome", review="what")')}


def test_a_copy_is_there_for_the_caller_until_they_have_gone(tmp_path: Path):
    """One that nobody knows of any more goes, too."""

    async def scene(post: Post) -> None:
        copies = post.folder / "recording/review"
        copies.mkdir()
        old = message_id(contact_id(NODE, ChannelId("1700000000.99")), 1, 1)
        (post.folder / "recording" / f"{review_of(old)}.wav").write_bytes(b"old")
        (copies / "not-ours.wav").write_bytes(b"whose?")
        call, message = await a_caller(post)
        await asyncio.sleep(3)
        post.records(message, seconds=3)
        call.press("#")
        await post.fact(f.MessageStored)
        copied = post.centre.switch.board.node.recordings
        assert review_of(message) in copied
        copy = post.folder / "recording" / f"{review_of(message)}.wav"
        copy.write_bytes(b"as Asterisk would")
        while {each.name for each in copies.iterdir()} != {copy.name, "not-ours.wav"}:
            await asyncio.sleep(0.1)
        call.press("4")
        while f"recording:{review_of(message)}" not in call.heard:
            await asyncio.sleep(0.1)
        assert copy.exists()
        call.hang_up()
        while copy.exists():
            await asyncio.sleep(0.1)
        assert [each.name for each in copies.iterdir()] == ["not-ours.wav"]

    kept_at(tmp_path, scene, site=REVIEWED)


def test_a_recording_that_goes_on_is_left_alone(tmp_path: Path):
    """Whatever the core believes: it is taken once the switch says that it is over."""

    async def scene(post: Post) -> None:
        call, message = await a_caller(post)
        source = post.records(message)
        post.centre.plane.post(i.RecordingEnded(message, 1_000))
        await asyncio.sleep(2)
        assert source.exists()
        assert not post.centre.said(f.MessageStored)
        call.hang_up()
        await post.fact(f.MessageStored)
        assert not source.exists()

    kept_at(tmp_path, scene)


@pytest.mark.parametrize(
    ("seconds", "amplitude", "reason"),
    [(0.9, 8_000, "too-short"), (5, 0, "silent"), (None, 0, "nothing-recorded"), (0, 0, "too-short")],
)
def test_what_is_no_message_is_dropped_by_a_fact_and_its_file_deleted(
    tmp_path: Path, seconds: float | None, amplitude: int, reason: str
):
    async def scene(post: Post) -> None:
        call, message = await a_caller(post)
        if seconds is not None:
            post.records(message, seconds, amplitude)
        call.hang_up()
        assert (await post.fact(f.MessageDropped)).reason == reason
        await asyncio.sleep(1)
        assert post.sounds() == []

    kept_at(tmp_path, scene)


def test_a_file_that_was_moved_before_a_crash_is_only_told_of(tmp_path: Path):
    async def main() -> None:
        async with rehearse(SITE) as centre:
            post = Post(centre, tmp_path)
            call, message = await a_caller(post)
            call.hang_up()
            while message not in centre.plane.state.messages:
                await asyncio.sleep(0.01)
            file = post.kept / place_of(centre.plane.state.messages[message])
            write_tone(file, hz=440, seconds=2)
            async with working(post):
                stored = await post.fact(f.MessageStored)
                assert (stored.ms, post.sounds()) == (2_000, [f"kept/{stored.file}"])

    run(main())


class FullDisk(LocalSpool):
    """Cannot take anything until there is room."""

    full = True

    async def take(self, recording: str, target: Path) -> bool:
        if self.full:
            raise OSError(28, "No space left on device")
        return await super().take(recording, target)


def test_a_full_disk_loses_nothing_and_keeps_no_caller_waiting(tmp_path: Path):
    """The program goes on by the switch's word; the message is kept when there is room."""
    spool = FullDisk(tmp_path)

    async def scene(post: Post) -> None:
        call, message = await a_caller(post)
        await asyncio.sleep(3)
        source = post.records(message)
        call.press("#")
        await call.over(within=60)
        assert call.heard[-1] == THANKS
        await asyncio.sleep(600)
        assert source.exists()
        assert not post.centre.said(f.MessageStored)
        spool.full = False
        await post.fact(f.MessageStored)
        assert len(post.sounds()) == 1

    kept_at(tmp_path, scene, spool)


def test_one_message_that_cannot_be_kept_holds_up_no_other(tmp_path: Path):
    class OneBad(LocalSpool):
        async def take(self, recording: str, target: Path) -> bool:
            if recording == "fallback/4001-ast1-1700000000.1":
                raise ValueError("a fault of ours")
            return await super().take(recording, target)

    async def scene(post: Post) -> None:
        post.at_the_fallback("4001-ast1-1700000000.1", seconds=2)
        post.at_the_fallback("4001-ast1-1700000000.2", seconds=2)
        stored = await post.fact(f.MessageStored)
        assert stored.contact == "c-ast1-1700000000.2"
        assert list(post.centre.plane.state.messages) == [message_id(contact_id(NODE, ChannelId("ast1-1700000000.1")))]

    kept_at(tmp_path, scene, OneBad(tmp_path))


class Undecided:
    """A plane that cannot decide what some channels have left."""

    def __init__(self, plane: Plane, of: type[i.Input] = i.Input) -> None:
        self.plane, self.of, self.tried_at, self.mended = plane, of, [], False

    def __getattr__(self, name: str) -> object:
        return getattr(self.plane, name)

    async def ask(self, what: i.Input) -> Snapshot:
        left_by = getattr(what, "channel", None) or getattr(what, "message", "")
        if not self.mended and isinstance(what, self.of) and "1700000000.1" in left_by:
            self.tried_at.append(asyncio.get_running_loop().time())
            raise CcplaneError("not-decided", f"{type(what).__name__} could not be decided; nothing was changed.")
        return await self.plane.ask(what)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["a call of the fallback", "a recording"])
def test_one_that_cannot_be_decided_holds_up_no_other_and_is_tried_less_and_less_often(tmp_path: Path, what: str):
    async def scene(post: Post) -> None:
        plane = post.keeper._plane = Undecided(post.centre.plane)
        for channel in ("ast1-1700000000.1", "ast1-1700000000.2"):
            if what == "a recording":
                os.utime(post.records(MessageId(f"m-c-{channel}-2-1")), (1_700_000_000, 1_700_000_000))
            else:
                post.at_the_fallback(f"4001-{channel}", seconds=2)
        stored = await post.fact(f.MessageStored)
        assert stored.contact == "c-ast1-1700000000.2"
        await asyncio.sleep(2.3 * 3_600)
        pauses = [after - before for before, after in pairwise(plane.tried_at)]
        due = [60, 120, 240, 480, 960, 1920, 3600]
        late = [pause - of for pause, of in zip(pauses, due, strict=False)]
        assert len(pauses) in (6, 7)
        assert all(0 <= each <= 2 * LOOK_EVERY_S for each in late), late
        assert "could not be decided" in post.keeper.trouble()
        plane.mended = True
        while len(post.centre.said(f.MessageStored)) < 2:
            await asyncio.sleep(60)
        await asyncio.sleep(100)
        assert post.keeper.trouble() == ""
        assert len(post.sounds()) == 2

    kept_at(tmp_path, scene)


def test_twenty_that_are_put_off_hold_up_no_other(tmp_path: Path):
    """What comes after them is kept at once, and they are not tried along with it."""

    async def scene(post: Post) -> None:
        plane = post.keeper._plane = Undecided(post.centre.plane, i.MessageKept)
        for number in range(20):
            post.at_the_fallback(f"4001-ast1-1700000000.1{number:02}", seconds=2)
        while len(plane.tried_at) < 20:
            await asyncio.sleep(1)
        call, message = await a_caller(post)
        await asyncio.sleep(3)
        post.records(message)
        call.press("#")
        pressed_at = asyncio.get_running_loop().time()
        await post.fact(f.MessageStored)
        assert asyncio.get_running_loop().time() - pressed_at < 1
        assert len(plane.tried_at) == 20

    kept_at(tmp_path, scene)


def test_calls_that_the_fallback_had_are_found_when_the_switch_is_and_once_a_minute(tmp_path: Path):
    async def scene(post: Post) -> None:
        await asyncio.sleep(5)
        post.at_the_fallback("4001-ast1-1700000000.1", seconds=2, caller="13800138000")
        post.at_the_fallback("4002-ast1-1700000000.2", seconds=None)
        stored = await post.fact(f.MessageStored)
        assert (stored.source, stored.caller, stored.number_dialled) == ("fallback", "13800138000", "4001")
        await post.settles()
        await asyncio.sleep(180)
        arrived = post.centre.said(f.ContactArrived)
        assert [each.contact for each in arrived] == ["c-ast1-1700000000.1", "c-ast1-1700000000.2"]
        assert [each.arrived_at for each in arrived] == [1_700_000_000_000] * 2
        assert len(post.centre.said(f.MessageStored)) == 1
        assert post.sounds() == [f"kept/{stored.file}"]

    kept_at(tmp_path, scene)


def test_a_call_that_the_fallback_still_has_is_not_taken_half(tmp_path: Path):
    async def scene(post: Post) -> None:
        live = post.centre.switch.call("4002")
        while live.line is None:
            await asyncio.sleep(0.01)
        await asyncio.sleep(1)
        post.at_the_fallback(f"4001-{live.line.id}", seconds=2)
        await asyncio.sleep(200)
        before = post.sounds()
        assert len(before) == 2
        live.hang_up()
        stored = await post.fact(f.MessageStored)
        assert stored.contact == contact_id(NODE, ChannelId(live.line.id))

    kept_at(tmp_path, scene)


def test_a_recording_that_nobody_told_of_is_found_and_strangers_are_left_alone(tmp_path: Path):
    async def scene(post: Post) -> None:
        unknown = MessageId("m-c-ast1-1700000000.9-2-1")
        os.utime(post.records(unknown, seconds=2), (1_700_000_000, 1_700_000_000))
        strangers = [post.folder / "recording" / name for name in ("messages/other.wav", "fallback/x.wav", "mine.wav")]
        for path in strangers:
            write_tone(path, hz=440, seconds=2)
        stored = await post.fact(f.MessageStored)
        assert stored.message == unknown
        await asyncio.sleep(200)
        assert all(path.exists() for path in strangers)
        assert len(post.centre.said(f.MessageLeft)) == 1

    kept_at(tmp_path, scene)


def test_while_the_switch_is_away_nothing_is_taken_from_it(tmp_path: Path):
    """Whether a recording is over, only the switch can say."""

    async def scene(post: Post) -> None:
        call, message = await a_caller(post)
        source = post.records(message)
        post.centre.switch.stop()
        call.hang_up()
        await asyncio.sleep(120)
        assert source.exists()
        post.centre.switch.start()
        assert (await post.fact(f.MessageStored)).message == message

    kept_at(tmp_path, scene)


def test_a_spool_that_is_away_is_trouble_and_settles_no_message(tmp_path: Path):
    async def scene(post: Post) -> None:
        call, message = await a_caller(post)
        await asyncio.sleep(3)
        post.records(message, seconds=3.25)
        away = (tmp_path / "recording").rename(tmp_path / "away")
        call.hang_up()
        await asyncio.sleep(300)
        assert not post.centre.said(f.MessageDropped)
        assert "is its disk mounted?" in post.keeper.trouble()
        away.rename(tmp_path / "recording")
        assert (await post.fact(f.MessageStored)).ms == 3_250
        await asyncio.sleep(100)
        assert post.keeper.trouble() == ""

    kept_at(tmp_path, scene)


def test_messages_are_for_their_owner_alone(tmp_path: Path):
    """Also the folder that an earlier ccplane made, whatever the umask is."""
    (tmp_path / "kept").mkdir(mode=0o755)
    before = os.umask(0)

    async def scene(post: Post) -> None:
        call, message = await a_caller(post)
        await asyncio.sleep(3)
        post.records(message).chmod(0o644)
        call.press("#")
        file = post.kept / (await post.fact(f.MessageStored)).file
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (file, *file.parents[:4])}
        assert modes == dict.fromkeys(modes, 0o700) | {file: 0o600}
        assert post.kept in modes

    try:
        kept_at(tmp_path, scene)
    finally:
        os.umask(before)


def test_a_plane_that_does_not_lead_moves_nothing(tmp_path: Path):
    async def scene(post: Post) -> None:
        call, message = await a_caller(post)
        source = post.records(message)
        post.leads = False
        call.hang_up()
        await asyncio.sleep(300)
        assert source.exists()
        post.leads = True
        await post.fact(f.MessageStored)
        assert not source.exists()

    kept_at(tmp_path, scene)


def test_sound_of_messages_that_were_deleted_is_removed_at_the_start_and_later(tmp_path: Path):
    """A crash between the fact and the deletion, Postgres that comes late: the voice does not stay for ever."""
    files = [tmp_path / "kept/2026/01/01" / name for name in ("a.wav", "b.wav", "c.wav")]
    for file in (*files, tmp_path / "other.wav"):
        write_tone(file, hz=440, seconds=1)

    async def scene(post: Post) -> None:
        post.postgres_is_there = False
        post.marked_deleted = ["2026/01/01/a.wav", "2026/01/01/gone.wav", "../other.wav"]
        await asyncio.sleep(100)
        assert post.keeper.trouble() == ""
        post.postgres_is_there = True
        while files[0].exists():
            await asyncio.sleep(1)
        post.marked_deleted.append("2026/01/01/b.wav")
        await asyncio.sleep(4_000)
        assert [file.exists() for file in files] == [False, False, True]
        assert (tmp_path / "other.wav").exists()

    kept_at(tmp_path, scene)
