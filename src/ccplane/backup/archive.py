"""The file: a ZIP, whose table of contents comes last, so that one that was cut off is recognised at once.

It has secrets and callers' numbers: mode 0600 from its first byte, and its name only once it is whole and on the disk.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from ccplane.backup.manifest import FORMAT, NAME, SOUNDS, Manifest, Part, SoundFile
from ccplane.backup.partial import partial_of, sole_partial
from ccplane.errors import RequestError, StoreError
from ccplane.private import begin_private

BLOCK: Final = 1 << 20
FAST: Final = 1
"""Of deflate: a third larger than its best for facts, at an eighth of the time."""
DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)
"""What zipfile says of bytes that are not as they were: RuntimeError is of a bit that means encrypted."""

Write = Callable[[bytes], None]


class _Out:
    """The file as zipfile writes it. Once the disk has refused it takes all that still comes, for nothing."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path, self.failed = file, path, False

    def write(self, data: bytes) -> int:
        if not self.failed:
            self._tried(lambda: self._file.write(data))
        return len(data)

    def flush(self) -> None:
        if not self.failed:
            self._tried(self._file.flush)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def _tried(self, work: Callable[[], object]) -> None:
        try:
            work()
        except OSError as error:
            self.failed = True
            raise not_written(self._path, error) from error


def not_written(path: Path, error: OSError) -> StoreError:
    return StoreError(
        "backup-not-written", f"The backup {path} cannot be written: {error.strerror}. Nothing of it is left."
    )


class Writer:
    """Parts are written one after the other; `seal` is the last word."""

    def __init__(self, zipped: zipfile.ZipFile) -> None:
        self._zipped = zipped
        self.parts: dict[str, Part] = {}

    @contextmanager
    def part(self, name: str, *, packed: bool = True, listed: bool = True) -> Iterator[Write]:
        """A function that adds to this part. `listed`: its checksum is kept in `parts`."""
        entry = name if packed else zipfile.ZipInfo(name)  # which is stored as it is; a name is packed as all of it
        digest, size = hashlib.sha256(), 0

        def write(data: bytes) -> None:
            nonlocal size
            digest.update(data)
            size += len(data)
            out.write(data)

        with self._zipped.open(entry, "w", force_zip64=True) as out:
            yield write
        if listed:
            self.parts[name] = Part(size, digest.hexdigest())

    def add_file(self, name: str, source: Path) -> None:
        with source.open("rb") as file, self.part(name) as write:
            while block := file.read(BLOCK):
                write(block)

    def seal(self, manifest: Manifest) -> None:
        with self.part(NAME, listed=False) as write:
            write(msgspec.json.format(msgspec.json.encode(manifest)))


@contextmanager
def new_backup(path: Path, *, force: bool) -> Iterator[Writer]:
    """The file is there when this is left well, and nothing of it otherwise.

    RequestError "backup-exists", "backup-runs-already".
    """
    if path.is_dir():
        raise RequestError("backup-exists", f"{path} is a folder: name a file in it.")
    _spare(path, force=force)
    with ExitStack() as stack:
        try:
            file = stack.enter_context(sole_partial(path))
        except OSError as error:
            raise not_written(path, error) from error
        out = _Out(file, path)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=FAST) as zipped:
            try:
                yield Writer(zipped)
            except BaseException:
                out.failed = True  # what zipfile adds at its end is for nothing
                raise
        try:
            file.flush()
            os.fsync(file.fileno())
        except OSError as error:
            raise not_written(path, error) from error
        _spare(path, force=force)
        partial_of(path).replace(path)
    keep_names(path.parent)


def _spare(path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        raise RequestError("backup-exists", f"{path} is there already: name another file, or say --force.")


def keep_names(folder: Path) -> None:
    """What was renamed in it has its new name on the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Backup:
    """A backup that can be read. Every error is a StoreError that names what is wrong with the file."""

    def __init__(self, path: Path, zipped: zipfile.ZipFile) -> None:
        self.path = path
        self._zipped = zipped
        self.manifest = self._manifest()

    def _manifest(self) -> Manifest:
        try:
            said = self._zipped.read(NAME)
        except KeyError:
            raise self._foreign("it has no manifest") from None
        except (*DAMAGED, OSError) as error:
            raise self.damaged(NAME) from error
        try:
            head = msgspec.json.decode(said, type=dict[str, Any])
            if isinstance(made := head.get("format"), int) and made > FORMAT:
                raise StoreError(
                    "backup-newer",
                    f"{self.path} was made by ccplane {head.get('ccplane')}: restore it with that version.",
                )
            return msgspec.json.decode(said, type=Manifest)
        except msgspec.MsgspecError:
            raise self._foreign("its manifest is another's") from None

    def _foreign(self, why: str) -> StoreError:
        return StoreError("no-backup", f"{self.path} is no backup of ccplane: {why}.")

    def damaged(self, part: str) -> StoreError:
        return StoreError("backup-damaged", f"{self.path} is damaged in {part}: take another backup.")

    def blocks(self, part: str) -> Iterator[bytes]:
        try:
            with self._zipped.open(part) as file:
                while block := file.read(BLOCK):
                    yield block
        except (KeyError, *DAMAGED) as error:
            raise self.damaged(part) from error
        except OSError as error:
            raise StoreError("no-backup", f"{self.path} cannot be read: {error.strerror}.") from error

    def check(self) -> None:
        """All of it is read, and is what was written. StoreError "backup-damaged"."""
        for name, part in self.manifest.parts.items():
            self._checked(name, part.sha256)
        for sound in self.sounds():
            if sound.sha256:
                self._checked(sound.part, sound.sha256)

    def _checked(self, name: str, expected: str) -> None:
        digest = hashlib.sha256()
        for block in self.blocks(name):
            digest.update(block)
        if digest.hexdigest() != expected:
            raise self.damaged(name)

    def sounds(self) -> Iterator[SoundFile]:
        """The index of sounds."""
        rest = b""
        for block in self.blocks(SOUNDS):
            *lines, rest = (rest + block).split(b"\n")
            try:
                yield from [msgspec.json.decode(line, type=SoundFile) for line in lines]
            except msgspec.MsgspecError as error:
                raise self.damaged(SOUNDS) from error

    def extract(self, part: str, target: Path) -> None:
        """Into a new file, for its owner alone, and on the disk."""
        try:
            with begin_private(target) as file:
                for block in self.blocks(part):
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError("not-restored", f"{target} cannot be written: {error.strerror}.") from error


@contextmanager
def opened(path: Path) -> Iterator[Backup]:
    """StoreError if it is none, or can't be read."""
    try:
        zipped = zipfile.ZipFile(path)
    except DAMAGED as error:
        raise StoreError(
            "no-backup", f"{path} is no backup of ccplane, or was cut off: its table of contents is missing."
        ) from error
    except OSError as error:
        raise StoreError("no-backup", f"{path} cannot be read: {error.strerror}.") from error
    with zipped:
        yield Backup(path, zipped)
