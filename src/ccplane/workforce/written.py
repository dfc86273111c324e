"""Figures of agents' time as text for people, as CSV for spreadsheets, and as JSON for programs."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ccplane.kpi.definition import Definition
from ccplane.kpi.slices import By
from ccplane.kpi.workforce_definitions import WORKFORCE
from ccplane.spreadsheets import harmless
from ccplane.workforce.asked import Figures
from ccplane.workforce.made import Number

MEANINGS: Final = {each.key: each for each in WORKFORCE}
WORDS: Final = {
    "en": {
        "site": "site",
        "team": "team",
        "agent": "agent",
        "title": "Agents' time",
        "to": "to",
        "none": "(none)",
        "provisional": "* provisional: it may still change",
        "missing": "–: figures are missing, or there is nothing to divide by",
        "meaning": "What they mean:",
    },
    "zh-CN": {
        "site": "全站",
        "team": "班组",
        "agent": "客服代表",
        "title": "人员指标",
        "to": "至",
        "none": "（无）",
        "provisional": "* 暂定值：仍可能变化",
        "missing": "–：缺少数据，或没有可除的数",
        "meaning": "各项含义：",
    },
}


def as_text(figures: Figures, language: str) -> str:
    """For people: of the site a line a number, else a line a group."""
    words = WORDS[language]
    days = f"{figures.first}" + ("" if figures.first == figures.last else f" {words['to']} {figures.last}")
    names = [_named(MEANINGS[key], language) for key in figures.columns]
    head = [words[figures.by.value], *names]
    lines = [
        [_name(row.name, figures.by, words) + "*" * row.provisional, *_cells(figures, row.figures)]
        for row in figures.rows
    ]
    if figures.by is By.SITE:
        table = _lined_up([list(each) for each in zip(head, *lines, strict=True)][1:])
        table += ["*"] if any(row.provisional for row in figures.rows) else []
    else:
        table = _lined_up([head, *lines])
    said = [f"{words['title']} · {words[figures.by.value]} · {days}", "", *table, ""]
    said += [words["provisional"]] if any(row.provisional for row in figures.rows) else []
    said += [words["missing"]] if any(None in row.figures for row in figures.rows) else []
    said += ["", words["meaning"]]
    said += [f"  {_named(each, language)}: {each.formula} (v{each.version})" for each in _meant(figures)]
    return "\n".join(said) + "\n"


def as_csv(figures: Figures, language: str) -> str:
    """Raw numbers: ms, fractions, money; nothing where there is no number."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["from", "to", figures.by.value, *figures.columns, "provisional"])
    for row in figures.rows:
        cells = ["" if each is None else each for each in row.figures]
        writer.writerow([figures.first, figures.last, harmless(row.name), *cells, int(row.provisional)])
    return out.getvalue()


def as_json(figures: Figures, language: str) -> str:
    """All of it, with what each column means."""
    return msgspec.json.format(msgspec.json.encode(told(figures)), indent=1).decode() + "\n"


def told(figures: Figures) -> dict[str, Any]:
    """As the API has it."""
    plain: dict[str, Any] = msgspec.to_builtins(figures)
    for row in plain["rows"]:
        row["figures"] = dict(zip(figures.columns, row["figures"], strict=True))
    return {**plain, "definitions": {each.key: each._asdict() for each in _meant(figures)}}


def shown(number: Number, unit: str) -> str:
    """As people read it."""
    if number is None:
        return "–"
    if unit == "fraction":
        return f"{100 * number:.1f} %"
    if unit == "ms":
        seconds = round(number / 1000)
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{number:,.2f}"


def _cells(figures: Figures, numbers: Sequence[Number]) -> list[str]:
    return [shown(each, MEANINGS[key].unit) for key, each in zip(figures.columns, numbers, strict=True)]


def _meant(figures: Figures) -> list[Definition]:
    return [MEANINGS[key] for key in figures.columns]


def _named(each: Definition, language: str) -> str:
    return each.zh if language == "zh-CN" else each.en


def _name(name: str, by: By, words: dict[str, str]) -> str:
    return words["site"] if by is By.SITE else name or words["none"]


def _lined_up(lines: Sequence[Sequence[str]]) -> list[str]:
    """The first cell of each to the left, numbers to the right; CJK characters are twice as wide."""
    widths = [max(_wide(line[n]) for line in lines) for n in range(len(lines[0]))]
    return [
        "  ".join(
            cell + " " * (widths[n] - _wide(cell)) if n == 0 else " " * (widths[n] - _wide(cell)) + cell
            for n, cell in enumerate(line)
        ).rstrip()
        for line in lines
    ]


def _wide(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
