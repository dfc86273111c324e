"""A recording as the switch leaves it: how long it is, whether anything is on it, and its header put right.

While it records, Asterisk's header says that there are 0 bytes of sound; killed then, it leaves it so, and no player
would play what was said. The sound is looked at in small pieces, so that the thread that does it holds up no call.
"""

from __future__ import annotations

import os
from array import array
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

RATE: Final = 8_000
WIDTH: Final = 2
PIECE: Final = RATE // 5
"""Samples of 200 ms: the shortest sound that says something."""
AUDIBLE: Final = 128
"""The mean of such a piece from which on it is no silence: half of what Asterisk takes for talking."""
HEAD: Final = 44


class Sound(NamedTuple):
    """What is in a WAV file: 16 bit, mono, 8 kHz."""

    ms: int
    bytes: int
    silent: bool


def examine(path: Path) -> Sound | None:
    """What is in the file, its header mended if it was never finished; None if it is no such WAV file."""
    with path.open("r+b") as file:
        head = file.read(HEAD)
        if len(head) < HEAD or head[:4] != b"RIFF" or head[8:16] != b"WAVEfmt " or head[36:40] != b"data":
            return None
        if (int.from_bytes(head[22:24], "little"), int.from_bytes(head[24:28], "little")) != (1, RATE):
            return None
        size = os.fstat(file.fileno()).st_size
        sound = (size - HEAD) // WIDTH * WIDTH
        if int.from_bytes(head[40:44], "little") != sound:
            _mend(file, sound)
        file.seek(HEAD)
        silent = not any(_audible(piece) for piece in iter(lambda: file.read(PIECE * WIDTH), b""))
        file.flush()
        os.fsync(file.fileno())
    return Sound(ms=sound * 1000 // (RATE * WIDTH), bytes=size, silent=silent)


def _mend(file: BinaryIO, sound: int) -> None:
    for place, value in ((4, sound + HEAD - 8), (40, sound)):
        file.seek(place)
        file.write(value.to_bytes(4, "little"))


def _audible(piece: bytes) -> bool:
    samples = array("h", piece[: len(piece) // WIDTH * WIDTH])
    return bool(samples) and sum(map(abs, samples)) / len(samples) >= AUDIBLE
