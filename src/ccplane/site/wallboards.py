"""acd/wallboards.toml: the screens of the centre, by name. Without the file there is the usual one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import TypeAdapter

from ccplane.ids import QueueName
from ccplane.site.document import Document
from ccplane.site.durations import milliseconds
from ccplane.site.ivr import blame
from ccplane.site.names import Reference
from ccplane.site.shapes import Name, WallboardTable
from ccplane.site.wallboard import FIGURES, IN_THE_TABLE, Figure, Threshold, Unit, WallboardRule

NAME: Final = TypeAdapter(Name)
TABLE: Final = TypeAdapter(WallboardTable)


def wallboards_in(document: Document, references: list[Reference]) -> dict[str, WallboardRule]:
    """Those without a fault, by name."""
    found: dict[str, WallboardRule] = {}
    for name, raw in document.tables():
        document.validated(NAME, name, name)
        table = document.validated(TABLE, raw, name)
        if table is None:
            continue
        for key, named in (("queues", table.queues), ("serving", table.serving)):
            for place, queue in enumerate(named):
                references.append(Reference("queue", queue, blame(document, name, key, place)))
        for key in ("queues", "teams", "skills", "serving", "tiles", "charts"):
            values = getattr(table, key)
            if twice := next((each for each in values if values.count(each) > 1), ""):
                document.warning("twice", f"`{twice}` stands here twice and is shown once", name, key)
        thresholds = dict(_thresholds(document, name, table))
        found[name] = WallboardRule(
            name=name,
            title=table.title or {},
            theme=table.theme,
            language=table.language or "",
            queues=tuple(QueueName(each) for each in dict.fromkeys(table.queues)),
            teams=tuple(dict.fromkeys(table.teams)),
            skills=tuple(dict.fromkeys(table.skills)),
            serving=tuple(QueueName(each) for each in dict.fromkeys(table.serving)),
            tiles=tuple(dict.fromkeys(table.tiles)),
            charts=tuple(dict.fromkeys(table.charts)),
            show=tuple(dict.fromkeys(table.show)),
            wall=table.wall,
            turn_ms=table.turn,
            rows=table.rows,
            agents=table.agents,
            ticker=table.ticker or {},
            thresholds=thresholds,
        )
    return found


def _thresholds(document: Document, name: str, table: WallboardTable) -> Iterator[tuple[str, Threshold]]:
    for figure, given in table.thresholds.items():
        at = (name, "thresholds", figure)
        kind = FIGURES[figure]
        limits: dict[str, float] = {}
        for key, value in (("warn", given.warn), ("alarm", given.alarm)):
            if value is None:
                continue
            try:
                limits[key] = _limit(kind, value)
            except ValueError as error:
                document.fault("bad-threshold", str(error), *at, key)
        warn, alarm = limits.get("warn"), limits.get("alarm")
        if given.warn is None and given.alarm is None:
            document.fault("missing", "says neither `warn` nor `alarm`", *at)
        elif warn is not None and alarm is not None and (alarm <= warn if kind.more_is_worse else alarm >= warn):
            side = "more" if kind.more_is_worse else "less"
            document.fault("alarm-before-warning", f"{side} is worse here, and the alarm comes before it warns", *at)
        if figure not in table.tiles and not (figure in IN_THE_TABLE and "queues" in table.show):
            document.warning("never-seen", "no tile of this board shows it, nor the table of its queues", *at)
        yield figure, Threshold(warn, alarm, given.sound)


def _limit(kind: Figure, value: float | str) -> float:
    """In the figure's own unit. ValueError with a sentence for who wrote it."""
    match kind.unit:
        case Unit.TIME | Unit.DELAY:
            if not isinstance(value, str):
                raise ValueError('is a length of time with its unit, in quotes: "20s", "3m" or "50ms"')
            return float(milliseconds(value))
        case Unit.SHARE:
            if not isinstance(value, int) or not 0 <= value <= 100:
                raise ValueError("is percent, a whole number from 0 to 100")
            return value / 100
        case Unit.RATIO:
            if isinstance(value, str) or value < 0:
                raise ValueError("is how many times as much, like 2 or 2.5")
            return float(value)
        case Unit.COUNT:
            if not isinstance(value, int) or value < 0:
                raise ValueError("is a whole number, 0 or more")
            return float(value)
