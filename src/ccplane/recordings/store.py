"""Files of recordings: raw ones as Asterisk leaves them, and the store. Blocking: for the converter's process alone.

A raw file is 16 bit, 8 kHz, two channels and nothing else: left what the caller said, right what they heard. The
store keeps WAV and Opus under YYYY/MM/DD. What is written is whole and on the disk before it has its name.
"""

from __future__ import annotations

import contextlib
import os
import re
import struct
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

RATE: Final = 8_000
FRAME: Final = 4
"""Bytes of one moment: a sample of each side."""
NAME: Final = re.compile(r"r-c-[A-Za-z0-9._-]{1,150}-\d{1,6}")
"""Names of files that are ours; whatever else lies there is left alone."""
BEGAN: Final = re.compile(r"-(\d{9,11})\.\d+-\d+$")
"""The second in which the call came stands in its unique id, so a file's folder follows from its name."""
BLOCK: Final = 1 << 20

OPUS: Final = ("opusenc", "--quiet", "--raw", "--raw-rate", str(RATE), "--raw-chan", "2",
               "--bitrate", "40", "--comp", "5", "-", "-")  # fmt: skip
"""40 kbit/s: below 36 one side leaks into the other (measured: at 32 by -44 dB, at 24 by -22, at 16 both are one)."""


class Raw(NamedTuple):
    """A raw file: when it was last written to (seconds ago), and how long it is."""

    id: str
    age_s: float
    bytes: int


class Kept(NamedTuple):
    """What is in the store of a recording. Paths within the store, "" for none; `bytes` of both."""

    ms: int
    bytes: int
    wav: str
    opus: str


class NotConverted(Exception):
    """Why, for people. The raw file stays."""


def raw_files(spool: Path, most: int) -> list[Raw]:
    """Ours, the longest untouched first. NotConverted while the switch's spool is away."""
    found: list[Raw] = []
    now = time.time()
    try:
        with os.scandir(spool) as entries:
            for entry in entries:
                name, dot, kind = entry.name.rpartition(".")
                if dot and kind == "raw" and NAME.fullmatch(name):
                    with contextlib.suppress(OSError):
                        stat = entry.stat()
                        found.append(Raw(name, now - stat.st_mtime, stat.st_size))
    except FileNotFoundError:
        need(spool)  # the switch makes this folder for its first recording; the one above is always there
        return []
    return sorted(found, key=lambda each: -each.age_s)[:most]


def need(spool: Path) -> None:
    """NotConverted if the switch's spool/monitor is not there: a disk that is away says nothing about its files."""
    if not spool.parent.is_dir():
        raise NotConverted(f"the switch's folder {spool.parent} is not there; is its disk mounted?")


def folder_of(recording: str, otherwise: float) -> str:
    """YYYY/MM/DD of the call; by a file's own time (`otherwise`) where the name does not tell."""
    began = BEGAN.search(recording)
    return f"{datetime.fromtimestamp(float(began[1]) if began else otherwise, UTC):%Y/%m/%d}"


def convert(spool: Path, store: Path, recording: str, *, keep_wav: bool, most_ms: int | None = None) -> Kept | None:
    """Put a recording into the store; done again it gives the same. None if there is no file of it anywhere.

    What is longer than `most_ms` is cut off, also of the raw file.

    NotConverted if it can't be done now. A file without a sound in it gives no files.
    """
    if not NAME.fullmatch(recording):
        raise NotConverted(f"{recording!r} is no recording of ours")
    raw = spool / f"{recording}.raw"
    try:
        with raw.open("rb") as file:
            _cut(raw, most_ms)
            stat = os.fstat(file.fileno())
            length = stat.st_size - stat.st_size % FRAME
            if not length:
                return Kept(0, 0, "", "")
            place = store / folder_of(recording, stat.st_mtime) / recording
            place.parent.mkdir(parents=True, exist_ok=True)
            opus = _written(place.with_name(f"{recording}.opus"), lambda out: _encode(file, length, out))
            wav = (
                _written(place.with_name(f"{recording}.wav"), lambda out: _wave(file, length, out))
                if keep_wav
                else None
            )
    except FileNotFoundError:
        need(spool)
        return _found(store, recording)
    except OSError as error:
        raise NotConverted(f"{recording}: {error.strerror}") from error
    return _kept(store, length * 1000 // (FRAME * RATE), wav, opus)


def _cut(raw: Path, most_ms: int | None) -> None:
    if most_ms is not None and raw.stat().st_size > (most := most_ms * RATE // 1000 * FRAME):
        os.truncate(raw, most)


def remove(spool: Path, recording: str) -> None:
    """The raw file is not needed any more."""
    if NAME.fullmatch(recording):
        (spool / f"{recording}.raw").unlink(missing_ok=True)


def _kept(store: Path, ms: int, wav: Path | None, opus: Path | None) -> Kept:
    paths = [each for each in (wav, opus) if each]
    within = {each: each.relative_to(store).as_posix() for each in paths}
    size = sum(each.stat().st_size for each in paths)
    return Kept(ms, size, within[wav] if wav else "", within[opus] if opus else "")


def _found(store: Path, recording: str) -> Kept | None:
    """What an earlier run put there, whose raw file it removed."""
    stem = store / folder_of(recording, 0) / recording
    wav, opus = (stem.with_name(f"{recording}.{kind}") for kind in ("wav", "opus"))
    if not opus.exists():
        return None
    return _kept(store, opus_ms(opus), wav if wav.exists() else None, opus)


def _written(target: Path, write: Callable[[BinaryIO], None]) -> Path:
    """All at once or not at all, and on the disk: the raw file is removed after this."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)  # an opusenc that outlived its converter may still write to that one
        with partial.open("xb") as out:
            write(out)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    return target


def _wave(raw: BinaryIO, length: int, out: BinaryIO) -> None:
    out.write(b"RIFF" + struct.pack("<I", 36 + length) + b"WAVE")
    out.write(b"fmt " + struct.pack("<IHHIIHH", 16, 1, 2, RATE, RATE * FRAME, FRAME, 16))
    out.write(b"data" + struct.pack("<I", length))
    raw.seek(0)
    while length > 0 and (block := raw.read(min(BLOCK, length))):
        out.write(block)
        length -= len(block)


def _encode(raw: BinaryIO, length: int, out: BinaryIO) -> None:
    """Opus, by opusenc, over pipes: it writes no names of ours."""
    raw.seek(0)
    try:
        done = subprocess.run(OPUS, stdin=raw, stdout=out, stderr=subprocess.PIPE, check=False, timeout=3_600)
    except FileNotFoundError:
        raise NotConverted("opusenc is not on this machine: apt-get install opus-tools") from None
    except subprocess.TimeoutExpired:
        raise NotConverted("opusenc took longer than an hour") from None
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NotConverted(f"opusenc: {words[-1] if words else f'exit status {done.returncode}'}")


def opus_ms(path: Path) -> int:
    """How long an Opus file plays: its last page says how many samples of 48 kHz there are (RFC 7845)."""
    with path.open("rb") as file:
        head = file.read(4096)
        file.seek(max(0, path.stat().st_size - (1 << 16)))
        tail = file.read()
    opening, last = head.find(b"OpusHead"), tail.rfind(b"OggS")
    if opening < 0 or last < 0:
        return 0
    (skipped,) = struct.unpack_from("<H", head, opening + 10)
    (played,) = struct.unpack_from("<q", tail, last + 6)
    return max(0, int(played - skipped) // 48)
