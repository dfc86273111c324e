"""The wallboard's page: to whom it is served, that it needs nothing from elsewhere, and its words in both languages."""

from __future__ import annotations

import json
import re

import pytest
from fastapi import FastAPI

from ccplane.agents.agent import Shown
from ccplane.http import wallboard_page
from ccplane.http.app import create_app
from ccplane.http.wallboard_page import PAGES, WORDS, language_of, page
from ccplane.settings import HOME
from tests.http.conftest import client_from
from tests.http.memory import TOKEN, Site

FILES = ("/wallboard", "/wallboard/wallboard.js", "/wallboard/wallboard.css")
SCRIPT = (PAGES / "wallboard.js").read_text()
HTML = (PAGES / "wallboard.html").read_text()
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
        assert STYLE.count(f"--{state}: #") == 2, "one colour on white, one on black"


def test_the_words_for_the_states_are_the_glossarys():
    glossary = (HOME / "docs/glossary.md").read_text()
    for state in Shown:
        assert f"| {WORDS['en']['states'][state]} | {WORDS['zh-CN']['states'][state]} |" in glossary


def test_both_languages_say_the_same_things_and_each_is_used():
    english, chinese = WORDS["en"], WORDS["zh-CN"]
    assert english.keys() == chinese.keys()
    placeholder = re.compile(r"\{\w+\}")
    for name in english.keys() - {"states"}:
        assert placeholder.findall(english[name]) == placeholder.findall(chinese[name])
        told = re.search(rf"\${name}\b", HTML) or re.search(rf'words\.{name}\b|lose\("{name}"\)', SCRIPT)
        assert told, f"nothing says {name!r}"
    assert {*re.findall(r"words\.(\w+)", SCRIPT), *re.findall(r'lose\("(\w+)"\)', SCRIPT)} <= english.keys()


async def test_the_page_speaks_the_language_that_is_asked_for(admin):
    chinese = await admin.get("/wallboard", params={"lang": "zh-CN"})
    assert '<html lang="zh-CN">' in chinese.text
    assert "实时看板" in chinese.text
    assert chinese.headers["content-language"] == "zh-CN"
    assert chinese.headers["vary"] == "Accept-Language"
    english = await admin.get("/wallboard", headers={"Accept-Language": "fr, en;q=0.5, zh;q=0.1"})
    assert '<html lang="en">' in english.text
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
    monkeypatch.setitem(wallboard_page.WORDS, "en", {**WORDS["en"], "title": "</script><b>", "queues": "<i>&"})
    made = page("en")
    assert "<b>" not in made
    assert "<i>" not in made
    assert made.count("</script>") == 2
