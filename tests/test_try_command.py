"""`ccplane try`: a program in the terminal, with typed keys and no PBX."""

from __future__ import annotations

from typing import get_args

import pytest
from click.testing import CliRunner

from ccplane.cli import main
from ccplane.contacts.verbs import Done, Result, Verb
from ccplane.settings import HOME
from ccplane.site import parse, read
from ccplane.testing.trial import OUTCOMES, RESULTS, Trial, named, outcomes

DEMO = read(HOME)


def tried(*arguments: str, typed: str | None = None) -> tuple[int, list[str]]:
    done = CliRunner().invoke(main, ["try", *arguments], input=typed)
    return done.exit_code, done.output.splitlines()


def with_program(tmp_path, monkeypatch, body: str) -> None:
    for path, text in (
        DEMO | {"ari_apps/mine.py": f"from ccplane import *\n\nasync def main(call):\n    {body}\n"}
    ).items():
        if not path.endswith(".wav"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
    monkeypatch.setenv("CCPLANE_SITE", str(tmp_path))


def test_a_word_that_is_neither_a_number_nor_a_program_is_a_mistake_and_not_the_defaults_business():
    code, said = tried("front_dor", "--script", "-")
    assert code == 2
    assert "did you mean `front_door`?" in " ".join(said)
    assert tried("4999", "--script", "-")[0] == 0, "a number that nobody listed is the default's"


def test_each_verb_is_said_and_keys_and_outcomes_lead_on():
    code, said = tried("4001", "--script", "2 timed-out")
    assert code == 0
    assert said[0] == "4001: program front_door (ari_apps/front_door.py), language en"
    assert said[1].startswith("  1  asks «welcome» 'Welcome. For sales, press 1.")
    assert said[2:4] == ["  2  notes a choice of menu main, key 2, name support", "  3  waits in queue support"]
    assert said[4].startswith("  4  plays «nobody-free»")
    assert said[-1] == "the program has ended: the call is hung up (cause 16)."


def test_a_program_that_fails_before_its_main_is_told_with_file_and_line(tmp_path, monkeypatch):
    with_program(tmp_path, monkeypatch, "pass\n\nMOST = 1 // 0")
    code, said = tried("mine", "--script", "-")
    assert (code, said[-1]) == (2, "FAILED: ari_apps/mine.py:6: ZeroDivisionError: integer division or modulo by zero.")


def test_what_is_typed_is_asked_for_where_it_is_needed_and_h_hangs_up():
    code, said = tried("4001", typed="2\nnonsense\nh\n")
    assert code == 0
    assert any("'nonsense' is none of served, no-agents, timed-out" in line for line in said)
    assert said[-1].endswith("the caller has hung up.")


def test_keys_typed_ahead_answer_the_questions_to_come():
    _, said = tried("orders", "--script", "14711# served:1003")
    assert "  4  notes name order, value 4711" in said


def test_silence_is_an_answer():
    _, said = tried("4001", "--script", "- - served")
    assert "  4  waits in queue anyone" in said


def test_the_trace_shows_verb_result_and_the_line_that_awaits_it():
    _, said = tried("call_me_back", "--trace", "--from", "5550100", "--script", "1 1 1 promised")
    assert any(line.strip().startswith("ari_apps/call_me_back.py:") and "AskCallback(" in line for line in said)
    assert "     Promised(callback='callback')" in said


def test_another_language_and_caller_are_what_the_program_sees():
    _, said = tried(
        "call_me_back", "--language", "zh-CN", "--from", "5550100", "--script", "1 1 1 not-promised:do-not-call h"
    )
    assert "坐席正忙" in said[1]
    assert "  7  promises to call back, in queue support, number 5550100" in said


def test_a_program_that_fails_is_told_with_its_line_and_by_the_exit_code(tmp_path, monkeypatch):
    with_program(tmp_path, monkeypatch, "1 / 0")
    assert tried("mine") == (
        2,
        [
            "mine: program mine (ari_apps/mine.py), language en",
            "FAILED: ari_apps/mine.py:4: ZeroDivisionError: division by zero.",
        ],
    )


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("await call.play('wel' + 'com')", "ari_apps/mine.py:4: There is no prompt 'welcom' in ivr/prompts.toml."),
        ("while True: await call.play('welcome')", "ari_apps/mine.py:4: asked for more than 2000 verbs in one call."),
    ],
)
def test_what_programs_must_not_is_told(tmp_path, monkeypatch, body, sentence):
    with_program(tmp_path, monkeypatch, body)
    code, said = tried("mine")
    assert code == 2
    assert said[-1].endswith(sentence)


