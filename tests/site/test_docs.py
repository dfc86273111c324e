"""What the documentation shows is true: its examples are a site, and its messages are those that are printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ccplane.agents.wrap_up import WrapUp
from ccplane.callflow.call import Call
from ccplane.callflow.loader import load
from ccplane.contacts.announce import Way
from ccplane.contacts.evolve import opened
from ccplane.contacts.facts import ContactArrived, MissCause
from ccplane.contacts.verbs import Done, EnterQueue, Pressed, SetData
from ccplane.routing.misses import MissRule
from ccplane.site import check, parse, read
from tests.site.sites import TOP

PAGE = (TOP / "docs" / "site.md").read_text()
FILES = re.compile(r"\*\*`([^`]+)`\*\*\n\n```\w+\n(.*?)```", re.S)
EXAMPLE = dict(FILES.findall(PAGE))
ARRIVED = ContactArrived(
    at=1, contact="c-1", node="n", channel="ch", number_dialled="4002", caller="", caller_name="",
    language="en", attribution="", switch_at=1, site="",
)  # fmt: skip


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.S)


def printed(folder: Path, files: dict[str, str]) -> list[str]:
    for path, text in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    return check(folder).lines()


def test_the_files_on_the_page_are_a_site_without_fault(tmp_path: Path):
    assert printed(tmp_path, EXAMPLE) == []


def test_the_site_on_the_page_is_what_the_page_says():
    site = parse(EXAMPLE)
    assert site.number("+862112345678").queue == "support"
    assert [step.for_ms for step in site.rules.queues["support"].steps] == [20_000, None]
    assert site.rules.queues["sales"].wrap_up == WrapUp(30_000, extend_ms=30_000, most_ms=180_000)
    assert site.menu("main").fallback.queue == "support"
    assert len(site.agents) == 11


def test_the_team_on_the_page_is_rung_all_at_once():
    (team,) = [block for block in blocks(TOP / "docs" / "site.md", "toml") if "[workshop]" in block]
    site = parse(EXAMPLE | {"acd/queues.toml": EXAMPLE["acd/queues.toml"] + team})
    assert site.rules.queues["workshop"].ring_at_once is None


def test_the_hotline_on_the_page_whispers_in_both_languages_to_everybody():
    (hotline,) = [block for block in blocks(TOP / "docs" / "site.md", "toml") if "[hotline]" in block]
    site = parse(EXAMPLE | {"acd/queues.toml": EXAMPLE["acd/queues.toml"] + hotline})
    queue = site.rules.queues["hotline"]
    said = {each.language: (each.uri, each.text) for each in site.whispers["hotline"].renderings()}
    assert {language: uri for language, (uri, _) in said.items()} == queue.whisper
    assert said["zh-CN"][1] == "热线来电"
    assert queue.whisper_all
    assert {uri for uri, _ in said.values()} <= {each.uri for each in site.all_prompts()}, "they are rendered"


def test_the_missed_offers_on_the_page_are_rules():
    missed = next(block for block in blocks(TOP / "docs" / "site.md", "toml") if "[missed.rejected]" in block)
    rules = parse(EXAMPLE | {"acd/site.toml": missed}).rules
    assert rules.missed == {
        MissCause.REJECTED: MissRule(rest_ms=30_000, limit=2),
        MissCause.AUTO_ANSWER_FAILED: MissRule(limit=1),
    }
    assert rules.auto_answer_ms == 4_000


def test_the_steps_on_the_page_are_a_queue():
    gold = next(block for block in blocks(TOP / "docs" / "site.md", "toml") if "[gold]" in block)
    site = parse(EXAMPLE | {"acd/queues.toml": EXAMPLE["acd/queues.toml"] + gold})
    steps = site.rules.queues["gold"].steps
    assert [bool(step.agents or step.last_agent_ms) for step in steps] == [True, True, False, False, False]


def test_the_queue_on_the_page_that_is_taken_away_has_a_place_for_its_callers():
    moved = next(block for block in blocks(TOP / "docs" / "site.md", "toml") if "removed_queues" in block)
    assert parse(EXAMPLE | {"acd/site.toml": moved}).rules.queue_for("orders") == "sales"


def test_the_typos_on_the_page_are_told_as_the_page_says(tmp_path: Path):
    typos = next(block for block in blocks(TOP / "docs" / "site.md", "toml") if "stratgy" in block)
    fault, warning = re.findall(r"```\n(acd/.*?)\n```", PAGE)
    sales = "[sales]\nskills = { sales = 1 }\n"
    assert printed(tmp_path, EXAMPLE | {"acd/queues.toml": typos + sales})[0] == fault
    assert printed(tmp_path, {"acd/queues.toml": typos.replace("stratgy", "strategy") + sales}) == [warning]


@pytest.mark.parametrize(
    ("readme", "language", "number", "path", "also"),
    [
        ("acd", "toml", 0, "acd/queues.toml", "[sales]\nskills = {}\n[anyone]\nskills = {}\n"),
        ("acd", "toml", 1, "acd/agents.toml", ""),
        ("ivr", "toml", 0, "ivr/main.toml", ""),
        ("ari_apps", "python", 0, "ari_apps/front_door.py", ""),
    ],
)
def test_the_examples_of_the_folders_own_pages_hold(readme: str, language: str, number: int, path: str, also: str):
    example = blocks(TOP / readme / "README.md", language)[number]
    assert parse(read(TOP) | {path: example + also})


def test_the_voices_on_the_page_can_be():
    (voices,) = (block for block in blocks(TOP / "docs" / "site.md", "toml") if "piper" in block)
    spoken = {each.voice.engine for each in parse(EXAMPLE | {"ivr/voices.toml": voices}).all_prompts()}
    assert spoken == {"espeak-ng", "piper"}


def test_the_program_on_the_page_gathers_what_the_page_says():
    site = parse(EXAMPLE)
    program = load(site, site.number("4002").program)(Call(opened(ARRIVED), site))
    asked = program.send(None)
    assert (asked.longest, asked.ends_with, asked.between_ms) == (8, "#", 4_000)
    assert program.send(Pressed("4711")) == SetData("order", "4711")
    assert program.send(Done()) == EnterQueue("support")
    program.close()


def test_every_key_of_a_menu_and_of_an_entry_is_on_the_page():
    from ccplane.site.shapes import EntryTable, MenuTable

    for key in [*MenuTable.model_fields, *EntryTable.model_fields]:
        assert f"`{key}`" in PAGE, key


def test_every_key_of_a_queue_is_on_the_page():
    from ccplane.site.shapes import QueueTable

    for key in QueueTable.model_fields:
        assert f"| `{key}` |" in PAGE


def test_every_key_of_a_seat_is_on_the_page():
    from ccplane.site.shapes import SeatTable

    for key in SeatTable.model_fields:
        assert f"| `{key}` |" in PAGE


def test_the_waiting_on_its_page_is_a_queue_a_program_and_prompts_that_are_rendered():
    page = dict(
        re.findall(r"\*\*`([^`]+)`\*\*\n\n```\w+\n(.*?)```", (TOP / "docs" / "while-waiting.md").read_text(), re.S)
    )
    prompts = EXAMPLE["ivr/prompts.toml"] + page.pop("ivr/prompts.toml")
    site = parse(EXAMPLE | page | {"ivr/prompts.toml": prompts})
    plan = site.rules.queues["support"].announce
    assert plan.keys == {"1": Way(callback=True), "2": Way(queue="sales"), "3": Way(name="voicemail")}
    texts = {each.uri: each.text for each in site.all_prompts() if each.language == "en"}
    said = site.rules.sayings["en"]
    assert [texts[uri] for uri in said.positions[:2]] == ["You are next.", "There are 2 callers up to and with you."]
    assert [texts[uri] for uri in said.minutes[:2]] == [
        "You will wait less than a minute.",
        "You will wait less than 2 minutes.",
    ]
    assert texts[plan.messages[0]["en"]].startswith("Did you know?")
    program = load(site, "patient")(Call(opened(ARRIVED), site))
    asked = program.send(None)
    assert (asked.announce.every_ms, asked.announce.keys) == (30_000, {"2": Way(name="voicemail")})
    program.close()
