"""What docs/overflow.md shows is true."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from ccplane.cli.hours import lines
from ccplane.site import parse
from tests.site.sites import TOP, WHOLE, faults

PAGE = (TOP / "docs" / "overflow.md").read_text()
EXAMPLE = dict(re.findall(r"\*\*`([^`]+)`\*\*\n\n```\w+\n(.*?)```", PAGE, re.S))


def test_the_files_on_the_page_are_a_site_and_say_what_the_page_says():
    site = parse(WHOLE | EXAMPLE)
    support = site.rules.queues["support"]
    assert (support.most_waiting, support.waiting_per_agent, support.longest_wait_ms) == (20, 3, 120_000)
    assert (support.overflow, support.no_agents, support.at_closing) == ("anyone", "anyone", "program")
    assert site.rules.closes_on(support, 0) is not None
    assert len(site.hours("night").week) == 7


def test_the_group_on_the_page_is_one_of_that_queue():
    (group,) = (block for block in re.findall(r"```toml\n(.*?)```", PAGE, re.S) if "groups" in block)
    text = EXAMPLE["acd/queues.toml"].replace("[anyone]", f"{group}\n[anyone]")
    (read,) = parse(WHOLE | EXAMPLE | {"acd/queues.toml": text}).rules.queues["support"].groups
    assert (read.name, read.after_ms, sorted(read.opens)) == ("back-office", 120_000, ["longest-wait", "service-level"])


def test_every_key_on_the_page_can_be_written():
    limits, _, _ = PAGE.partition("## Hours")
    named = set(re.findall(r"^\| `(\w+)` \|", limits, re.M))
    written = set(re.findall(r"^(\w+) +=", EXAMPLE["acd/queues.toml"], re.M)) - {"skills"}
    assert named == written


def test_the_cycle_on_the_page_is_told_as_the_page_says():
    limit = "skills = {}\nmost_waiting = 3\n"
    text = f'[sales]\n{limit}overflow = "support"\n[support]\n{limit}overflow = "sales"\n'
    [fault] = faults(WHOLE | {"acd/queues.toml": text})
    assert str(fault) in PAGE


def test_the_holidays_on_the_page_are_told_as_the_page_says():
    (shop,) = (block for block in re.findall(r"```toml\n(.*?)```", PAGE, re.S) if "[shop]" in block)
    hours = parse(WHOLE | {"ivr/hours.toml": shop}).hours("shop")
    _, _, told = PAGE.partition("$ ccplane hours shop --at 2026-09-30T17:00\n")
    said = list(lines(hours, ZoneInfo("Asia/Shanghai"), "2026-09-30T17:00", 5))
    assert "\n".join(said) == told.partition("\n```")[0]
