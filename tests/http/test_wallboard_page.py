"""The wallboard's page: to whom it is served, that it needs nothing from elsewhere, and its words in both languages."""

from __future__ import annotations

import json
import re

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from ccplane.agents.agent import Shown
from ccplane.http.app import create_app
from ccplane.http.wallboard_page import BUILD, PAGES, SCRIPTS, page
from ccplane.http.wallboard_page.board import PARAMETERS, BoardShown, There, board_asked, language_asked, meaning
from ccplane.http.wallboard_page.words import WORDS, Language, language_of
from ccplane.ids import QueueName
from ccplane.settings import HOME
from ccplane.site import parse
from ccplane.site.wallboard import CHARTS, FIGURES, Threshold, WallboardRule
from tests.callflow.line import FILES as SITE_FILES
from tests.http.conftest import client_from
from tests.http.memory import TOKEN, Site

FILES = ("/wallboard", "/wallboard/wallboard.js", "/wallboard/wallboard.css")
SCRIPT = "".join((PAGES / f"{name}.js").read_text() for name in SCRIPTS)
JUDGED = (PAGES / "board.py").read_text() + (PAGES / "__init__.py").read_text()
NESTED = {"states", "figures", "charts"}
HTML = (PAGES / "wallboard.html").read_text()
QUEUES = (QueueName("sales"), QueueName("support"))
THERE = There(QUEUES, ("north", "south"), ("german",))
FLOOR = WallboardRule(
    name="floor",
    title={"en": "Floor"},
    language="zh-CN",
    show=("queues",),
    ticker={"en": "Be kind."},
    thresholds={"service_level": Threshold(0.8, 0.7), "longest_wait": Threshold(alarm=60_000)},
)
BOARDS = {"floor": FLOOR}
UNDEFINED = {"abandonment", "messages", "messages_overdue"}
"""Tiles whose words say all."""


def asked(parameters: dict[str, str], language: Language = "en") -> BoardShown:
    return board_asked(BOARDS, THERE, parameters, language)


STYLE = (PAGES / "wallboard.css").read_text()


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """One for all: who only reads changes nothing."""
    return create_app(Site().ports(), admin_token=TOKEN)


@pytest.mark.parametrize(
    ("path", "kind"), [*zip(FILES, ("text/html", "text/javascript", "text/css"), strict=True)], ids=FILES
)
async def test_from_this_machine_it_is_open_without_a_login(app, path, kind):
    async with client_from(app, "127.0.0.1", token=None) as here:
        answer = await here.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"


@pytest.mark.parametrize("path", FILES)
async def test_others_need_a_token_for_it_as_for_the_figures(admin, stranger, path):
    refused = await stranger.get(path)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthorised")
    assert (await admin.get(path)).status_code == 200


@pytest.mark.parametrize("path", FILES)
async def test_a_proxy_on_this_machine_opens_it_to_nobody(app, path):
    async with client_from(app, "127.0.0.1", token=None) as here:
        answer = await here.get(path, headers={"X-Forwarded-For": "192.0.2.7"})
    assert answer.status_code == 401


