"""Where in a TOML text a key stands.

`tomllib` forgets the lines, and an operator needs them at 3 a.m. This reads a text that `tomllib` has already taken, so
it need not judge, only keep count: tables, dotted keys, inline tables, arrays and arrays of tables.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from typing import Final

Path = tuple[str | int, ...]
"""A way into parsed TOML: keys, and indexes of arrays."""

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_SPACE: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY_PART: Final = re.compile(r"""[ \t]*([A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t]*""")
_STRING: Final = re.compile(
    r'''"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}|\'\'\'(?:[^']|'{1,2}(?!'))*'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*\'''', re.S
)
_SCALAR: Final = re.compile(r"[^,\]}\n#]*")


def key(at: Path) -> str:
    """A way into TOML as one writes it: support.steps[1].skills."""
    written_ = ""
    for part in at:
        if isinstance(part, int):
            written_ += f"[{part}]"
        else:
            written_ += ("." if written_ else "") + (part if _BARE.fullmatch(part) else f'"{part}"')
    return written_


def line_of(text: str, path: Path) -> int:
    """The line, from 1, on which the value at `path` begins; else that of the nearest table around it, else 1."""
    return Lines(text).of(path)


class Lines:
    """The line of every key of one TOML text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends = [found.start() for found in re.finditer("\n", text)]
        self._at = 0
        self._found: dict[Path, int] = {}
        self._arrays: dict[Path, int] = {}
        self._read()

    def of(self, path: Path) -> int:
        while path and path not in self._found:
            path = path[:-1]
        return self._found.get(path, 1)

    # --- reading ------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        table: Path = ()
        self._skip_space()
        while self._at < len(self._text):
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)
            self._skip_space()

    def _header(self) -> Path:
        doubled = self._text.startswith("[[", self._at)
        line = self._line()
        self._at += 2 if doubled else 1
        table: Path = ()
        for part in (parts := self._key())[:-1]:
            table = self._entered((*table, part))
        table = (*table, parts[-1])
        self._at += 2 if doubled else 1
        if doubled:
            self._arrays[table] = self._arrays.get(table, -1) + 1
            self._found.setdefault(table, line)
            table = self._entered(table)
        self._note(table, line)
        return table

    def _entered(self, table: Path) -> Path:
        """Within an array of tables, a name means its last table."""
        return (*table, self._arrays[table]) if table in self._arrays else table

    def _pair(self, table: Path) -> None:
        line = self._line()
        for part in self._key():
            table = (*table, part)
            self._note(table, line)
        self._at += 1  # the equals sign
        self._value(table)

    def _value(self, path: Path) -> None:
        self._skip_space()
        opening = self._text[self._at : self._at + 1]
        if opening == "[":
            self._items("]", path)
        elif opening == "{":
            self._items("}", path)
        else:
            self._skip(_STRING if opening in {'"', "'"} else _SCALAR)

    def _items(self, closing: str, path: Path) -> None:
        """The elements of an array, or the pairs of an inline table, each up to its comma."""
        self._at += 1
        index = 0
        self._skip_space()
        while self._at < len(self._text) and not self._text.startswith(closing, self._at):
            if closing == "]":
                self._note((*path, index), self._line())
                self._value((*path, index))
            else:
                self._pair(path)
            index += 1
            self._skip_space()
            if self._text.startswith(",", self._at):
                self._at += 1
            self._skip_space()
        self._at += 1

    def _key(self) -> list[str]:
        parts = []
        while found := _KEY_PART.match(self._text, self._at):
            self._at = found.end()
            parts.append(_unquoted(found[1]))
            if not self._text.startswith(".", self._at):
                break
            self._at += 1
        if not parts:
            raise ValueError(f"line {self._line()}: no key here; tomllib should have refused this text")
        return parts

    # --- small steps --------------------------------------------------------------------------------------------

    def _note(self, path: Path, line: int) -> None:
        self._found.setdefault(path, line)

    def _line(self) -> int:
        return bisect_left(self._ends, self._at) + 1

    def _skip_space(self) -> None:
        self._skip(_SPACE)

    def _skip(self, what: re.Pattern[str]) -> None:
        if found := what.match(self._text, self._at):
            self._at = found.end()


def _unquoted(part: str) -> str:
    return next(iter(tomllib.loads(f"{part} = 0"))) if part[0] in "\"'" else part
