"""A recording as the switch leaves it: how long it is, what is on it, its header put right, and silence cut off.

While it records, Asterisk's header says that there are 0 bytes of sound; killed then, it leaves it so, and no player
would play what was said. The sound is looked at in small pieces, so that the thread that does it holds up no call.
"""

from __future__ import annotations

import os
from array import array
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from ccplane.private import begin_private, put_in_place

RATE: Final = 8_000
WIDTH: Final = 2
PIECE: Final = RATE // 5
"""Samples of 200 ms: the shortest sound that says something."""
AUDIBLE: Final = 128
"""The mean of such a piece from which on it is no silence: half of what Asterisk takes for talking."""
HEAD: Final = 44
BEFORE: Final = 2
AFTER: Final = 3
"""Pieces of silence that stay around what is said: nobody begins or ends at once."""
SHORTEST: Final = 6
"""Pieces; nothing is cut to less."""


class Sound(NamedTuple):
    """What is in a WAV file: 16 bit, mono, 8 kHz."""

    ms: int
    bytes: int
    silent: bool
    words: tuple[int, int] = (0, 0)
    """The pieces from which on, and up to which, something is said, with a little silence around it."""


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
        pieces = iter(lambda: file.read(PIECE * WIDTH), b"")
        audible = [place for place, piece in enumerate(pieces) if _audible(piece)]
        file.flush()
        os.fsync(file.fileno())
    words = _around(audible[0], audible[-1], -(-sound // (PIECE * WIDTH))) if audible else (0, 0)
    return Sound(ms=sound * 1000 // (RATE * WIDTH), bytes=size, silent=not audible, words=words)


def trimmed(path: Path, sound: Sound) -> Sound:
    """The sound without the silence before and after what is said; the file as it was if there is no room for another.

    Cut again it stays as it is: whoever dies here begins anew.
    """
    first, last = sound.words
    end = min(HEAD + last * PIECE * WIDTH, sound.bytes)
    begin = HEAD + first * PIECE * WIDTH
    if sound.silent or sound.bytes - (end - begin) - HEAD < PIECE * WIDTH:
        return sound
    partial = path.with_name(f".{path.name}.trimmed")
    try:
        _cut(path, partial, begin, end)
        put_in_place(partial, path)
    except OSError:
        partial.unlink(missing_ok=True)
        return sound
    return examine(path) or sound


def _around(first: int, last: int, pieces: int) -> tuple[int, int]:
    begin = max(0, first - BEFORE)
    end = min(pieces, max(last + 1 + AFTER, begin + SHORTEST))
    return max(0, min(begin, end - SHORTEST)), end


def _cut(path: Path, partial: Path, begin: int, end: int) -> None:
    with path.open("rb") as whole, begin_private(partial) as part:
        part.write(whole.read(HEAD))
        whole.seek(begin)
        left = end - begin
        while left and (piece := whole.read(min(left, PIECE * WIDTH))):
            left -= part.write(piece)
        _mend(part, end - begin - left)


def _mend(file: BinaryIO, sound: int) -> None:
    for place, value in ((4, sound + HEAD - 8), (40, sound)):
        file.seek(place)
        file.write(value.to_bytes(4, "little"))


def _audible(piece: bytes) -> bool:
    samples = array("h", piece[: len(piece) // WIDTH * WIDTH])
    return bool(samples) and sum(map(abs, samples)) / len(samples) >= AUDIBLE
