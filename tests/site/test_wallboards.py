"""Boards of acd/wallboards.toml: what a file says is what a screen shows, and what odd files are told."""

from __future__ import annotations

import re

import pytest

from ccplane.site import check, parse
from ccplane.site.shapes import WallboardTable
from ccplane.site.wallboard import FIGURES, PARTS, Threshold, Unit, WallboardRule
from tests.site.sites import TOP, a_site, the_fault

PAGE = (TOP / "docs" / "wallboard.md").read_text()
FILE, *_ = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
QUEUES = "[sales]\nskills = {}\n[anyone]\nskills = {}\n[support]\nskills = {}\n"


def board(text: str) -> WallboardRule:
    (found,) = parse(a_site(queues=QUEUES, wallboards=text)).wallboards.values()
    return found


def test_the_file_on_the_page_is_the_board_that_it_says():
    sales = board(FILE)
    assert (sales.name, sales.theme, sales.language, sales.turn_ms) == ("sales", "dark", "zh-CN", 15_000)
    assert sales.queues == ("sales", "anyone")
    assert sales.thresholds == {
        "waiting": Threshold(3, 6, "alarm"),
        "longest_wait": Threshold(30_000, 60_000, "chime"),
        "service_level": Threshold(0.8, 0.6),
        "agents_ready": Threshold(2, 0),
    }


WRITTEN = {
    Unit.COUNT: "a number",
    Unit.TIME: '`"30s"`',
    Unit.SHARE: "percent",
    Unit.RATIO: "how many times",
    Unit.DELAY: '`"50ms"`',
}


def test_the_page_lists_every_key_and_every_figure_as_it_is_written():
    table = PAGE.split("## Figures")[0]
    for key in WallboardTable.model_fields:
        assert re.search(rf"^\| [^|]*`{key}`", table, re.M), key
    figures = PAGE.split("## Figures")[1].split("## ")[0]
    rows = {name: row for row in figures.splitlines() if row.startswith("| `") for name in re.findall(r"`(\w+)`", row)}
    for name, figure in FIGURES.items():
        assert rows[name].endswith("more |" if figure.more_is_worse else "less |"), name
        assert WRITTEN[figure.unit] in rows[name], name


def test_a_board_that_says_nothing_is_the_usual_one():
    assert board("[floor]\n") == WallboardRule(name="floor")
    assert WallboardRule().show == PARTS


def test_what_stands_twice_is_shown_once():
    assert board('[floor]\ntiles = ["waiting", "waiting"]\n').tiles == ("waiting",)


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("floor = 1\n", "wrong-type", "acd/wallboards.toml:1: floor: is a table: [floor] on a line of its own"),
        ("[floor]\ntheem = 1\n", "unknown-key", "…2: floor.theem: unknown key; did you mean `theme`?"),
        ('[floor]\ntheme = "drak"\n', "no-such-theme", "…2: floor.theme: unknown theme `drak`; did you mean `dark`?"),
        (
            '[floor]\nqueues = ["sales",\n"sopport"]\n',
            "no-such-queue",
            "…floor.queues[1]: there is no queue `sopport`; did you mean `support`?",
        ),
        ('[floor]\ntiles = ["waitng"]\n', "no-such-figure", "…2: floor.tiles[0]: unknown figure `waitng`; …"),
        ('[floor]\nturn = "1s"\n', "out-of-range", "…2: floor.turn: is at least 2s, not 1s"),
        ("[floor]\nrows = 0\n", "out-of-range", "…2: floor.rows: is at least 1, not 0"),
        (
            "[floor.thresholds]\nwaitin = { warn = 1 }\n",
            "no-such-figure",
            "…2: floor.thresholds.waitin: unknown figure `waitin`; did you mean `waiting`?",
        ),
        (
            "[floor.thresholds]\nlongest_wait = { warn = 30 }\n",
            "bad-threshold",
            '…2: floor.thresholds.longest_wait.warn: is a length of time with its unit, in quotes: "20s", "3m" or …',
        ),
        (
            '[floor.thresholds]\nlongest_wait = { warn = "soon" }\n',
            "bad-threshold",
            "…2: floor.thresholds.longest_wait.warn: …",
        ),
        (
            "[floor.thresholds]\nservice_level = { warn = 101 }\n",
            "bad-threshold",
            "…2: floor.thresholds.service_level.warn: is percent, a whole number from 0 to 100",
        ),
        (
            '[floor.thresholds]\nwaiting = { alarm = "6" }\n',
            "bad-threshold",
            "…2: floor.thresholds.waiting.alarm: is a whole number, 0 or more",
        ),
        (
            "[floor.thresholds]\nwaiting = { warn = 6, alarm = 3 }\n",
            "alarm-before-warning",
            "…2: floor.thresholds.waiting: more is worse here, and the alarm comes before it warns",
        ),
        (
            "[floor.thresholds]\nservice_level = { warn = 60, alarm = 80 }\n",
            "alarm-before-warning",
            "…2: floor.thresholds.service_level: less is worse here, and the alarm comes before it warns",
        ),
        (
            '[floor.thresholds]\nwaiting = { sound = "chime" }\n',
            "missing",
            "…2: floor.thresholds.waiting: says neither `warn` nor `alarm`",
        ),
        (
            '[floor.thresholds]\nwaiting = { warn = 1, sound = "gong" }\n',
            "no-such-sound",
            "…2: floor.thresholds.waiting.sound: unknown sound `gong`; …",
        ),
    ],
)
def test_a_fault_is_told_with_its_line_and_its_key(text, code, told):
    fault = the_fault(queues=QUEUES, wallboards=text)
    assert fault.code == code
    assert told.strip("…") in str(fault)


def test_a_threshold_that_nobody_sees_is_a_warning(tmp_path):
    text = '[floor]\ntiles = []\nshow = ["agents"]\n[floor.thresholds]\nwaiting = { warn = 1 }\n'
    for path, content in a_site(queues=QUEUES, wallboards=text).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(content)
    said = [line for line in check(tmp_path).lines() if "wallboards" in line]
    assert said == [
        "acd/wallboards.toml:5: floor.thresholds.waiting: warning: no tile of this board shows it, nor the table of "
        "its queues"
    ]


def test_a_site_without_the_file_has_no_boards():
    assert parse(a_site()).wallboards == {}
