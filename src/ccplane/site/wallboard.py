"""A wallboard of acd/wallboards.toml: what one screen shows, and from when on a figure is a worry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from ccplane.ids import QueueName


class Unit(StrEnum):
    """How a figure is written: in files as "30s", as percent, or as a whole number."""

    COUNT = "count"
    TIME = "time"
    """ms."""
    SHARE = "share"
    """0 to 1."""
    RATIO = "ratio"
    """How many times as much."""
    DELAY = "delay"
    """ms, where each of them matters."""


class Figure(NamedTuple):
    """What a tile shows. `more_is_worse`: on which side of a threshold the worry lies."""

    unit: Unit
    more_is_worse: bool = True


FIGURES: Final[Mapping[str, Figure]] = {
    "waiting": Figure(Unit.COUNT),
    "longest_wait": Figure(Unit.TIME),
    "estimated_wait": Figure(Unit.TIME),
    "offered": Figure(Unit.COUNT),
    "answered": Figure(Unit.COUNT),
    "abandoned": Figure(Unit.COUNT),
    "abandonment": Figure(Unit.SHARE),
    "service_level": Figure(Unit.SHARE, more_is_worse=False),
    "three_rings": Figure(Unit.SHARE, more_is_worse=False),
    "callbacks": Figure(Unit.COUNT),
    "messages": Figure(Unit.COUNT),
    "messages_overdue": Figure(Unit.COUNT),
    "satisfaction": Figure(Unit.SHARE, more_is_worse=False),
    "agents_ready": Figure(Unit.COUNT, more_is_worse=False),
    "agents_talking": Figure(Unit.COUNT),
    "agents_wrap_up": Figure(Unit.COUNT),
    "agents_paused": Figure(Unit.COUNT),
    "agents_unreachable": Figure(Unit.COUNT),
    "agents_signed_in": Figure(Unit.COUNT, more_is_worse=False),
    "surge_index": Figure(Unit.RATIO),
    "offer_latency": Figure(Unit.DELAY),
    "fact_lag": Figure(Unit.DELAY),
    "ari_lag": Figure(Unit.DELAY),
    "loop_delay": Figure(Unit.DELAY),
}
IN_THE_TABLE: Final = (
    "waiting", "longest_wait", "estimated_wait", "offered", "answered", "abandoned", "service_level", "three_rings",
    "messages",
)  # fmt: skip
"""Shown of each queue by itself, whatever the tiles are."""
CHARTS: Final = ("course", "service_level", "agents")
"""Stays by the quarter of an hour; the service level by it; how many agents are in which state."""
PARTS: Final = ("queues", "agents", "advertisements")
THEMES: Final = ("auto", "light", "dark")
SOUNDS: Final = ("none", "chime", "alarm")
USUAL: Final = "default"
"""The board that is shown where the address names none."""


@dataclass(frozen=True)
class Threshold:
    """From where on a figure is a worry, in its unit; None: never. `sound`: when that begins."""

    warn: float | None = None
    alarm: float | None = None
    sound: str = "none"


@dataclass(frozen=True)
class WallboardRule:
    """One screen. `queues` empty: all of the site. `language` and `title` empty: as the browser asks, as ever."""

    name: str = USUAL
    title: Mapping[str, str] = field(default_factory=dict)
    theme: str = "auto"
    language: str = ""
    queues: tuple[QueueName, ...] = ()
    teams: tuple[str, ...] = ()
    """Whose agents it shows and counts; so by `skills`, and by the queues that they could serve. Empty: all."""
    skills: tuple[str, ...] = ()
    serving: tuple[QueueName, ...] = ()
    tiles: tuple[str, ...] = ("waiting", "longest_wait", "service_level", "answered", "abandoned", "agents_ready")
    charts: tuple[str, ...] = ()
    show: tuple[str, ...] = PARTS
    wall: bool = False
    """Nobody scrolls: what doesn't fit on the screen has its turn."""
    turn_ms: int = 12_000
    """How long one page of a list stays that is longer than its page; and what doesn't fit beside others."""
    rows: int = 10
    """Queues on a page."""
    agents: int = 60
    """Agents on a page."""
    ticker: Mapping[str, str] = field(default_factory=dict)
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
