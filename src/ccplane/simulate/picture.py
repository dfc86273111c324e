"""A day as a picture: lines over the hours, as SVG. By hand: it is a hundred lines, and a library is megabytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from ccplane.kpi.counters import Counters
from ccplane.simulate import outcome as o
from ccplane.simulate.outcome import Outcome, Rate, added

WIDTH, PANEL, LEFT, RIGHT, TOP, GAP = 760, 150, 60, 20, 46, 44
COLOURS: Final = ("#6b7280", "#1d6fb8", "#c2571a", "#2f8f4e")
"""Told apart by everybody; what was before is grey."""


class Panel(NamedTuple):
    """One figure over the day. `most` None: as high as what is shown."""

    title: str
    of: Callable[[Counters], Rate]
    factor: float = 1.0
    most: float | None = None


PANELS: Final = (
    Panel("offered, a day, in each slot", lambda c: Rate(c.entered, 1)),
    Panel("answered in time, %", o.service_level, 100.0, 100.0),
    Panel("ASA, seconds", o.asa_s),
    Panel("abandoned, %", o.abandonment, 100.0),
)


def picture(title: str, series: Sequence[tuple[str, Sequence[Outcome]]], slot_ms: int, opens_at: int = 0) -> str:
    """SVG. `series`: a name and its days each; all slots of a day are shown from the first to the last in which anybody
    came. Times are of the site's clock, with `opens_at` ms from midnight."""
    begins = [slot.begins for _, days in series for day in days for slot in day.slots]
    first, last = (min(begins), max(begins)) if begins else (0, 0)
    slots = list(range(first, last + 1, slot_ms))
    height = TOP + len(PANELS) * (PANEL + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="{escape(title, {chr(34): "&quot;"})}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="18" font-size="14" font-weight="bold">{escape(title)}</text>',
    ]
    at = LEFT
    for number, (name, _) in enumerate(series):
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f'<rect x="{at}" y="26" width="14" height="4" fill="{colour}"/>')
        parts.append(f'<text x="{at + 19}" y="32">{escape(name)}</text>')
        at += 40 + 7 * len(name)
    by_slot = [_by_slot(days) for _, days in series]
    for number, panel in enumerate(PANELS):
        lines = [
            [_value(panel, counted.get(slot, Counters()), len(days)) for slot in slots]
            for counted, (_, days) in zip(by_slot, series, strict=True)
        ]
        parts += _panel(panel, TOP + number * (PANEL + GAP) + 14, lines, slots, slot_ms, opens_at)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _by_slot(days: Sequence[Outcome]) -> dict[int, Counters]:
    found: dict[int, list[Counters]] = {}
    for day in days:
        for slot in day.slots:
            found.setdefault(slot.begins, []).append(slot.counters)
    return {begins: added(each) for begins, each in found.items()}


def _value(panel: Panel, counters: Counters, days: int) -> float | None:
    rate = panel.of(counters)
    over = rate.over * (days if panel is PANELS[0] else 1)
    return rate.sum / over * panel.factor if over else None


def _panel(
    panel: Panel, top: int, lines: list[list[float | None]], slots: list[int], slot_ms: int, opens_at: int
) -> list[str]:
    most = panel.most or _round(max((each for line in lines for each in line if each is not None), default=1.0))
    wide = (WIDTH - LEFT - RIGHT) / max(1, len(slots))
    parts = [f'<text x="{LEFT}" y="{top - 4}" fill="#374151">{escape(panel.title)}</text>']
    for quarter in range(5):
        y = top + PANEL - PANEL * quarter / 4
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#e5e7eb"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{most * quarter / 4:g}</text>')
    every = max(1, round(len(slots) / 12))
    for number, slot in enumerate(slots):
        if number % every == 0:
            minutes = (opens_at + slot) // 60_000
            x = LEFT + number * wide
            parts.append(
                f'<text x="{x:.1f}" y="{top + PANEL + 15}" text-anchor="middle">'
                f"{minutes // 60 % 24:02}:{minutes % 60:02}</text>"
            )
    for number, line in enumerate(lines):
        for points in _stretches(line, top, most, wide):
            parts.append(
                f'<polyline fill="none" stroke="{COLOURS[number % len(COLOURS)]}" stroke-width="2" points="{points}"/>'
            )
    return parts


def _stretches(line: list[float | None], top: int, most: float, wide: float) -> list[str]:
    """Steps from slot to slot; where there is no data, there is no line."""
    found: list[list[str]] = [[]]
    for number, value in enumerate(line):
        if value is None:
            found.append([])
            continue
        y = top + PANEL - PANEL * min(1.0, value / most)
        found[-1] += [f"{LEFT + number * wide:.1f},{y:.1f}", f"{LEFT + (number + 1) * wide:.1f},{y:.1f}"]
    return [" ".join(each) for each in found if each]


def _round(value: float) -> float:
    """The next 1, 2 or 5 with zeros."""
    size = 1.0
    while size * 10 <= value:
        size *= 10
    while size > value > 0:
        size /= 10
    return next((size * step for step in (1, 2, 4, 5, 8, 10) if size * step >= value), size * 10) if value > 0 else 1.0
