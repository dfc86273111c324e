"""Reports as text for people, as CSV for spreadsheets, and as JSON for programs."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from ccplane.days import zone
from ccplane.kpi.definition import Definition
from ccplane.kpi.definitions import DEFINITIONS
from ccplane.kpi.measures import Figure
from ccplane.kpi.slices import By
from ccplane.reports.report import Interval, Report, Row
from ccplane.reports.tables import TABLES
from ccplane.reports.words import WORDS
from ccplane.spreadsheets import harmless

DASH: Final = "–"


def as_text(report: Report, language: str) -> str:
    """For people, in columns; CJK characters are taken to be twice as wide."""
    words, table = WORDS[language], TABLES[report.table]
    title = f"{named(table.en, table.zh, language)} · {words[report.by.value]} · {_span(report, words['to'])}"
    if not report.rows:
        return f"{title}\n\n{words['nothing']}\n"
    head = [words["interval"], *([] if report.by is By.SITE else [words[report.by.value]])]
    head += [named(DEFINITIONS[key].en, DEFINITIONS[key].zh, language) for key in report.columns]
    lines = [head]
    for row in report.rows:
        lines.append([_when(row, report), *_name(row, report, words["none"]), *_cells(report, row.figures)])
    lines.append(
        [
            words["total"] + "*" * report.provisional,
            *([] if report.by is By.SITE else [""]),
            *_cells(report, report.total),
        ]
    )
    said = [
        title,
        "",
        *lined_up(lines, len(head) - len(report.columns)),
        "",
        *notes(report, language),
        "",
        words["meaning"],
    ]
    said += [f"  {named(each.en, each.zh, language)}: {each.formula} (v{each.version})" for each in _meant(report)]
    return "\n".join(said) + "\n"


def notes(report: Report, language: str) -> list[str]:
    """What has to be said of its numbers."""
    words, balance = WORDS[language], report.balance
    said = [words["provisional"]] if report.provisional else []
    said += [words["corrected"]] if report.corrected else []
    said += [words["stays"], words["times"]]
    said += [words["skills"]] if report.by is By.SKILL else []
    said.append(words["balance"].format(entered=balance.entered, ended=balance.ended, waiting=balance.waiting))
    return said if balance.holds else [*said, words["unbalanced"]]


def as_csv(report: Report, language: str) -> str:
    """Raw numbers: ms, and fractions 0 to 1; nothing where there is no data. Times: ISO 8601, of the site's clock."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["from", "to", report.by.value, *report.columns, "provisional", "corrected_at"])
    for row in report.rows:
        began, ends = _iso(row.began_at, report), _iso(row.ends_at, report)
        corrected = "" if row.corrected_at is None else _iso(row.corrected_at, report)
        figures = ["" if each is None else each for each in row.figures]
        writer.writerow([began, ends, harmless(row.name), *figures, int(row.provisional), corrected])
    return out.getvalue()


def as_json(report: Report, language: str) -> str:
    """All of it, with what each column means."""
    plain: dict[str, Any] = msgspec.to_builtins(report)
    plain["definitions"] = {each.key: each._asdict() for each in _meant(report)}
    plain["notes"] = notes(report, language)
    plain["rows"] = [
        {**plain_row, "figures": dict(zip(report.columns, row.figures, strict=True)), "behind": _behind(report, row)}
        for plain_row, row in zip(plain["rows"], report.rows, strict=True)
    ]
    plain["total"] = dict(zip(report.columns, report.total, strict=True))
    return msgspec.json.format(msgspec.json.encode(plain), indent=1).decode() + "\n"


def _behind(report: Report, row: Row) -> str:
    """Where the API tells what a figure of this row was counted from."""
    cell = {"since": _utc(row.began_at), "until": _utc(row.ends_at), "by": report.by.value, "name": row.name}
    return f"/api/v1/reports/behind/{{figure}}?{urlencode(cell)}"


def _utc(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat().replace("+00:00", "Z")


def shown(figure: Figure, unit: str) -> str:
    """As people read it."""
    if figure is None:
        return DASH
    if unit == "fraction":
        return f"{100 * figure:.1f} %"
    if unit == "ms":
        seconds = round(figure / 1000)
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{figure:,}" if isinstance(figure, int) else f"{figure:,.1f}"


def _cells(report: Report, figures: Sequence[Figure]) -> list[str]:
    return [shown(each, DEFINITIONS[key].unit) for key, each in zip(report.columns, figures, strict=True)]


def _meant(report: Report) -> list[Definition]:
    return [DEFINITIONS[key] for key in report.columns]


def named(en: str, zh: str, language: str) -> str:
    return zh if language == "zh-CN" else en


def _name(row: Row, report: Report, none: str) -> list[str]:
    return [] if report.by is By.SITE else [row.name or none]


def local(at: int, report: Report) -> datetime:
    return datetime.fromtimestamp(at / 1000, zone(report.timezone))


def _iso(at: int, report: Report) -> str:
    return local(at, report).isoformat(timespec="seconds")


def moment(at: int, timezone: str) -> str:
    """ISO 8601, to the ms where it is not a whole second."""
    whole = "milliseconds" if at % 1000 else "seconds"
    return datetime.fromtimestamp(at / 1000, zone(timezone)).isoformat(timespec=whole)


def _span(report: Report, to: str) -> str:
    last = local(report.until - 1, report)
    first = f"{local(report.since, report):%Y-%m-%d}"
    days = first if first == f"{last:%Y-%m-%d}" else f"{first} {to} {last:%Y-%m-%d}"
    return f"{days} ({report.timezone})"


def _when(row: Row, report: Report) -> str:
    began, last = local(row.began_at, report), local(row.ends_at - 1, report)
    year = f"{began:%Y}-" if local(report.since, report).year != local(report.until - 1, report).year else ""
    marks = "*" * row.provisional + "+" * (row.corrected_at is not None)
    match report.interval:
        case Interval.QUARTER | Interval.HOUR:
            shift = f" {began:%z}" if began.utcoffset() != local(report.since, report).utcoffset() else ""
            return f"{year}{began:%m-%d %H:%M}{shift}{marks}"
        case Interval.MONTH if began.day == 1 and (last + timedelta(days=1)).day == 1:
            return f"{began:%Y-%m}{marks}"
        case Interval.DAY:
            return f"{began:%Y-%m-%d}{marks}"
        case Interval.WEEK | Interval.MONTH | Interval.WHOLE:
            ends = f"{last:%Y}-" if last.year != began.year else ""
            return f"{year}{began:%m-%d}–{ends}{last:%m-%d}{marks}"


def _wide(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def lined_up(lines: Sequence[Sequence[str]], labels: int) -> list[str]:
    """The first `labels` of each to the left, numbers to the right."""
    widths = [max(_wide(line[n]) for line in lines) for n in range(len(lines[0]))]
    return ["  ".join(_filled(cell, widths[n], n < labels) for n, cell in enumerate(line)).rstrip() for line in lines]


def _filled(cell: str, width: int, left: bool) -> str:
    pad = " " * (width - _wide(cell))
    return cell + pad if left else pad + cell
