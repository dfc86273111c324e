"""Rows of counters that are written on and on, and of which a frozen copy costs nothing.

Whoever writes holds a mark (any object); rows that bear another mark are somebody else's too, and are copied before
they are written. So a copy of all is taken by giving the writer a new mark.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import msgspec

BYTES = dict[str, bytes]
QUICKLY = 1
"""zlib's level: most bytes of a row are 0."""


class Rows:
    """What was counted in one span of time: by group and name (`queue support`), each a row of lanes."""

    __slots__ = ("_kept", "brought", "counters", "mark", "times")

    def __init__(self, mark: object) -> None:
        self.mark = mark
        self.counters: dict[str, int] = {}
        self.brought: dict[str, int] = {}
        self.times: dict[str, int] = {}
        self._kept: bytes | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rows):
            return NotImplemented
        mine, theirs = (self.counters, self.brought, self.times), (other.counters, other.brought, other.times)
        return mine == theirs

    __hash__ = None  # type: ignore[assignment]

    def owned(self, mark: object) -> Rows:
        """These, or a copy of them that bears this mark."""
        if mark is self.mark:
            self._kept = None
            return self
        copy = Rows(mark)
        copy.counters, copy.brought, copy.times = self.counters.copy(), self.brought.copy(), self.times.copy()
        return copy

    def to_bytes(self) -> bytes:
        """For a checkpoint; kept, for most rows are those of minutes that are over."""
        if self._kept is None:
            plain = tuple(_bytes(each) for each in (self.counters, self.brought, self.times))
            self._kept = zlib.compress(msgspec.msgpack.encode(plain), QUICKLY)
        return self._kept

    @staticmethod
    def from_bytes(data: bytes, mark: object) -> Rows:
        """The rows again; msgspec.ValidationError if these are none."""
        try:
            plain = msgspec.msgpack.decode(zlib.decompress(data), type=tuple[BYTES, BYTES, BYTES])
        except zlib.error as error:
            raise msgspec.ValidationError(f"no rows of counters: {error}") from error
        rows = Rows(mark)
        rows.counters, rows.brought, rows.times = (_rows(each) for each in plain)
        return rows


def to_bytes(row: int) -> bytes:
    """One row."""
    return row.to_bytes(row.bit_length() // 8 + 1, "little", signed=True)


def from_bytes(data: bytes) -> int:
    """The row again."""
    return int.from_bytes(data, "little", signed=True)


def _bytes(rows: dict[str, int]) -> BYTES:
    return {key: to_bytes(row) for key, row in rows.items()}


def _rows(plain: BYTES) -> dict[str, int]:
    return {key: from_bytes(row) for key, row in plain.items()}


def put(rows: dict[str, int], keys: Iterable[str], more: int) -> None:
    """Add it to each."""
    for key in keys:
        rows[key] = rows.get(key, 0) + more
