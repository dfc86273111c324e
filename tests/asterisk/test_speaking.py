"""Texts that programs say, made into sounds by the real voices: once each, in time, or told as missing."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from ccplane.asterisk import speaking
from ccplane.asterisk.prompts import file_of
from ccplane.asterisk.speaking import Speaker, sweep
from ccplane.contacts.verbs import Spoken
from ccplane.core.commands import MakeSounds
from ccplane.core.inputs import SoundsMade
from ccplane.ids import ContactId
from ccplane.site.site import sound_of_said
from tests.site.sites import parsed

X = ContactId("c-x")


def asks(*texts: str, step: int = 1) -> MakeSounds:
    return MakeSounds(X, step, 1, "site", tuple(Spoken(sound_of_said("en", text), "en", text) for text in texts))


class Told:
    """A speaker, and what it has posted."""

    def __init__(self, folder: Path) -> None:
        site = parsed()
        self.inbox: asyncio.Queue[SoundsMade] = asyncio.Queue()
        self.speaker = Speaker(folder, lambda _: site, self.inbox.put_nowait)

    async def made(self, command: MakeSounds) -> SoundsMade:
        self.speaker.make(command)
        return await asyncio.wait_for(self.inbox.get(), 10)


async def test_a_text_is_made_once_and_is_there_at_once_the_next_time(tmp_path: Path) -> None:
    told = Told(tmp_path)
    assert await told.made(asks("Your flight is late.")) == SoundsMade(X, 1, 1)
    (sound,) = tmp_path.rglob("*.wav")
    assert sound == file_of(sound_of_said("en", "Your flight is late."), tmp_path)
    assert sound.stat().st_size > 8_000
    before = sound.stat().st_ino
    told.speaker.make(asks("Your flight is late.", step=2))
    assert told.inbox.get_nowait() == SoundsMade(X, 2, 1), "without a turn of the loop"
    assert sound.stat().st_ino == before


async def test_several_calls_that_say_the_same_have_it_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[str] = []
    render_all = speaking.render_all

    async def counted(prompts, folder):  # type: ignore[no-untyped-def]
        runs.extend(each.text for each in prompts)
        return await render_all(prompts, folder)

    monkeypatch.setattr(speaking, "render_all", counted)
    told = Told(tmp_path)
    for step in range(5):
        told.speaker.make(asks("One.", "Two.", step=step))
    for _ in range(5):
        assert (await asyncio.wait_for(told.inbox.get(), 10)).missing == ()
    assert sorted(runs) == ["One.", "Two."]


async def test_a_voice_that_hangs_holds_nobody_up_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    voice = tmp_path / "bin" / "espeak-ng"
    voice.write_text("#!/bin/sh\nexec sleep 60\n")
    voice.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(speaking, "WITHIN_S", 0.2)
    command = asks("Never.")
    assert (await Told(tmp_path / "sounds").made(command)).missing == (command.texts[0].uri,)


async def test_a_folder_that_cannot_be_written_is_told_as_missing(tmp_path: Path) -> None:
    (tmp_path / "sounds").write_text("a file where the folder should be")
    assert len((await Told(tmp_path / "sounds").made(asks("One."))).missing) == 1


async def test_a_fault_of_ours_is_told_as_missing_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def faulty(*_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(speaking, "render_all", faulty)
    assert len((await Told(tmp_path).made(asks("One."))).missing) == 1


async def test_a_plane_that_stops_leaves_what_is_being_made(tmp_path: Path) -> None:
    told = Told(tmp_path)
    told.speaker.make(asks("One."))
    told.speaker.close()
    await asyncio.wait({task for task in asyncio.all_tasks() if task is not asyncio.current_task()}, timeout=5)
    assert told.inbox.empty()


def test_the_sounds_that_were_not_used_for_longest_make_room(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.wav").write_bytes(b"")
        os.utime(tmp_path / f"{number}.wav", (number, number))
    assert sweep(tmp_path, 2) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3.wav", "4.wav"]
