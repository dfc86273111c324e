"""What an operator may say of limits, overflows and hours, and how each slip is told."""

from __future__ import annotations

import pytest

from ccplane.errors import ProgramError
from ccplane.routing.hours import Span
from ccplane.site import parse
from ccplane.site.parse import examine
from tests.site.sites import a_site, faults, parsed, the_fault

HOURS = '[main]\nmon-fri = "08:00-18:00"\nsat = ["09:00-12:00", "13:00-14:00"]\n'
SALES = "[sales]\nskills = { support = 1 }\n"


def queues(more: str, others: str = SALES) -> str:
    return f"[support]\nskills = {{ support = 1 }}\n{more}\n{others}"


def with_hours(text: str, more: str = 'hours = "main"') -> dict[str, str]:
    return a_site(queues=queues(more)) | {"ivr/hours.toml": text}


def test_limits_are_read():
    text = 'most_waiting = 20\nwaiting_per_agent = 2.5\nlongest_wait = "2m"\noverflow = "sales"\nno_agents = "sales"'
    queue = parsed(queues=queues(text)).rules.queues["support"]
    assert (queue.most_waiting, queue.waiting_per_agent, queue.longest_wait_ms) == (20, 2.5, 120_000)
    assert (queue.overflow, queue.no_agents, queue.at_closing) == ("sales", "sales", "finish")


def test_hours_are_read_on_the_clock_of_the_sites_zone():
    files = with_hours(HOURS, 'hours = "main"\nat_closing = "program"') | {
        "acd/site.toml": 'timezone = "Europe/Berlin"'
    }
    site = parse(files)
    hours = site.hours("main")
    assert hours.week[0] == Span(480, 1080)
    assert hours.week[-2:] == (Span(5 * 1440 + 540, 5 * 1440 + 720), Span(5 * 1440 + 780, 5 * 1440 + 840))
    assert {shift.offset for shift in hours.shifts} == {3_600_000, 7_200_000}
    assert site.rules.queues["support"].hours == "main"
    with pytest.raises(ProgramError, match="no hours 'night'"):
        site.hours("night")


@pytest.mark.parametrize(
    ("line", "spans"),
    [
        ('fri-mon = "10:00-11:00"', [0, 4, 5, 6]),
        ('wed = "10:00-11:00"', [2]),
    ],
)
def test_days_may_go_over_the_weeks_end(line, spans):
    week = parse(with_hours(f"[main]\n{line}\n")).hours("main").week
    assert [span.opens // 1440 for span in week] == spans


def test_a_night_and_a_whole_week_can_be_written():
    assert parse(with_hours('[main]\nsun = "22:00-06:00"\n')).hours("main").week == (
        Span(6 * 1440 + 1320, 7 * 1440 + 360),
    )
    assert parse(with_hours('[main]\nmon-sun = "00:00-24:00"\n')).hours("main").week == (Span(0, 7 * 1440),)


@pytest.mark.parametrize(
    ("more", "code", "sentence"),
    [
        ('overflow = "sale"\nmost_waiting = 3', "no-such-queue", "there is no queue `sale`; did you mean `sales`?"),
        ('no_agents = "nobody"', "no-such-queue", "there is no queue `nobody`"),
        ('hours = "main"', "no-such-hours", "there is no hours `main`"),
        ('at_closing = "sales"', "hours-missing", "it never closes: say when, with `hours`"),
        ("most_waiting = 0", "out-of-range", "is at least 1, not 0"),
        ("most_waiting = -3", "out-of-range", "is at least 1, not -3"),
        ('repeat = { within = "24h" }', "missing", "is missing"),
        ('repeat = { within = "0s", credit = "90s" }', "out-of-range", "is at least 1s, not 0s"),
        ('longest_wait = "0s"', "out-of-range", "is at least 1s, not 0s"),
    ],
)
def test_a_slip_in_a_limit_is_told(more, code, sentence):
    fault = the_fault(queues=queues(more))
    assert fault.code == code
    assert sentence in fault.sentence
    assert fault.line == (4 if "\n" in more and code != "no-such-queue" else 3)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[main]\nmon = "8-18"\n', "bad-hours"),
        ('[main]\nmon = "08:00-08:00"\n', "bad-hours"),
        ('[main]\nmon = "08:00-25:00"\n', "bad-hours"),
        ("[main]\nmon = 8\n", "bad-hours"),
        ('[main]\nmonday = "08:00-18:00"\n', "bad-day"),
        ('[main]\nmon-fry = "08:00-18:00"\n', "bad-day"),
        ('[main]\nmon-fri = "08:00-18:00"\nwed = "08:00-12:00"\n', "hours-twice"),
        ('[main]\nsun = "22:00-06:00"\nmon = "05:00-12:00"\n', "hours-twice"),
        ("[main]\n", "empty"),
        ('mon = "08:00-18:00"\n', "wrong-type"),
    ],
)
def test_a_slip_in_the_hours_is_told(text, code):
    told = faults(with_hours(text, ""))
    assert [(fault.path, fault.code) for fault in told] == [("ivr/hours.toml", code)]


