"""A report of several short tables: the faults, and the manager's page."""

from __future__ import annotations

from typing import Final

import msgspec

Cell = str | int | float | None


class Column(msgspec.Struct, frozen=True):
    """`unit`: as definitions have it; "text" is words, "time" an instant, ms UTC; None: each row says its own, in the
    column `unit`."""

    key: str
    en: str
    zh: str
    unit: str | None = "text"


class Section(msgspec.Struct, frozen=True):
    """A table under a heading."""

    key: str
    en: str
    zh: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    units: tuple[str, ...] = ()
    """Of each row, for columns that leave it to them."""


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """Of [since, until), ms UTC. `notes`: keys of the words that have to be said; `meant`: keys of definitions that
    stand in it."""

    table: str
    since: int
    until: int
    timezone: str
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = ()
    meant: tuple[str, ...] = ()
    provisional: bool = False


class Title(msgspec.Struct, frozen=True):
    """What a paper is called."""

    en: str
    zh: str


PAPERS: Final = {"faults": Title("Faults", "故障记录统计表"), "brief": Title("The centre in brief", "服务中心简报")}
