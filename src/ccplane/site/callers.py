"""What acd/site.toml says of callers: whose calls were marked as harassment too often, and when far more call than
usual."""

from __future__ import annotations

from ccplane.routing.rules import Harassment, SurgeRule
from ccplane.site.shapes import RulesTable


def harassment_in(table: RulesTable) -> Harassment:
    said = table.harassment
    return Harassment(said.marks, said.within, said.block) if said else Harassment()


def surge_in(table: RulesTable) -> SurgeRule | None:
    said = table.surge
    return SurgeRule(said.slot, said.weeks, said.threshold, said.least) if said else None
