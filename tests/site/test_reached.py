"""What `ccplane check` finds in menus, numbers and programs together: where nobody comes to, where callers get lost."""

from __future__ import annotations

import pytest

from ccplane.site import parse
from ccplane.site.files import read
from ccplane.site.parse import examine
from tests.site.sites import TOP as HOUSE
from tests.site.sites import a_site, faults

SORRY = "async def main(call):\n    await call.hang_up()\n"
RUNS = 'async def main(call):\n    await call.run("{}")\n'


def warned(**changed: str) -> list[tuple[str, str, str]]:
    site, findings = examine(a_site(**changed))
    assert site is not None, findings.faults
    return [(each.path, each.code, each.key) for each in findings.warnings]


def test_a_program_that_nothing_leads_to_is_told():
    assert warned(lonely=SORRY) == [("ari_apps/lonely.py", "not-reached", "")]


@pytest.mark.parametrize(
    "numbers",
    [
        '[4002]\nprogram = "lonely"\n',
        '["40*"]\nprogram = "lonely"\n',
        '[4002]\nprogram = "front"\nwithheld = "lonely"\n',
    ],
)
def test_a_program_that_a_number_names_is_reached(numbers):
    assert warned(lonely=SORRY, numbers='default = "sorry"\n[4001]\nprogram = "front"\n' + numbers) == []


def test_a_program_that_a_key_or_a_reached_program_names_is_reached():
    menu = 'prompt = "welcome"\nno_input = "1"\n[keys]\n1 = { queue = "support" }\n2 = { program = "lonely" }\n'
    assert warned(lonely=SORRY, main=menu) == []
    assert warned(first=RUNS.format("second"), second=SORRY) == [
        ("ari_apps/first.py", "not-reached", ""),
        ("ari_apps/second.py", "not-reached", ""),
    ]
    assert warned(first=RUNS.format("second"), second=SORRY, sorry=RUNS.format("first")) == []


def test_where_a_program_computes_what_it_runs_nobody_can_say_what_is_reached():
    assert warned(lonely=SORRY, sorry="async def main(call):\n    await call.run(call.attribution)\n") == []


def test_programs_that_run_each_other_round_are_told_once():
    _, findings = examine(a_site(sorry=RUNS.format("first"), first=RUNS.format("second"), second=RUNS.format("first")))
    (told,) = findings.warnings
    assert (told.path, told.code) == ("ari_apps/first.py", "runs-round")
    assert "first → second → first" in told.sentence


def test_a_key_that_leads_back_in_a_menu_that_none_leads_to_is_told():
    menu = 'prompt = "welcome"\nno_input = "1"\n\n[keys]\n1 = { queue = "support" }\n"#" = { action = "back" }\n'
    assert warned(main=menu) == [("ivr/main.toml", "back-nowhere", 'keys."#".action')]
    _, findings = examine(a_site(main=menu))
    assert findings.warnings[0].line == 6


def test_a_key_that_leads_back_in_a_menu_that_another_leads_to_is_not():
    files = a_site(
        main='prompt = "welcome"\nno_input = "1"\n[keys]\n1 = { queue = "support" }\n2 = { menu = "more" }\n'
    ) | {"ivr/more.toml": 'prompt = "welcome"\nno_input = "1"\n[keys]\n1 = {}\n"#" = { action = "back" }\n'}
    assert examine(files)[1].warnings == []


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"main": 'prompt = "welcome"\nno_input = "1"\n[keys]\n1 = {}\n1 = {}\n'}, ("ivr/main.toml", 5, "1")),
        (
            {"numbers": 'default = "sorry"\n[4001]\nprogram = "front"\n[4001]\nprogram = "front"\n'},
            ("ivr/numbers.toml", 4, "4001"),
        ),
    ],
)
def test_a_key_or_a_number_given_twice_is_told_with_its_line(changed, where):
    fault = next(each for each in faults(a_site(**changed)) if each.code == "not-toml")
    assert (fault.path, fault.line, fault.key) == where


def test_a_prompt_without_a_text_in_a_language_that_callers_are_spoken_to_in_is_told():
    (fault,) = faults(a_site(numbers='default = "sorry"\nlanguage = "zh-CN"\n[4001]\nprogram = "front"\n'))
    assert (fault.path, fault.line, fault.code, fault.key) == ("ivr/prompts.toml", 1, "text-missing", "welcome")
    assert "has no text in zh-CN" in fault.sentence


def test_callers_who_show_no_number_have_a_program_of_their_own_where_the_file_says_so():
    numbers = 'default = "sorry"\n[4001]\nprogram = "front"\nwithheld = "sorry"\n[4002]\nprogram = "front"\n'
    rules = parse(a_site(numbers=numbers)).rules
    shown = {caller: rules.number_at("4001", 0, caller).program for caller in ("", "anonymous", "+8613800138000", "7")}
    assert shown == {"": "sorry", "anonymous": "sorry", "+8613800138000": "front", "7": "front"}
    assert rules.number_at("4002", 0, "").program == "front"


def test_the_demo_has_nothing_to_be_told():
    site, findings = examine(read(HOUSE))
    assert site is not None
    assert findings.warnings == []


def test_a_program_that_a_function_beside_main_runs_is_reached():
    beside = 'async def main(call):\n    await ask(call)\n\nasync def ask(call):\n    await call.run("lonely")\n'
    assert warned(lonely=SORRY, sorry=beside) == []


def test_prompts_of_a_recording_that_are_not_there_are_faults_and_not_found_out_by_a_caller():
    body = 'async def main(call):\n    await call.record_message("say-it", box="sales", review="keep-it")\n'
    _, findings = examine(a_site(sorry=body))
    assert [(each.code, each.line) for each in findings.faults] == [("no-such-prompt", 2)] * 2


PUTS_THROUGH = "async def main(call):\n    await call.transfer(agent='1001'{})\n"


@pytest.mark.parametrize(
    ("queue", "changed", "key"),
    [
        ("", {}, ["call.transfer"]),
        (", queue='support'", {}, []),
        ("", {"site": 'default_queue = "support"\n'}, []),
        ("", {"numbers": 'default = "sorry"\n[4001]\nprogram = "front"\nqueue = "support"\n'}, []),
        (
            "",
            {"numbers": 'default = "sorry"\n[4001]\nprogram = "front"\n[4002]\nprogram = "front"\n'},
            ["call.transfer"],
        ),
    ],
)
def test_a_transfer_to_an_agent_as_of_no_queue_is_told_once_where_a_number_leads_to_it(queue, changed, key):
    menu = {"main": 'prompt = "welcome"\nno_input = "1"\n[keys]\n1 = { program = "front" }\n'}
    told = warned(front=PUTS_THROUGH.format(queue), **changed, **menu)
    assert [each[2] for each in told if each[1] == "no-queue"] == key


def test_a_transfer_in_a_program_that_another_runs_is_told_too():
    told = warned(front=RUNS.format("second"), second=PUTS_THROUGH.format(""))
    assert ("ari_apps/second.py", "no-queue", "call.transfer") in told
