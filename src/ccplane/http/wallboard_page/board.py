"""Which wallboard an address asks for: that of acd/wallboards.toml, with what the address has other than it.

Whatever the address says, there is a board: what can't be had is complained of in a sentence on the page.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

import msgspec

from ccplane.http.ports import Plane
from ccplane.http.wallboard_page.words import WORDS, Language
from ccplane.ids import QueueName
from ccplane.kpi.definitions import DEFINITIONS
from ccplane.site import Site
from ccplane.site.faults import did_you_mean
from ccplane.site.wallboard import CHARTS, FIGURES, PARTS, THEMES, USUAL, WallboardRule

TURN_S: Final = (2, 600)
MOST_SHOWN: Final = 40
"""Letters of a wrong value that are repeated to who wrote it."""
NOT_OURS: Final = ("lang", "token")
"""Parameters that are read elsewhere."""


class FigureShown(msgspec.Struct, frozen=True, rename={"more_is_worse": "moreIsWorse"}):
    """How a figure is called, what it means, and from where on it is a worry."""

    label: str
    meaning: str
    unit: str
    more_is_worse: bool
    warn: float | None = None
    alarm: float | None = None
    sound: str = "none"


class BoardShown(msgspec.Struct, frozen=True):
    """What the page's script is told. `queues`, `teams`, `skills`, `serving` empty: all. `turn`: ms. `complaints`: what
    of the address can't be."""

    name: str
    title: str
    theme: str
    queues: tuple[str, ...]
    teams: tuple[str, ...]
    skills: tuple[str, ...]
    serving: tuple[str, ...]
    tiles: tuple[str, ...]
    charts: tuple[str, ...]
    show: tuple[str, ...]
    wall: bool
    turn: int
    rows: int
    agents: int
    ticker: str
    figures: dict[str, FigureShown]
    complaints: tuple[str, ...]
    site: str
    page: str
    script: str
    """Where that lies which draws charts; empty where the pages were not built."""


class There(NamedTuple):
    """What an address may name: the site's queues, and the teams and skills of its agents."""

    queues: Collection[QueueName]
    teams: Collection[str] = ()
    skills: Collection[str] = ()


class Asked:
    """The address's parameters, judged one by one."""

    def __init__(self, given: Mapping[str, str], language: Language) -> None:
        self._given, self._words = given, WORDS[language]
        self.complaints: list[str] = []

    def complain(self, parameter: str, value: str, known: Collection[str]) -> None:
        shown = value if len(value) <= MOST_SHOWN else value[:MOST_SHOWN] + "…"
        meant = did_you_mean(value[:100], list(known)[:500]) if self._words is WORDS["en"] else _there_is(known)
        self.complaints.append(self._words["bad_value"].format(parameter=parameter, value=shown) + meant)

    def one(self, parameter: str, known: Collection[str], usual: str) -> str:
        value = self._given.get(parameter, "")
        if not value or value in known:
            return value or usual
        self.complain(parameter, value, known)
        return usual

    def some(self, parameter: str, known: Collection[str], usual: tuple[str, ...]) -> tuple[str, ...]:
        """`?tiles=waiting,answered`; with `none`, none."""
        given = self._given.get(parameter, "")
        values = tuple(dict.fromkeys(filter(None, (each.strip() for each in given.split(",")))))
        if values == ("none",) and "none" not in known:
            return ()
        good = tuple(each for each in values if each in known)
        for each in [each for each in values if each not in known][:3]:
            self.complain(parameter, each, known)
        return good or usual

    def seconds(self, parameter: str, usual_ms: int) -> int:
        value = self._given.get(parameter, "")
        least, most = TURN_S
        if value.isascii() and value.isdigit() and len(value) < 6 and least <= int(value) <= most:
            return int(value) * 1000
        if value:
            self.complain(parameter, value, [f"{least} … {most}"])
        return usual_ms

    def nobody(self, parameter: str, wanted: Collection[str], known: Collection[str]) -> None:
        """Of a file: people come and go, so that it is no fault there."""
        for each in [each for each in wanted if each not in known][:3]:
            self.complaints.append(self._words["nobody_of"].format(parameter=parameter, value=each))

    def unknown(self) -> None:
        for parameter in [each for each in self._given if each not in (*PARAMETERS, *NOT_OURS)][:3]:
            self.complain("?", parameter, PARAMETERS)


