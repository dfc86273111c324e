"""The folders at the top of the house are a site: without fault, with the numbers and agents that people rely on."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ccplane.callflow.call import Call, CallerGone
from ccplane.callflow.loader import load
from ccplane.contacts.contact import opened
from ccplane.contacts.facts import ContactArrived
from ccplane.contacts.verbs import (
    Answer,
    Done,
    EnterQueue,
    Gather,
    HangUp,
    NoAgents,
    NoInput,
    Play,
    Pressed,
    Result,
    Served,
    TimedOut,
    Verb,
)
from ccplane.ids import AgentId
from ccplane.site import Report, Site, check
from tests.site.sites import TOP

README_LINES = 40
SERVED = Served(AgentId("1001"))


@pytest.fixture(scope="module")
def report() -> Report:
    return check(TOP)


@pytest.fixture(scope="module")
def demo(report: Report) -> Site:
    assert report.site, "\n".join(report.lines())
    return report.site


def test_it_is_without_fault_and_without_warning(report: Report):
    assert report.lines() == []


@pytest.mark.parametrize("folder", ["ari_apps", "ivr", "acd"])
def test_each_folder_opens_with_a_short_readme_that_says_how_to_check_it(folder: str):
    text = (TOP / folder / "README.md").read_text()
    assert len(text.splitlines()) <= README_LINES
    assert "ccplane check" in text


def test_its_numbers_are_those_people_rely_on(demo: Site):
    numbers = {number: (each.program, each.queue) for number, each in demo.rules.numbers.items()}
    assert numbers == {
        "4001": ("front_door", None),
        "4002": ("straight_to_queue", "support"),
        "4003": ("straight_to_queue", "sales"),
    }
    assert demo.number("5550000").program == "sorry"


def test_its_menu_is_1_sales_2_support_0_anyone_which_is_taken_after_one_retry(demo: Site):
    menu = demo.menu("main")
    assert {key: entry.queue for key, entry in menu.keys.items()} == {"1": "sales", "2": "support", "0": "anyone"}
    assert (menu.tries, menu.fallback.queue) == (2, "anyone")


def test_its_queues_have_no_wrap_up_and_no_longest_wait(demo: Site):
    queues = demo.rules.queues
    assert set(queues) == {"support", "sales", "anyone"}
    assert {(queue.wrap_up_ms, queue.max_wait_ms) for queue in queues.values()} == {(0, None)}


def test_its_agents_are_1001_to_1020_and_each_can_serve_every_queue(demo: Site):
    assert [agent.id for agent in demo.agents] == [str(number) for number in range(1001, 1021)]
    for queue in demo.rules.queues.values():
        assert all(queue.widest.met_by(agent.skills) for agent in demo.agents)


def test_it_has_two_shared_seats_of_which_one_answers_by_itself(demo: Site):
    assert [(seat.id, seat.shared, seat.auto_answer) for seat in demo.seats] == [
        ("2001", True, True),
        ("2002", True, False),
    ]


def test_it_speaks_english_and_chinese(demo: Site):
    assert {frozenset(prompt.texts) for prompt in demo.prompts.values()} == {frozenset({"en", "zh-CN"})}


def test_it_has_an_apology_for_when_ccplane_is_not_there(demo: Site):
    assert demo.apology


# -------------------------------------------------------------------------------------------- what its programs ask for


def asked(site: Site, dialled: str, results: Sequence[Result]) -> list[Verb]:
    """The verbs of the program behind a number, each answered by the next of `results`, until it ends."""
    number = site.number(dialled)
    arrived = ContactArrived(
        at=1, contact="c-1", node="n", channel="ch", number_dialled=dialled, caller="", caller_name="",
        language=number.language, attribution=number.attribution, switch_at=1, site=site.hash,
    )  # fmt: skip
    program = load(site, number.program)(Call(opened(arrived), site))
    verbs = []
    try:
        verbs.append(program.send(None))
        for result in results:
            verbs.append(program.send(result))
    except (StopIteration, CallerGone):
        pass
    finally:
        program.close()
    return verbs


def asks_for_a_key(site: Site, *prompts: str) -> Gather:
    return Gather(tuple(site.sound(prompt, "en") for prompt in prompts), 5_000)


def says(site: Site, prompt: str) -> Play:
    return Play((site.sound(prompt, "en"),))


def test_who_dials_4002_waits_for_support_at_once(demo: Site):
    assert asked(demo, "4002", [SERVED]) == [EnterQueue("support")]


def test_who_dials_4003_waits_for_sales_at_once(demo: Site):
    assert asked(demo, "4003", [SERVED]) == [EnterQueue("sales")]


@pytest.mark.parametrize(("key", "queue"), [("1", "sales"), ("2", "support"), ("0", "anyone")])
def test_who_dials_4001_chooses_by_a_key(demo: Site, key: str, queue: str):
    assert asked(demo, "4001", [Pressed(key), SERVED]) == [asks_for_a_key(demo, "welcome"), EnterQueue(queue)]


def test_who_presses_nothing_is_asked_once_more_and_then_gets_anyone(demo: Site):
    question = asks_for_a_key(demo, "welcome")
    assert asked(demo, "4001", [NoInput(), NoInput(), SERVED]) == [question, question, EnterQueue("anyone")]


def test_who_presses_a_key_that_is_not_there_is_told_so(demo: Site):
    question, again = asks_for_a_key(demo, "welcome"), asks_for_a_key(demo, "not-understood", "welcome")
    assert asked(demo, "4001", [Pressed("7"), Pressed("1"), SERVED]) == [question, again, EnterQueue("sales")]


@pytest.mark.parametrize("outcome", [NoAgents(), TimedOut()])
@pytest.mark.parametrize("number", ["4001", "4002"])
def test_who_cannot_be_served_hears_so(demo: Site, number: str, outcome: Result):
    before = [Pressed("1")] if number == "4001" else []
    assert asked(demo, number, [*before, outcome, Done()])[-1] == says(demo, "nobody-free")


def test_who_dials_anything_else_hears_an_apology_and_is_hung_up_politely(demo: Site):
    assert asked(demo, "5550000", [Done(), Done(), Done()]) == [Answer(), says(demo, "apology"), HangUp(16)]