@pytest.mark.parametrize("way", ["overflow", "no_agents"])
def test_overflows_that_lead_round_are_a_fault_and_their_way_is_told(way):
    round_trip = (
        f'[sales]\nskills = {{}}\n{way} = "third"\nmost_waiting = 1\n'
        f'[third]\nskills = {{}}\n{way} = "support"\nmost_waiting = 1\n'
    )
    fault = the_fault(queues=queues(f'{way} = "sales"\nmost_waiting = 1', round_trip))
    assert fault.code == "overflow-cycle"
    assert fault.sentence == "leads round: support → sales → third → support"
    assert (fault.line, fault.key) == (3, f"support.{way}")


def test_a_queue_that_overflows_into_itself_is_a_fault():
    assert the_fault(queues=queues('overflow = "support"\nmost_waiting = 1')).code == "overflow-cycle"


def test_two_that_lead_to_a_third_are_no_cycle():
    third = '[sales]\nskills = {}\noverflow = "third"\nmost_waiting = 1\n[third]\nskills = {}\n'
    assert parsed(queues=queues('overflow = "third"\nmost_waiting = 1\nno_agents = "sales"', third))


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ('overflow = "sales"', "limit-missing"),
        ('longest_wait = "3m"\nmax_wait = "2m"', "limit-never-reached"),
    ],
)
def test_what_is_legal_and_suspicious_is_warned_of(more, code):
    _, findings = examine(a_site(queues=queues(more)))
    assert [warning.code for warning in findings.warnings] == [code]


GROUP = """
[[support.groups]]
name   = "back-office"
skills = { support = 3 }
open   = { longest_wait = "60s", service_level = 60 }
close  = { longest_wait = "20s", service_level = 80, after = "2m" }

[[support.groups]]
agents = ["1001"]
open   = { longest_wait = "3m", estimated_wait = "2m" }
close  = { longest_wait = "1m", estimated_wait = "30s" }
"""


def test_further_groups_are_read():
    first, second = parsed(queues=queues("", GROUP + SALES)).rules.queues["support"].groups
    assert (first.name, first.step.skills, first.after_ms, first.window_ms) == (
        "back-office",
        {"support": 3},
        120_000,
        1_800_000,
    )
    assert first.opens == {"longest-wait": 60_000, "service-level": 0.6}
    assert first.closes == {"longest-wait": 20_000, "service-level": 0.8}
    assert (second.name, second.step.agents, second.after_ms) == ("2", ("1001",), 60_000)
    assert second.opens == {"longest-wait": 180_000, "estimated-wait": 120_000}


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ('close  = { longest_wait = "20s",', 'close  = { longest_wait = "60s",', "group-flaps"),
        ("service_level = 80", "service_level = 60", "group-flaps"),
        (', service_level = 80, after = "2m"', "", "group-one-sided"),
        ("skills = { support = 3 }\n", "", "group-of-nobody"),
        ('agents = ["1001"]', 'name = "back-office"\nagents = ["1001"]', "group-twice"),
        (
            GROUP[GROUP.index('open   = { longest_wait = "3m"') :],
            "open = {}\nclose = {}\n",
            "group-never-opens",
        ),
        ('estimated_wait = "30s"', 'estimated_wait = "2m"', "group-flaps"),
        ('after = "2m"', 'after = "0s"', "out-of-range"),
        ("support = 3", "support = 11", "out-of-range"),
        ('agents = ["1001"]', 'agents = ["1001"]\nopne = 3', "unknown-key"),
    ],
)
def test_a_slip_in_a_group_is_told(before, after, code):
    assert before in GROUP
    fault = the_fault(queues=queues("", GROUP.replace(before, after, 1) + SALES))
    assert fault.code == code
    assert fault.line > 4
    assert fault.key.startswith("support.groups[")


def test_who_calls_again_is_raised_as_the_file_says():
    queue = parsed(queues=queues('repeat = { within = "24h", credit = "90s" }')).rules.queues["support"]
    assert (queue.repeat_ms, queue.repeat_credit_s) == (86_400_000, 90)