PARAMETERS: Final = (
    "board",
    "theme",
    "queues",
    "teams",
    "skills",
    "serving",
    "tiles",
    "charts",
    "show",
    "wall",
    "turn",
)


def language_asked(boards: Mapping[str, WallboardRule], given: Mapping[str, str]) -> str:
    """The language of the board that the address names, where the address itself says none."""
    rule = boards.get(given.get("board", "") or USUAL)
    return given.get("lang", "") or (rule.language if rule else "")


def board_asked(
    boards: Mapping[str, WallboardRule],
    there: There,
    given: Mapping[str, str],
    language: Language,
    *,
    site: str = "",
    page: str = "",
    script: str = "",
) -> BoardShown:
    asked = Asked(given, language)
    usual = boards.get(USUAL, WallboardRule())
    rule = boards.get(asked.one("board", (*boards, USUAL), USUAL), usual)
    rule = replace(
        rule,
        theme=asked.one("theme", THEMES, rule.theme),
        queues=tuple(QueueName(each) for each in asked.some("queues", there.queues, rule.queues)),
        teams=asked.some("teams", there.teams, rule.teams),
        skills=asked.some("skills", there.skills, rule.skills),
        serving=tuple(QueueName(each) for each in asked.some("serving", there.queues, rule.serving)),
        tiles=asked.some("tiles", FIGURES, rule.tiles),
        charts=asked.some("charts", CHARTS, rule.charts),
        show=asked.some("show", PARTS, rule.show),
        wall=asked.one("wall", ("0", "1"), "1" if rule.wall else "0") == "1",
        turn_ms=asked.seconds("turn", rule.turn_ms),
    )
    asked.unknown()
    asked.nobody("teams", rule.teams, there.teams)
    asked.nobody("skills", rule.skills, there.skills)
    return BoardShown(
        name=rule.name,
        title=_in(rule.title, language) or WORDS[language]["title"],
        theme=rule.theme,
        queues=rule.queues,
        teams=rule.teams,
        skills=rule.skills,
        serving=rule.serving,
        tiles=rule.tiles,
        charts=rule.charts,
        show=rule.show,
        wall=rule.wall,
        turn=rule.turn_ms,
        rows=rule.rows,
        agents=rule.agents,
        ticker=_in(rule.ticker, language),
        figures={name: _figure(rule, name, language) for name in FIGURES},
        complaints=tuple(asked.complaints),
        site=site,
        page=page,
        script=script,
    )


def _in(texts: Mapping[str, str], language: Language) -> str:
    return texts.get(language) or next(iter(texts.values()), "")


def _there_is(known: Collection[str]) -> str:
    return "：" + "、".join(list(known)[:12])


def _figure(rule: WallboardRule, name: str, language: Language) -> FigureShown:
    kind, threshold = FIGURES[name], rule.thresholds.get(name)
    return FigureShown(
        label=WORDS[language]["figures"][name],
        meaning=meaning(name, language),
        unit=kind.unit.value,
        more_is_worse=kind.more_is_worse,
        warn=threshold.warn if threshold else None,
        alarm=threshold.alarm if threshold else None,
        sound=threshold.sound if threshold else "none",
    )


MEANT_BY: Final = {"callbacks": "callbacks_open"}
"""Figures that the definitions have under another name."""


def meaning(name: str, language: Language) -> str:
    """What the figure is, by the one table of definitions; empty where that says nothing of it."""
    definition = DEFINITIONS.get(MEANT_BY.get(name, name))
    if definition is None:
        return ""
    called = definition.en if language == "en" else definition.zh
    return f"{called}: {definition.formula}" if language == "en" else f"{called}：{definition.formula}"


Boards = Callable[[], tuple[Mapping[str, WallboardRule], There, str]]
"""The boards of the site in force, what there is, and the site's hash."""


def boards_of(plane: Plane, site_of: Callable[[str], Site] | None) -> Boards:
    """`site_of`: the site that a hash stands for."""

    def boards() -> tuple[Mapping[str, WallboardRule], There, str]:
        state = plane.snapshot.state
        known = site_of(state.site).wallboards if site_of and state.site else {}
        profiles = [agent.profile for agent in state.agents.values()]
        teams = frozenset(profile.team for profile in profiles if profile.team)
        skills = frozenset(skill for profile in profiles for skill in profile.skills)
        return known, There(state.rules.queues, sorted(teams), sorted(skills)), state.site

    return boards
