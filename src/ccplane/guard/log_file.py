"""The queue_log as a file: read on from where it was left, over rotation, truncation and our own restart. Blocking.

A line counts once its end is written. A file that was rotated away is read to its end first, and those rotated after it
too; it is known again by its inode and how it begins.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

PIECE: Final = 65_536
HEAD: Final = 64


class Place(msgspec.Struct, frozen=True):
    """A place in a file. `head`: how the file began, as far as it was written then."""

    inode: int = 0
    offset: int = 0
    head: str = ""


class Piece(msgspec.Struct, frozen=True):
    """Whole lines, and the place after them. `more`: whether there may be further ones already."""

    lines: list[str]
    after: Place
    more: bool
    lost: bool = False
    """The file that was being read is gone: what was left of it was not read."""


def read_on(path: Path, place: Place) -> Piece:
    """What follows in the log at `path`. OSError if it cannot be read; nothing if there is none yet."""
    files = _in_order(path)
    if not files:
        return Piece([], place, more=False)
    at = next((at for at, file in enumerate(files) if _is(file, place)), None)
    if at is None:
        fresh = Place()
        return _read(files[-1], fresh, last=True, lost=bool(place.inode))
    piece = _read(files[at], place, last=at == len(files) - 1)
    if piece.more or at == len(files) - 1:
        return piece
    return Piece(piece.lines, _begin(files[at + 1]), more=True)


def _in_order(path: Path) -> list[Path]:
    """The log and what was rotated away, the oldest first."""
    there = path.exists()
    others = [each for each in path.parent.glob(f"{path.name}.*") if each.suffix[1:].isdigit()]
    return [*sorted(others, key=lambda each: (each.stat().st_mtime_ns, each.name)), *([path] if there else [])]


def _is(file: Path, place: Place) -> bool:
    if file.stat().st_ino != place.inode:
        return False
    with file.open("rb") as log:
        return log.read(HEAD).decode("utf-8", "replace").startswith(place.head)


def _begin(file: Path) -> Place:
    with file.open("rb") as log:
        return Place(file.stat().st_ino, 0, _head(log.read(HEAD)))


def _head(beginning: bytes) -> str:
    """Up to a whole line: what is torn now will read on otherwise."""
    return beginning[: beginning.rfind(b"\n") + 1].decode("utf-8", "replace")


def _read(file: Path, place: Place, *, last: bool, lost: bool = False) -> Piece:
    with file.open("rb") as log:
        head = _head(log.read(HEAD))
        inode, size = file.stat().st_ino, file.stat().st_size
        offset = place.offset if place.offset <= size else 0  # it was truncated, and begins anew
        log.seek(offset)
        data = log.read(PIECE)
    whole = data.rfind(b"\n") + 1
    if not whole and (len(data) == PIECE or not last):
        whole = len(data)  # a line without end: no log's; or the last of a file to which nothing is written any more
    lines = data[:whole].decode("utf-8", "replace").splitlines()
    return Piece(lines, Place(inode, offset + whole, head), more=len(data) == PIECE, lost=lost)
