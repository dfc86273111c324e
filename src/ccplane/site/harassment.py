"""Callers whose calls were marked as harassment too often: acd/site.toml says what is too often."""

from __future__ import annotations

from ccplane.routing.rules import Harassment
from ccplane.site.shapes import RulesTable


def harassment_in(table: RulesTable) -> Harassment:
    said = table.harassment
    return Harassment(said.marks, said.within, said.block) if said else Harassment()