def test_a_script_with_a_word_that_means_nothing_is_refused():
    code, said = tried("4001", "--script", "2 servd")
    assert code == 2
    assert "--script: at step 3, 'servd' is none of served" in said[-1]


def test_a_number_of_nobody_is_taken_by_the_default():
    assert "4999 is neither in ivr/numbers.toml nor a program: the default takes it." in tried("4999")[1]


def test_whatever_verb_there_is_can_be_tried_and_whatever_result_be_named():
    for verb in get_args(Verb):
        assert set(outcomes(verb)) <= set(RESULTS), verb
    assert set(OUTCOMES) <= set(get_args(Verb))
    trial = Trial(parse(DEMO), "4001")
    for kind in get_args(Result):
        assert isinstance(trial.result(named(kind)), kind)
    assert named(Done) == "done"


@pytest.mark.parametrize(
    ("typed", "noted"), [("open", "Open(closes_at=None, reason='')"), ("closed:New", "Closed(reason='New', opens_at=")]
)
def test_whether_it_is_open_is_said_by_who_tries_it(tmp_path, monkeypatch, typed, noted):
    with_program(tmp_path, monkeypatch, "await call.set_data('it', repr(await call.hours('day')))")
    (tmp_path / "ivr/hours.toml").write_text('[day]\nmon-sun = "08:00-18:00"\n')
    assert any(noted in line for line in tried("mine", "--script", typed)[1])


def test_keys_typed_ahead_of_a_wrong_answer_are_forgotten_as_in_a_call():
    _, said = tried("4001", "--script", "42 1 served")
    assert any(line.endswith("name sales") for line in said)


def test_a_number_of_a_pattern_is_one_of_the_site():
    numbers = DEMO["ivr/numbers.toml"] + '\n["021555XX"]\nprogram = "balance"\n'
    trial = Trial(parse(DEMO | {"ivr/numbers.toml": numbers}), "02155512")
    assert (trial.listed, trial.program) == (True, "balance")


def test_a_program_that_does_not_let_go_of_who_hung_up_is_a_failure_that_is_told(tmp_path, monkeypatch):
    body = "for _ in range(3):\n        try: await call.queue('support')\n        except BaseException: pass"
    with_program(tmp_path, monkeypatch, body)
    code, said = tried("mine", "--script", "h")
    assert code == 2
    assert said[-1].startswith("FAILED: ")


NUMBER = '\n[4900]\nprogram = "front_door"\nhours = "day"\nclosed = "voicemail"\nwithheld = "sorry"\n'
DAY = '[day]\nmon-sun = "09:00-18:00"\ndays.2026-10-01 = { hours = "closed", reason = "fair" }\n'


