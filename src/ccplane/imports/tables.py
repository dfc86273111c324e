"""A file as rows of text: UTF-8 (with a mark or without), UTF-16 with one, or GB18030, and separated by comma,
semicolon or tab, whichever fits its header; or JSON, a list of objects."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from ccplane.imports.kinds import Column, Kind
from ccplane.spreadsheets import plain

LARGEST: Final = 32 * 1024 * 1024
"""Bytes."""
MOST_ROWS: Final = 500_000
LONGEST_CELL: Final = 1_000
UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
"""How a spreadsheet's "Unicode text" begins."""
SEPARATORS: Final = (",", ";", "\t")


class Fault(msgspec.Struct, frozen=True):
    """Something wrong with a file. `row`: as a spreadsheet counts them, the header is the first; of JSON, the first
    object is. `column`: as the file calls it; "" is all of the row."""

    row: int
    column: str
    said: str

    def __str__(self) -> str:
        where = f"row {self.row}, column {self.column}" if self.column else f"row {self.row}"
        return f"{where}: {self.said}"


class Misread(Exception):
    """The file as a whole is none of this kind."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__()
        self.faults = faults


class Line(NamedTuple):
    """One row: its cells, by the columns' keys; or what is wrong with all of it."""

    row: int
    cells: dict[str, str]
    wrong: tuple[Fault, ...] = ()


class Lines(NamedTuple):
    """`called`: what the file itself calls each column."""

    called: dict[str, str]
    lines: Iterator[Line]


def from_csv(data: bytes, kind: Kind) -> Lines:
    """Misread: neither encoding, or a header that is not of this kind."""
    text = _decoded(data)
    header_text = text.lstrip("\r\n").split("\n", 1)[0].rstrip("\r")
    known = {name: each for each in kind.columns for name in (each.key, *each.names)}
    ways = [(sum(name in known for name in _header(header_text, each)), each) for each in SEPARATORS]
    most = max(fitting for fitting, _ in ways)
    separator = next(each for fitting, each in ways if fitting == most)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    row, header = 0, list[str]()
    while not any(header):
        row += 1
        try:
            header = next(reader)
        except StopIteration:
            raise Misread(Fault(1, "", f"the file is empty; its first row names the columns: {_names(kind)}")) from None
        except csv.Error as error:
            raise Misread(Fault(row, "", str(error))) from None
    columns = _judged([_named(each) for each in header], row, kind, known)
    called = {column.key: header[n].strip() for n, column in enumerate(columns)}
    return Lines(called, _lines(reader, row, [each.key for each in columns]))


def _decoded(data: bytes) -> str:
    for encoding in ("utf-16",) if data[:2] in UTF_16 else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            at = data.count(b"\n", 0, error.start) + 1
    raise Misread(Fault(at, "", "the file is neither UTF-8 nor GB18030; save it as one of them"))


def _header(text: str, separator: str) -> list[str]:
    try:
        return [_named(each) for each in next(csv.reader([text], delimiter=separator), [])]
    except csv.Error:
        return []


def _named(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _judged(header: Sequence[str], row: int, kind: Kind, known: dict[str, Column]) -> list[Column]:
    faults = []
    for n, name in enumerate(header):
        if name not in known:
            faults.append(Fault(row, name[:LONGEST_CELL] or f"{n + 1}", f"is none of {_names(kind)}"))
        elif known[name] in [known[other] for other in header[:n] if other in known]:
            faults.append(Fault(row, name, "is there twice"))
    given = [known[name] for name in header if name in known]
    faults += [Fault(row, each.key, "is missing") for each in kind.columns if each.needed and each not in given]
    if faults:
        raise Misread(*faults)
    return given


def _names(kind: Kind) -> str:
    return ", ".join(f"{each.key} ({each.names[0]})" for each in kind.columns)


def _lines(reader: Any, row: int, keys: Sequence[str]) -> Iterator[Line]:
    while True:
        row += 1
        try:
            given = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Misread(Fault(row, "", str(error))) from None
        trimmed = [each.strip() for each in given]
        if not any(trimmed):
            continue
        if any(trimmed[len(keys) :]) or len(trimmed) < len(keys):
            yield Line(row, {}, (Fault(row, "", f"has {len(trimmed)} cells, and the header has {len(keys)}"),))
            continue
        yield Line(row, {key: plain(cell) for key, cell in zip(keys, trimmed, strict=False)})


def from_json(data: bytes, kind: Kind) -> Lines:
    """`{"rows": [{"agent": "1001", …}, …]}`, or the list alone."""
    try:
        given = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Misread(Fault(0, "", f"this is no JSON: {error}")) from None
    rows = given.get("rows") if isinstance(given, dict) else given
    if not isinstance(rows, list):
        raise Misread(Fault(0, "", 'this is no list of rows, `{"rows": [{…}, …]}`'))
    return Lines({each.key: each.key for each in kind.columns}, _objects(rows, kind))


def _objects(rows: list[Any], kind: Kind) -> Iterator[Line]:
    keys = {each.key for each in kind.columns}
    for row, each in enumerate(rows, 1):
        if not isinstance(each, dict):
            yield Line(row, {}, (Fault(row, "", f"is no object with {', '.join(sorted(keys))}"),))
            continue
        unknown = sorted(each.keys() - keys)
        if unknown:
            wrong = (Fault(row, name[:LONGEST_CELL], f"is none of {_names(kind)}") for name in unknown)
            yield Line(row, {}, tuple(wrong))
            continue
        yield Line(row, {key: "" if value is None else str(value).strip() for key, value in each.items()})
