"""What a backup says about itself: where it comes from, how far it goes, and the checksum of each of its parts."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from ccplane.postgres.copying import Applied, Table

FORMAT: Final = 1
NAME: Final = "manifest.json"
OUTBOX: Final = "outbox.sqlite"
SOUNDS: Final = "sounds.jsonl"


class Part(msgspec.Struct, frozen=True):
    """One of the files in the backup."""

    bytes: int
    sha256: str


class Copied(msgspec.Struct, frozen=True):
    """A table, and how many rows of it there are."""

    table: Table
    rows: int

    @property
    def part(self) -> str:
        return f"database/{self.table.name}.copy"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`seq`: the last fact of the outbox; `watermark`: the last of them that the database has. `at`: ms UTC, of the
    last fact; `site`: the hash of the folders; `numbers`: what the rows add up to, at this schema. `absent`: how many
    of the sounds had no file; `no_folder`: of which kinds there was not even the folder."""

    format: int = FORMAT
    ccplane: str
    made_at: int
    site: str
    postgres: str
    outbox: str
    epoch: int
    seq: int
    watermark: int
    at: int
    migrations: tuple[Applied, ...]
    days: tuple[date, ...]
    tables: tuple[Copied, ...]
    numbers: dict[str, int]
    sounds: int
    with_sounds: bool
    absent: int = 0
    no_folder: tuple[str, ...] = ()
    parts: dict[str, Part]

    def rows(self, table: str) -> int:
        return sum(each.rows for each in self.tables if each.table.name == table)


class SoundFile(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the index of sounds. `bytes`: None if the file was not there; `sha256`: if it is in the backup."""

    kind: str
    id: str
    contact: str
    file: str
    bytes: int | None = None
    sha256: str = ""

    @property
    def part(self) -> str:
        return f"{self.kind}/{self.file}"