@pytest.fixture
def with_hours(tmp_path, monkeypatch):
    """A number with hours, a program for when they are over, and one for who shows no number."""
    files = DEMO | {"ivr/numbers.toml": DEMO["ivr/numbers.toml"] + NUMBER, "ivr/hours.toml": DAY}
    files["acd/site.toml"] = 'timezone = "Asia/Shanghai"\n'
    files["ari_apps/front_door.py"] = (
        "from ccplane import *\n\nasync def main(call):\n"
        '    await call.set_data("now", type(await call.hours("day")).__name__)\n'
    )
    for path, text in files.items():
        if not path.endswith(".wav"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
    monkeypatch.setenv("CCPLANE_SITE", str(tmp_path))


@pytest.mark.parametrize(
    ("more", "takes"),
    [
        (("--at", "2026-11-23T10:00"), "program front_door (ari_apps/front_door.py), language en; "
            "hours `day` are open"),
        (("--at", "2026-11-23T20:00"), "program voicemail (ari_apps/voicemail.py), language en, "
            "by `closed`, for hours `day` are closed"),
        (("--at", "2026-10-01T10:00"), "program voicemail (ari_apps/voicemail.py), language en, "
            "by `closed`, for hours `day` are closed (fair)"),
        (("--at", "2026-11-23T10:00", "--withheld"), "program sorry (ari_apps/sorry.py), language en, "
            "by `withheld`, for the caller shows no number; hours `day` are open"),
        (("--at", "2026-11-23T20:00", "--withheld"), "program voicemail (ari_apps/voicemail.py), language en, "
            "by `closed`, for hours `day` are closed"),
        (("--at", "2026-11-23T10:00Z",), "program voicemail (ari_apps/voicemail.py), language en, "
            "by `closed`, for hours `day` are closed"),
    ],
)  # fmt: skip
def test_the_program_is_the_one_that_would_take_the_call_then_and_it_is_said_why(with_hours, more, takes):
    _, said = tried("4900", "--script", "", *more)
    assert said[0] == f"4900: {takes}"


def test_at_a_given_moment_hours_are_not_asked_for_but_looked_up(with_hours):
    code, said = tried("4900", "--at", "2026-11-23T10:00")
    assert code == 0
    assert said[2] == "  2  notes name now, value Open"


def test_a_moment_that_is_none_is_told():
    code, said = tried("4001", "--at", "noon")
    assert code != 0
    assert "--at is 'noon', which is no moment" in " ".join(said)


def test_a_look_up_gives_what_is_said_before_or_what_is_typed(tmp_path):
    (tmp_path / "order.json").write_text('{"state": "sent", "on": "2026-11-20"}')
    code, said = tried("4011", "--script", "4711#", "--look-up", f"orders={tmp_path / 'order.json'}")
    assert code == 0
    assert any("«order-sent-on»" in line for line in said)
    assert "  3  looks up name orders, order 4711," in " ".join(said)
    for answer, prompt in (
        ("not-found", "no-such-order"),
        ('found:{"state":"packing"}', "order-in-work"),
        ("look-up-failed", "waits in queue support"),
    ):
        _, typed = tried("4011", "--script", f"4711# {answer} served")
        assert any(prompt in line for line in typed), answer
    _, failed = tried("4011", "--script", "4711# served", "--look-up", "orders=failed:timeout", "--trace")
    assert "     LookUpFailed(why='timeout', status=None)" in failed


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("order=x", "has no look-up `order`; did you mean `orders`?"),
        ("orders", "nothing cannot be read"),
        ("orders=nowhere.json", "nowhere.json cannot be read"),
        ("orders=pyproject.toml", "pyproject.toml is not JSON"),
    ],
)
def test_an_answer_that_is_none_is_told(given, told):
    code, said = tried("4011", "--look-up", given)
    assert code == 2
    assert told in " ".join(" ".join(said).split())


def test_who_wants_one_agent_is_told_in_a_line_and_only_what_can_come_of_that_is_asked_for():
    _, said = tried("4009", "--script", "1001 served:1001")
    assert said[2] == "  2  waits in queue support, agent 1001, wait_ms 30000"
    _, typed = tried("4009", typed="1001\nh\n")
    assert any("served | not-reached?" in line for line in typed)


def test_the_times_that_a_caller_may_choose_are_those_that_a_call_would_be_offered():
    _, said = tried("4005", "--at", "2026-11-23T15:44", "--script", "1 2 5551234# 1 2 promised")
    (promised,) = [line for line in said if "promises to call back" in line]
    assert "not_before 1795456800000, until 1795464000000" in promised, "not a window that begins within half an hour"
