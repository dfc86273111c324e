"""acd/voicemail.toml: what may stand there, what is told of what may not; and docs/voicemail.md is true."""

from __future__ import annotations

import re

import pytest

from ccplane.routing.boxes import Box
from ccplane.settings import HOME
from ccplane.site import parse, read
from ccplane.site.box import BoxRule
from ccplane.site.parse import examine
from tests.site.sites import faults

PATH = "acd/voicemail.toml"
DEMO = read(HOME)
HOURS = {"ivr/hours.toml": '[office]\nmon-fri = "09:00-17:00"\n'}
PAGE = (HOME / "docs" / "voicemail.md").read_text()
(FILE,) = re.findall(r"\*\*`acd/voicemail.toml`\*\*\n\n```toml\n(.*?)```", PAGE, re.DOTALL)
HOUR = 3_600_000


def warnings(toml):
    _, findings = examine(DEMO | HOURS | {PATH: toml})
    assert not findings.faults, findings.faults
    return [str(each) for each in findings.warnings if each.path == PATH or "box" in str(each)]


def test_the_file_on_the_page_is_what_the_page_says():
    site = parse(DEMO | HOURS | {PATH: FILE})
    assert site.rules.boxes == {
        "general": Box(queue="support", most=50, answer_within_ms=4 * HOUR, hours="office"),
        "1002": Box(agent="1002", answer_within_ms=2 * HOUR),
    }
    assert site.rules.agents_box == Box(answer_within_ms=24 * HOUR)
    assert site.box("general") == BoxRule("leave-a-message", "thank-you", "box-full", longest_s=120, silence_s=5)


def test_without_the_file_boxes_are_as_they_always_were():
    site = parse({path: text for path, text in DEMO.items() if path != PATH})
    assert site.box("general") == BoxRule("leave-a-message", "thank-you")
    assert (site.rules.boxes, site.rules.agents_box) == ({}, None)


def test_an_agent_without_a_table_has_that_of_all_agents_and_others_the_usual():
    site = parse(DEMO | {PATH: '[agents]\nlongest = "1m"\n'})
    assert site.box("1001").longest_s == 60
    assert site.box("general").longest_s == 180


@pytest.mark.parametrize(("toml", "told"), [
    ('[a]\nqueue = "suport"\n', "a.queue: there is no queue `suport`; did you mean `support`?"),
    ('[a]\nqueue = "support"\nagent = "1001"\n', "a.agent: its messages are a queue's or an agent's, not both's"),
    ('[agents]\nqueue = "support"\n', "agents.queue: is the box of every agent: each is its owner"),
    ('[a]\nhours = "office"\n', "a.hours: no time is promised: say it, with `answer_within`"),
    ('[a]\nhours = "never"\nanswer_within = "1h"\n', "a.hours: there is no hours `never`"),
    ('[a]\ngreeting = "helo"\n', "a.greeting: there is no prompt `helo`"),
    ('[a]\nfull = "nope"\n', "a.full: there is no prompt `nope`"),
    ('[a]\nmost = 0\n', "a.most"),
    ('[a]\nlongest = "2h"\n', "a.longest"),
    ('[a]\nanswer_within = 4\n', "a.answer_within: is a length of time with its unit"),
    ('[a]\ngreting = "x"\n', "greting"),
    ('["a b"]\n', "a b"),
])  # fmt: skip
def test_each_mistake_is_told_with_file_and_key(toml, told):
    found = faults(DEMO | HOURS | {PATH: toml})
    assert any(told in str(each) and str(each).startswith(PATH) for each in found), found


def test_a_box_that_a_program_names_and_the_file_has_not_is_warned_of():
    found = warnings('[generall]\nqueue = "support"\n[emergency]\n')
    assert any("box `general` stands not in acd/voicemail.toml" in each and "`generall`" in each for each in found), (
        found
    )


def test_a_box_of_nobody_we_know_is_a_warning_for_people_may_be_known_to_postgres_alone():
    assert any("a.agent: there is no agent `7777`" in each for each in warnings('[a]\nagent = "7777"\n'))
