"""What acd/site.toml says of callers: whose calls were marked as harassment too often, and when far more call than
usual; the shifts over which is counted; and by what agents' time and first contacts are counted."""

from __future__ import annotations

from ccplane.kpi.schedule import Terms
from ccplane.routing.rules import Harassment, SurgeRule
from ccplane.site.shapes import RulesTable


def harassment_in(table: RulesTable) -> Harassment:
    said = table.harassment
    return Harassment(said.marks, said.within, said.block) if said else Harassment()


def surge_in(table: RulesTable) -> SurgeRule | None:
    said = table.surge
    return SurgeRule(said.slot, said.weeks, said.threshold, said.least) if said else None


def shifts_in(table: RulesTable) -> dict[str, tuple[int, int]]:
    """Minutes after midnight, by the shift's name."""
    return {name: (_minutes(hours[:5]), _minutes(hours[6:])) for name, hours in table.shifts.items()}


def terms_in(table: RulesTable) -> Terms:
    windows = table.first_contact
    breaks, meals = frozenset(table.breaks), frozenset(table.meals)
    return Terms(breaks=breaks, meals=meals, before_ms=windows.before, after_ms=windows.after)


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])