@pytest.mark.parametrize("path", FILES)
async def test_nothing_runs_but_our_own_script_and_nobody_may_frame_it(admin, path):
    headers = (await admin.get(path)).headers
    policy = dict(each.split(maxsplit=1) for each in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


async def test_the_page_asks_for_nothing_but_what_is_served_here(admin):
    text = (await admin.get("/wallboard")).text
    asked = set(re.findall(r'(?:src|href)="([^"?]+)"', text)) - {"data:,"}
    assert asked == {"/wallboard/wallboard.js", "/wallboard/wallboard.css"}
    assert "url(" not in STYLE
    assert "://" not in text + SCRIPT + STYLE
    assert not re.search(r"<script(?![^>]*(src=|application/json))|\son\w+=|style=", text)


def test_no_text_becomes_html():
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(", SCRIPT)


@pytest.mark.parametrize("language", list(WORDS))
def test_every_state_of_an_agent_has_a_word_and_a_colour(language):
    states = WORDS[language]["states"]
    assert list(states) == [state.value for state in Shown]
    assert len(set(states.values())) == len(Shown)
    for state in Shown:
        assert f'[data-state="{state}"] {{ --state: var(--{state}); }}' in STYLE
        assert STYLE.count(f"--{state}: #") == 3, "on white, on black, on black as the machine has it"


def test_the_words_for_the_states_are_the_glossarys():
    glossary = (HOME / "docs/glossary.md").read_text()
    for state in Shown:
        assert f"| {WORDS['en']['states'][state]} | {WORDS['zh-CN']['states'][state]} |" in glossary


def test_both_languages_say_the_same_things_and_each_is_used():
    english, chinese = WORDS["en"], WORDS["zh-CN"]
    assert english.keys() == chinese.keys()
    placeholder = re.compile(r"\{\w+\}")
    for name in english.keys() - NESTED:
        assert sorted(placeholder.findall(english[name])) == sorted(placeholder.findall(chinese[name]))
        told = re.search(rf"\${name}\b", HTML) or re.search(rf'words\.{name}\b|ost\("{name}"\)', SCRIPT)
        told = told or f'["{name}"]' in JUDGED
        assert told, f"nothing says {name!r}"
    assert {*re.findall(r"words\.(\w+)", SCRIPT), *re.findall(r'ost\("(\w+)"\)', SCRIPT)} <= english.keys()
    assert english["figures"].keys() == chinese["figures"].keys() == FIGURES.keys()
    assert english["charts"].keys() == chinese["charts"].keys() == set(CHARTS)


async def test_the_page_speaks_the_language_that_is_asked_for(admin):
    chinese = await admin.get("/wallboard", params={"lang": "zh-CN"})
    assert '<html lang="zh-CN"' in chinese.text
    assert "实时看板" in chinese.text
    assert chinese.headers["content-language"] == "zh-CN"
    assert chinese.headers["vary"] == "Accept-Language"
    english = await admin.get("/wallboard", headers={"Accept-Language": "fr, en;q=0.5, zh;q=0.1"})
    assert '<html lang="en"' in english.text
    data = re.search(r'id="words">(.*?)</script>', english.text).group(1)
    assert json.loads(data) == WORDS["en"]


@pytest.mark.parametrize(
    ("asked", "accepted", "spoken"),
    [
        ("", "", "en"),
        ("zh-CN", "en", "zh-CN"),
        ("zh_cn", "en", "zh-CN"),
        ("en", "zh-CN", "en"),
        ("xx", "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("", "en;q=0.3, zh-TW;q=0.7", "zh-CN"),
        ("", "zh;q=0, en;q=0.1", "en"),
        ("", "zh;q=much", "en"),
        ("", ";;q=,,;", "en"),
        ("<script>", "*", "en"),
        ("", "fr-FR, de", "en"),
    ],
)
def test_a_language_is_found_whatever_was_sent(asked, accepted, spoken):
    assert language_of(asked, accepted) == spoken


def test_words_can_not_end_the_element_they_stand_in(monkeypatch):
    monkeypatch.setitem(WORDS, "en", {**WORDS["en"], "title": "</script><b>", "queues": "<i>&"})
    made = page("en", asked({"board": "</script><u>"}))
    assert not {"<b>", "<i>", "<u>"} & set(re.findall("<[biu]>", made))
    assert made.count("</script>") == 3


def test_a_board_is_as_the_file_has_it_but_for_what_the_address_says():
    parameters = {"board": "floor", "theme": "dark", "tiles": "waiting,agents_ready", "turn": "5", "queues": "support"}
    shown = asked(parameters)
    assert (shown.name, shown.theme, shown.turn, shown.complaints) == ("floor", "dark", 5_000, ())
    assert (shown.tiles, shown.queues) == (("waiting", "agents_ready"), ("support",))
    assert (shown.title, shown.ticker, shown.show) == ("Floor", "Be kind.", ("queues",))
    assert (shown.figures["service_level"].warn, shown.figures["service_level"].alarm) == (0.8, 0.7)
    assert shown.figures["longest_wait"].alarm == 60_000


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"board": "flor"}, "The address asks for board “flor”, which there is none of; did you mean `floor`?"),
        ({"theme": "drak"}, "The address asks for theme “drak”, which there is none of; did you mean `dark`?"),
        ({"queues": "suport,sales"}, "…queues “suport”, which there is none of; did you mean `support`?"),
        ({"tiles": "waitin"}, "…tiles “waitin”, which there is none of; did you mean `waiting`?"),
        ({"show": "agent"}, "…show “agent”, which there is none of; did you mean `agents`?"),
        ({"turn": "1"}, "…turn “1”, which there is none of; there is `2 … 600`"),
        ({"turn": "９"}, "…turn “９”, which there is none of; there is `2 … 600`"),
        ({"them": "dark"}, "…? “them”, which there is none of; did you mean `theme`?"),
        ({"board": "x" * 999}, f"…board “{'x' * 40}…”, which there is none of; there is `default` and `floor`"),
    ],
)
def test_what_an_address_asks_for_in_vain_is_said_and_there_is_a_board_all_the_same(parameters, complaint):
    shown = asked(parameters)
    assert shown.complaints[0].endswith(complaint.removeprefix("…"))
    assert shown.tiles


