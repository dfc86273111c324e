"""The index of what can be heard: every file that a row speaks of, whether it was there, and how long it was.

The files themselves are in a backup only if that was asked for: they are large, never change, and are better copied by
what copies folders. Whoever restores is told which of them are missing.
"""

from __future__ import annotations

import asyncio
import hashlib
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from ccplane.backup.archive import BLOCK, Backup, Writer
from ccplane.backup.manifest import SOUNDS, SoundFile
from ccplane.postgres.copying import Moment, Sound
from ccplane.private import make_private_folder
from ccplane.settings import Settings


def folder_of(settings: Settings, kind: str) -> Path:
    folders = {"messages": settings.messages_dir, "faxes": settings.faxes_dir}
    return folders.get(kind, settings.recordings_dir)


class Tally(NamedTuple):
    """How many files the index names, how many of them were not there, and of which kinds not even the folder."""

    sounds: int = 0
    absent: int = 0
    no_folder: tuple[str, ...] = ()

    def and_one(self, sound: SoundFile, settings: Settings) -> Tally:
        if sound.bytes is not None:
            return Tally(self.sounds + 1, self.absent, self.no_folder)
        is_new = sound.kind not in self.no_folder and not folder_of(settings, sound.kind).is_dir()
        return Tally(self.sounds + 1, self.absent + 1, (*self.no_folder, sound.kind) if is_new else self.no_folder)


async def indexed(writer: Writer, database: Moment, settings: Settings) -> Tally:
    """Writes the index alone."""
    tally = Tally()
    with writer.part(SOUNDS) as write:
        async for sound in database.sounds():
            line = _seen(settings, sound)
            write(_as_line(line))
            tally = tally.and_one(line, settings)
    return tally


async def copied(writer: Writer, settings: Settings, sounds: Iterable[Sound]) -> Tally:
    """Writes the files, and then their index."""
    index, tally = [], Tally()
    for sound in sounds:
        await asyncio.sleep(0)  # the database's connection is closed, and who wants to end this can
        index.append(_copied(writer, settings, sound))
        tally = tally.and_one(index[-1], settings)
    with writer.part(SOUNDS) as write:
        for each in index:
            write(_as_line(each))
    return tally


def _as_line(sound: SoundFile) -> bytes:
    return msgspec.json.encode(sound) + b"\n"


def _seen(settings: Settings, sound: Sound) -> SoundFile:
    place = inside(folder_of(settings, sound.kind), sound.file)
    return _line(sound, None if place is None else size_of(place))


def _copied(writer: Writer, settings: Settings, sound: Sound) -> SoundFile:
    """One that vanishes before it is opened is as one that was not there."""
    place = inside(folder_of(settings, sound.kind), sound.file)
    if place is None or size_of(place) is None:
        return _line(sound, None)
    digest, size = hashlib.sha256(), 0
    try:
        file = place.open("rb")
    except OSError:
        return _line(sound, None)
    with file, writer.part(f"{sound.kind}/{sound.file}", packed=False, listed=False) as write:
        while block := file.read(BLOCK):
            digest.update(block)
            size += len(block)
            write(block)
    return _line(sound, size, digest.hexdigest())


def _line(sound: Sound, size: int | None, sha256: str = "") -> SoundFile:
    return SoundFile(kind=sound.kind, id=sound.id, contact=sound.contact, file=sound.file, bytes=size, sha256=sha256)


def inside(folder: Path, file: str) -> Path | None:
    """The place in the folder; None for a name that leads out of it, or that no file can have."""
    place = folder / file
    return None if "\0" in file or Path(file).is_absolute() or ".." in place.parts else place


def size_of(place: Path) -> int | None:
    """None if no file is there."""
    try:
        found = place.lstat()
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def put_back(backup: Backup, settings: Settings) -> list[Path]:
    """The sounds that are in the backup, where they belong; what was put there. What is there already stays.

    If it can't be done, nothing is put there.
    """
    made: list[Path] = []
    try:
        for sound in backup.sounds():
            place = inside(folder_of(settings, sound.kind), sound.file)
            if sound.sha256 and place is not None and not place.exists():
                make_private_folder(place.parent)
                made.append(place)
                backup.extract(sound.part, place)
    except BaseException:
        take_away(made)
        raise
    return made


def take_away(made: list[Path]) -> None:
    for each in made:
        with suppress(OSError):
            each.unlink()


def missing(backup: Backup, settings: Settings) -> list[Path]:
    """The files that the index names, that were there, and that are not here."""
    places = (
        (inside(folder_of(settings, sound.kind), sound.file), sound.bytes)
        for sound in backup.sounds()
        if sound.bytes is not None
    )
    return [place for place, _ in places if place is not None and size_of(place) is None]


def absent(backup: Backup) -> int:
    """How many files the index names that were not there when it was written."""
    return sum(sound.bytes is None for sound in backup.sounds())
