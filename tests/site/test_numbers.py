"""What an operator may say of the numbers that callers dial, and how each slip is told."""

from __future__ import annotations

import pytest

from ccplane.site import parse
from ccplane.site.parse import examine
from tests.site.sites import a_site, faults

HOURS = {"ivr/hours.toml": '[main]\nmon-fri = "09:00-18:00"\n'}
TOP = 'default = "sorry"\n[4001]\nprogram = "front"\n'


def numbers(more: str) -> dict[str, str]:
    return a_site(numbers=TOP + more) | HOURS


def test_a_number_is_as_it_is_listed_else_of_the_most_exact_pattern_else_the_default():
    site = parse(
        numbers(
            '["40XX"]\nprogram = "front"\nattribution = "wide"\n["402*"]\nprogram = "front"\nattribution = "radio"\n'
            '["4021X"]\nprogram = "front"\nattribution = "spring"\n["+49*"]\nprogram = "front"\n'
            'attribution = "abroad"\n'
        )
    )
    found = {each: site.number(each).attribution for each in ("4001", "4002", "402", "40277", "40210", "+4930", "555")}
    assert found == {
        "4001": "", "4002": "wide", "402": "radio", "40277": "radio", "40210": "spring", "+4930": "abroad", "555": "",
    }  # fmt: skip
    assert site.number("40210").number == "40210"
    assert site.number("555").program == "sorry"


def test_a_number_has_another_program_while_it_is_closed():
    site = parse(numbers('hours = "main"\nclosed = "sorry"\n'))
    monday = 1_795_424_400_000  # 2026-11-23 09:00 UTC
    programs = [site.rules.number_at("4001", monday + minutes * 60_000).program for minutes in (-1, 0, 539, 540)]
    assert programs == ["sorry", "front", "front", "sorry"]
    assert site.number("4001").program == "front"


@pytest.mark.parametrize(
    ("more", "code", "key", "sentence"),
    [
        ('hours = "main"', "closed-missing", "4001.hours", "Give `closed`, the program that takes the calls then"),
        ('closed = "sorry"', "hours-missing", "4001.closed", "it never closes: say when, with `hours`"),
        ('hours = "mian"\nclosed = "sorry"', "no-such-hours", "4001.hours", "did you mean `main`?"),
        ('hours = "main"\nclosed = "sory"', "no-such-program", "4001.closed", "did you mean `sorry`?"),
        ('["4XX"]\nprogram = "front"', "bad-number", "4XX", "for many at once at least two digits"),
        ('["40*1"]\nprogram = "front"', "bad-number", '"40*1"', "at the end * for whatever follows"),
        ("[4002]", "missing", "4002.program", "is missing"),
        ('[4002]\nprogram = "nowhere"', "no-such-program", "4002.program", "there is no program `nowhere`"),
    ],
)
def test_a_slip_is_told_with_its_key(more, code, key, sentence):
    [fault] = faults(numbers(more + "\n"))
    assert (fault.path, fault.code, fault.key) == ("ivr/numbers.toml", code, key)
    assert sentence in fault.sentence


def test_a_pattern_that_takes_an_agents_number_is_told():
    _, findings = examine(numbers('["10*"]\nprogram = "front"\n'))
    warned = [each for each in findings.warnings if each.code == "number-of-agent"]
    assert [each.key for each in warned] == ['"10*"'] * 3
    assert "is also 1001, the id of an agent" in warned[0].sentence
