"""recordings/policy.toml: what it says, what it names, and what the page about it shows."""

from __future__ import annotations

import re

import pytest

from ccplane.contacts.facts import Direction
from ccplane.routing.recording import IfItFails
from ccplane.site import Site, parse, read
from ccplane.site.policy import PolicyTable
from tests.site.sites import TOP, WHOLE, faults

PATH = "recordings/policy.toml"
PAGE = (TOP / "docs" / "recordings.md").read_text()
INBOUND = Direction.INBOUND


def a_site(policy: str, prompts: str = '[recorded]\nen = "Recorded."\n') -> Site:
    return parse(files(policy, prompts))


def files(policy: str, prompts: str = "") -> dict[str, str]:
    return WHOLE | {PATH: policy, "ivr/prompts.toml": WHOLE["ivr/prompts.toml"] + prompts}


def test_a_site_without_the_file_records_nothing():
    assert parse(WHOLE).rules.recording.rule(INBOUND, "support", "4001").record is False


def test_the_demo_records_every_talk_with_a_caller_and_asks_nobody():
    rule = parse(read(TOP)).rules.recording.rule(INBOUND, "support", "4002")
    assert rule.record
    assert not rule.consent


def test_the_nearest_word_wins_key_by_key():
    policy = a_site(
        'record = true\nconsent = "recorded"\nrefuse = "9"\n[outbound]\nrecord = false\n'
        '[queue.support]\nif_it_fails = "end-call"\n[number.4001]\nconsent = ""\n'
    ).rules.recording
    assert policy.rule(INBOUND, "support", "999").consent == "recorded"
    rule = policy.rule(INBOUND, "support", "4001")
    assert (rule.record, rule.consent, rule.refuse, rule.if_it_fails) == (True, "", "9", IfItFails.END_CALL)
    assert not policy.rule(Direction.OUTBOUND, "sales", "999").record


@pytest.mark.parametrize(
    ("policy", "code", "told"),
    [
        ("recrod = true\n", "unknown-key", f"{PATH}:1: recrod: unknown key; did you mean `record`?"),
        ("record = 1\n", "wrong-type", f"{PATH}:1: record: is true or false, not 1"),
        ('consent = "told"\n', "no-such-prompt", f"{PATH}:1: consent: there is no prompt `told`"),
        ("[queue.suport]\n", "no-such-queue", f"{PATH}:1: queue.suport: there is no queue `suport`"),
        ('refuse = "x"\n', "bad-key", f"{PATH}:1: refuse: "),
        ('if_it_fails = "stop"\n', "bad-choice", f"{PATH}:1: if_it_fails: is "),
        ("least_free = -1\n", "out-of-range", f"{PATH}:1: least_free: is at least 0, not -1"),
        ("[number.x]\n", "bad-number", f"{PATH}:1: number.x"),
        ('consent = ""\nrefuse = "9"\n', "refuse-without-consent", f"{PATH}:2: refuse: "),
        ("record = \n", "not-toml", f"{PATH}:1: record: not valid TOML"),
    ],
)
def test_every_typo_is_told_with_its_line_and_key(policy: str, code: str, told: str):
    found = faults(files(policy))
    assert code in {each.code for each in found}
    assert any(str(each).startswith(told) for each in found), [str(each) for each in found]


def test_a_file_of_another_name_is_a_fault():
    [fault] = faults(WHOLE | {"recordings/polcy.toml": ""})
    assert fault.code == "unknown-file"
    assert "policy.toml" in str(fault)


def test_the_examples_of_the_pages_hold():
    example = re.findall(r"```toml\n(.*?)```", PAGE, re.S)[0]
    assert a_site(example).rules.recording.queues["support"].if_it_fails is IfItFails.END_CALL
    readme = re.findall(r"```toml\n(.*?)```", (TOP / "recordings" / "README.md").read_text(), re.S)[0]
    claims = "[claims]\nskills = {}\n"
    whole = files(readme, '[recorded]\nen = "Recorded."\n')
    assert parse(whole | {"acd/queues.toml": whole["acd/queues.toml"] + claims})


def test_the_folders_page_is_short():
    assert len((TOP / "recordings" / "README.md").read_text().splitlines()) <= 40


def test_every_key_is_on_the_page():
    for key in PolicyTable.model_fields:
        if key not in ("inbound", "internal", "outbound", "queue", "number"):
            assert f"| `{key}` |" in PAGE
