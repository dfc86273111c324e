"""Which tables there are, and what stands in their columns: keys of `kpi/definitions`."""

from __future__ import annotations

from typing import Final, NamedTuple

from ccplane.kpi.measures import MEASURES, Figure, Sums
from ccplane.kpi.slices import By


class Table(NamedTuple):
    """`by`: what it may be grouped by, the first unless told."""

    key: str
    en: str
    zh: str
    by: tuple[By, ...]
    columns: tuple[str, ...]


NOT_OF_AGENTS: Final = frozenset(
    ("abandoned", "timed_out", "overflowed", "callback", "abandonment", "abandonment_net", "connected_share")
)
"""Who was answered by nobody belongs to no agent and to no team: there these are no data, and not 0 or 100 %."""


def figure(key: str, by: By, sums: Sums) -> Figure:
    """Of one group; None is no data."""
    return None if key in NOT_OF_AGENTS and by in (By.AGENT, By.TEAM) else MEASURES[key](sums)


STAYS: Final = (By.SITE, By.QUEUE, By.SKILL, By.NUMBER, By.TEAM, By.AGENT)
TABLES: Final = {
    each.key: each
    for each in (
        Table(
            "traffic",
            "Traffic",
            "话务量统计表",
            STAYS,
            ("offered", "answered", "abandoned", "timed_out", "overflowed", "callback", "service_level_past",
             "abandonment", "asa", "aht"),
        ),
        Table(
            "service",
            "Service indicators",
            "服务指标统计表",
            STAYS,
            ("offered", "service_level_past", "service_level_answered", "service_level_excluding",
             "service_level_crediting", "service_level_net", "abandonment", "abandonment_net", "connected_share", "asa",
             "asa_delayed", "patience", "three_rings", "satisfaction", "response_rate"),
        ),
        Table(
            "numbers",
            "Numbers dialled",
            "广告监测表",
            (By.NUMBER, By.SITE),
            ("contacts_arrived", "contacts_self_served", "contacts_queued", "contacts_answered", "contacts_abandoned",
             "connected_share_system", "offered", "service_level_past", "asa", "aht"),
        ),
        Table(
            "agents",
            "Agent workload",
            "客服代表工作量统计表",
            (By.AGENT, By.TEAM, By.SITE),
            ("signed_in", "handled", "talk", "wrap_up", "aht", "att", "acw", "occupancy", "productivity", "three_rings",
             "rona"),
        ),
    )
}  # fmt: skip