def test_complaints_are_chinese_where_the_page_is():
    (said,) = asked({"theme": "drak"}, "zh-CN").complaints
    assert said == "地址中的 theme“drak”不存在：auto、light、dark"


@given(st.dictionaries(st.sampled_from([*PARAMETERS, "x"]), st.text(max_size=60), max_size=5))
def test_whatever_the_address_says_there_is_a_board(parameters):
    for language in WORDS:
        shown = asked(parameters, language)
        assert set(shown.tiles) <= FIGURES.keys()
        assert set(shown.queues) <= set(QUEUES)
        assert page(language, shown).count("</script>") == 3


def test_a_board_of_a_language_is_in_it_unless_the_address_says_another():
    assert language_asked(BOARDS, {"board": "floor"}) == "zh-CN"
    assert language_asked(BOARDS, {"board": "floor", "lang": "en"}) == "en"
    assert language_asked(BOARDS, {}) == ""


def test_each_figure_that_is_defined_says_what_it_means_in_the_pages_language():
    assert "A_T ÷ (A + B" in asked({}).figures["service_level"].meaning
    assert asked({}, "zh-CN").figures["service_level"].meaning.startswith("服务水平：")
    assert {name for name in FIGURES if not name.startswith("agents") and not meaning(name, "en")} <= UNDEFINED


async def test_the_page_holds_the_board_of_the_site_in_force():
    site = Site()
    site.files = parse(SITE_FILES | {"acd/wallboards.toml": '[floor]\ntheme = "dark"\n'})
    async with client_from(create_app(site.ports(), admin_token=TOKEN)) as admin:
        text = (await admin.get("/wallboard", params={"board": "floor"})).text
        shown = (await admin.get("/api/v1/wallboard")).json()
    assert 'data-theme="dark"' in text
    told = json.loads(re.search(r'id="board">(.*?)</script>', text).group(1))
    assert (told["name"], told["complaints"], told["page"]) == ("floor", [], BUILD)
    assert told["site"] == site.plane.snapshot.state.site
    assert (shown["page"], shown["site"]) == (told["page"], told["site"])


def contrast(one: str, other: str) -> float:
    """By WCAG 2."""
    dark, bright = sorted(map(luminance, (one, other)))
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1, 2], ids=["light", "dark", "dark by the machine"])
def test_every_text_has_the_contrast_of_wcag_aa(theme):
    block = re.findall(r":root[^{]*\{([^}]*)\}", STYLE)[theme]
    colours = dict(re.findall(r"--([\w-]+): (#\w+);", block))
    grounds = {"ink": ("page", "card"), "faint": ("page", "card"), "alarm-ink": ("alarm",), "warn-ink": ("warn",)}
    grounds |= {str(state): ("page", "card") for state in Shown}
    for text, on in grounds.items():
        for ground in on:
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
