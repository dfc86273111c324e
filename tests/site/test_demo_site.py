"""The folders at the top of the house are a site: without fault, with the numbers and agents that people rely on."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from ccplane.callflow.call import Call, CallerGone
from ccplane.callflow.loader import load
from ccplane.contacts.evolve import opened
from ccplane.contacts.facts import ContactArrived
from ccplane.contacts.verbs import (
    Answer,
    AskPin,
    Choose,
    Done,
    EnterQueue,
    Failed,
    Gather,
    HangUp,
    Here,
    LookHere,
    NoAgents,
    NoInput,
    Play,
    Pressed,
    Proven,
    Refused,
    Result,
    Served,
    SetData,
    SetIntent,
    SetLanguage,
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


def test_the_dialplan_lets_the_same_emergency_numbers_out_while_ccplane_is_not_there(demo: Site):
    text = (TOP / "dialplan" / "calls.conf").read_text().split("[ccplane-phone-fallback]")[1]
    assert tuple(re.findall(r"exten => (\d+),1,Dial\(PJSIP/\1@trunk", text)) == demo.rules.dialling.emergency


def test_its_numbers_are_those_people_rely_on(demo: Site):
    numbers = {number: (each.program, each.queue) for number, each in demo.rules.numbers.items()}
    assert numbers == {
        "4001": ("front_door", None),
        "4002": ("straight_to_queue", "support"),
        "4003": ("straight_to_queue", "sales"),
        "*45": ("sign_in", None),
        "*46": ("pause", None),
        "4004": ("orders", None),
        "4005": ("call_me_back", "support"),
        "4006": ("balance", None),
        "4007": ("voicemail", None),
        "4008": ("on_call", None),
        "4009": ("extension", None),
        "4010": ("meeting", None),
        "4011": ("order_status", "support"),
        "4013": ("rated_support", None),
        "4014": ("fax_line", None),
    }
    assert demo.number("5550000").program == "sorry"


def test_its_menu_is_1_sales_2_support_9_a_message_0_anyone_which_is_taken_after_one_retry(demo: Site):
    menu = demo.menu("main")
    queues = {key: entry.queue for key, entry in menu.keys.items() if entry.queue}
    assert queues == {"1": "sales", "2": "support", "0": "anyone"}
    assert menu.keys["9"].voicemail == "general"
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
    """The verbs of the program behind a number, each answered by the next of `results`, until it ends; but for what is
    heard where a sound is missing."""
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
    return [replace(verb, otherwise=()) if isinstance(verb, Play | Gather) else verb for verb in verbs]


def asks_for_a_key(site: Site, *prompts: str, fresh: bool = False) -> Gather:
    return Gather(tuple(site.sound(prompt, "en") for prompt in prompts), 5_000, fresh=fresh)


def says(site: Site, prompt: str) -> Play:
    return Play((site.sound(prompt, "en"),))


def test_who_dials_4002_waits_for_support_at_once(demo: Site):
    assert asked(demo, "4002", [SERVED]) == [EnterQueue("support")]


def test_who_dials_4003_waits_for_sales_at_once(demo: Site):
    assert asked(demo, "4003", [SERVED]) == [EnterQueue("sales")]


@pytest.mark.parametrize(("key", "queue"), [("1", "sales"), ("2", "support"), ("0", "anyone")])
def test_who_dials_4001_chooses_by_a_key(demo: Site, key: str, queue: str):
    verbs = asked(demo, "4001", [Pressed(key), Done(), SERVED])
    assert verbs == [asks_for_a_key(demo, "welcome"), Choose("main", key, queue), EnterQueue(queue)]


def test_who_presses_nothing_is_asked_once_more_and_then_gets_anyone(demo: Site):
    question = asks_for_a_key(demo, "welcome")
    verbs = asked(demo, "4001", [NoInput(), NoInput(), Done(), SERVED])
    assert verbs == [question, question, Choose("main", "0", "anyone"), EnterQueue("anyone")]


def test_who_presses_a_key_that_is_not_there_is_told_so(demo: Site):
    question = asks_for_a_key(demo, "welcome")
    again = asks_for_a_key(demo, "not-understood", "welcome", fresh=True)
    verbs = asked(demo, "4001", [Pressed("5"), Pressed("1"), Done(), SERVED])
    assert verbs == [question, again, Choose("main", "1", "sales"), EnterQueue("sales")]


def test_who_dials_4001_may_go_on_in_chinese_and_back_from_the_second_level(demo: Site):
    verbs = asked(
        demo, "4001", [Pressed("8"), Done(), Done(), Pressed("3"), Done(), Pressed("#"), Done(), Pressed("0"), Done()]
    )
    welcome, more = (Gather((demo.sound(prompt, "zh-CN"),), 5_000) for prompt in ("welcome", "more"))
    assert verbs == [
        asks_for_a_key(demo, "welcome"),
        Choose("main", "8", "中文"),
        SetLanguage("zh-CN"),
        welcome,
        Choose("main", "3", "more"),
        more,
        Choose("more", "#"),
        welcome,
        Choose("main", "0", "anyone"),
        EnterQueue("anyone"),
    ]


def test_who_dials_4004_gives_an_orders_number_which_the_agent_will_see(demo: Site):
    verbs = asked(demo, "4004", [Pressed("1"), Done(), Pressed("12345678"), Done(), SERVED])
    assert verbs[2:] == [
        Gather((demo.sound("order-number", "en"),), 5_000, longest=8, ends_with="#"),
        SetData("order", "12345678"),
        EnterQueue("support"),
    ]


@pytest.mark.parametrize("outcome", [NoAgents(), TimedOut()])
@pytest.mark.parametrize("number", ["4001", "4002"])
def test_who_cannot_be_served_hears_so(demo: Site, number: str, outcome: Result):
    before = [Pressed("1"), Done()] if number == "4001" else []
    assert asked(demo, number, [*before, outcome, Done()])[-1] == says(demo, "nobody-free")


def test_who_dials_anything_else_hears_an_apology_and_is_hung_up_politely(demo: Site):
    assert asked(demo, "5550000", [Done(), Done(), Done()]) == [Answer(), says(demo, "apology"), HangUp(16)]


# ------------------------------------------------------------------------------------------------ what agents dial: *45

ANA = AgentId("1001")
OWN = Here(seat="1001", shared=False, owner=ANA, agent=ANA, state="offline")
SHARED = Here(seat="2001", shared=True, owner=None, agent=None, state="offline")
ID = [Pressed(key) for key in "1001#"]
ELSEWHERE = Failed("the call does not come from a phone of ours")


def signs_in(agent: str = "1001") -> SetIntent:
    return SetIntent(AgentId(agent), "ready", sit=True)


def asks_for_pin(site: Site, agent: str = "1001") -> AskPin:
    return AskPin(AgentId(agent), (site.sound("your-pin", "en"),), 30_000)


def test_who_dials_star_45_at_their_own_phone_is_signed_in_at_once(demo: Site):
    assert asked(demo, "*45", [OWN, Done(), Done()]) == [LookHere(), signs_in(), says(demo, "signed-in")]


@pytest.mark.parametrize("state", ["ready", "paused"])
@pytest.mark.parametrize("here", [OWN, SHARED])
def test_who_dials_it_again_is_signed_out_without_a_question(demo: Site, here: Here, state: str):
    there = replace(here, agent=ANA, state=state)
    assert asked(demo, "*45", [there, Done(), Done()]) == [
        LookHere(),
        SetIntent(ANA, "offline"),
        says(demo, "signed-out"),
    ]


def test_who_dials_it_at_a_shared_seat_is_asked_for_id_and_pin(demo: Site):
    verbs = asked(demo, "*45", [SHARED, *ID, Proven(ANA), Done(), Done()])
    prompt, *more = [verb for verb in verbs if isinstance(verb, Gather)]
    assert prompt.sounds == (demo.sound("your-id", "en"),)
    assert {each.sounds for each in more} == {()}, "once the first key came nothing more is said"
    assert [verb for verb in verbs if not isinstance(verb, Gather)] == [
        LookHere(),
        asks_for_pin(demo),
        signs_in(),
        says(demo, "signed-in"),
    ]


def test_who_gives_a_wrong_pin_is_asked_again_three_times_in_all(demo: Site):
    wrong = [*ID, Refused("wrong-pin")]
    verbs = asked(demo, "*45", [SHARED, *wrong, Done(), *wrong, Done(), *wrong, Done()])
    assert [verb for verb in verbs if isinstance(verb, AskPin)] == [asks_for_pin(demo)] * 3
    assert [verb for verb in verbs if isinstance(verb, Play)] == [says(demo, "wrong-pin")] * 3
    assert [verb.sounds for verb in verbs if isinstance(verb, Gather) and verb.sounds] == [
        (demo.sound("your-id", "en"),)
    ] * 3
    assert not any(isinstance(verb, SetIntent) for verb in verbs)
    assert verbs[-1] == says(demo, "wrong-pin")
    verbs = asked(demo, "*45", [SHARED, *wrong, *ID, Proven(ANA), Done(), Done()])
    assert verbs[-1] == says(demo, "signed-in")


def test_whose_pin_is_locked_hears_so_and_that_is_all(demo: Site):
    verbs = asked(demo, "*45", [SHARED, *ID, Refused("pin-locked"), Done()])
    assert verbs[-1] == says(demo, "pin-locked")


@pytest.mark.parametrize("keys", [[NoInput()], [Pressed("1"), Pressed("*")], [Pressed("#")]])
def test_who_gives_no_id_is_asked_again(demo: Site, keys: list[Result]):
    verbs = asked(demo, "*45", [SHARED, *keys, *keys, *ID, Proven(ANA), Done(), Done()])
    assert signs_in() in verbs


@pytest.mark.parametrize(
    ("why", "prompt"),
    [("seat-taken", "seat-taken"), ("agent-busy", "agent-busy"), ("no-such-seat", "not-possible")],
)
def test_who_cannot_sit_there_hears_why(demo: Site, why: str, prompt: str):
    assert asked(demo, "*45", [OWN, Refused(why), Done()])[-1] == says(demo, prompt)


@pytest.mark.parametrize("number", ["*45", "*46"])
@pytest.mark.parametrize("here", [ELSEWHERE, replace(OWN, owner=None, agent=None)])
def test_a_phone_that_is_nobodys_can_neither_sign_in_nor_pause(demo: Site, number: str, here: Result):
    assert not any(isinstance(verb, SetIntent) for verb in asked(demo, number, [here, Done()]))


def test_who_dials_star_46_is_paused_and_then_ready_again(demo: Site):
    assert asked(demo, "*46", [replace(OWN, state="ready"), Done(), Done()])[1:] == [
        SetIntent(ANA, "paused", "*46"),
        says(demo, "paused"),
    ]
    assert asked(demo, "*46", [replace(OWN, state="paused"), Done(), Done()])[1:] == [
        SetIntent(ANA, "ready"),
        says(demo, "ready-again"),
    ]
    assert asked(demo, "*46", [OWN, Done()])[1:] == [says(demo, "nobody-signed-in")]
