"""docs/routing.md says what is so: its example is a site, and it has every strategy and every field of the trace."""

from __future__ import annotations

import re
import time

import msgspec
import pytest
from msgspec.structs import replace

from ccplane.asterisk.node import HOME
from ccplane.cli.why import lines
from ccplane.contacts.facts import Trace
from ccplane.core.why import agents_told, why
from ccplane.http.views import with_times
from ccplane.http.why import soonest
from ccplane.routing.strategies import STRATEGIES
from ccplane.site import parse
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, ready
from tests.site.test_docs import EXAMPLE

PAGE = (HOME / "docs" / "routing.md").read_text()
QUEUES = re.findall(r"\*\*`acd/queues.toml`\*\*\n\n```toml\n(.*?)```", PAGE, re.S)[0]


def test_the_queues_on_the_page_are_read_as_the_page_says():
    support, sales = parse(EXAMPLE | {"acd/queues.toml": QUEUES}).rules.queues.values()
    assert (support.strategy, support.weight_s, sales.strict) == ("least-skilled", 20, 1)
    assert [step.last_agent_ms is not None for step in support.steps] == [True, False, False]
    assert support.steps[1].language


def test_every_strategy_is_on_the_page():
    for name in STRATEGIES:
        assert f"| `{name}` |" in PAGE


def test_every_field_of_the_trace_is_on_the_page():
    for name in Trace.__struct_fields__:
        assert f"`{name}`" in PAGE


@pytest.fixture
def in_utc(monkeypatch):
    """The command shows the time of the day where it runs."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_utc")
def test_the_answer_of_why_on_the_page_is_what_the_command_prints():
    shown = PAGE.split("$ ccplane why c-ast1-1795332955.0\n")[1].split("```")[0].splitlines()
    floor = a_floor(
        [ready("1001", since=1, **{SUPPORT: 3}), ready("1003", since=2, **{SUPPORT: 4})],
        [a_queue(steps=((None, 1),)), a_queue(SALES)],
    )
    people = [(each, name) for each, name in (("1001", "Ana"), ("1003", "Cem"))]
    floor.talks("talking", at=3)
    floor.reads("after", a_queue(steps=((20, 7), (None, 3))), a_queue(SALES))
    floor.waits("x", at=5)
    contact, now = floor.contact("x"), 17_000
    found = msgspec.to_builtins(why(floor.state, contact, now))
    agents = list(agents_told(floor.state, contact, floor.state.agents.values(), now))
    agents = sorted((replace(each, name=dict(people)[each.id]) for each in agents), key=soonest)
    found |= {"agents": msgspec.to_builtins(agents), "agents_total": 2, "agents_who_may": 0, "decisions": []}
    found |= {"contact": "c-ast1-1795332955.0", "earliest": found["agents"][0]}
    assert [_at_noon(line) for line in lines(with_times(found))] == shown


def _at_noon(line):
    """The page's clock begins at noon."""
    return line.replace("00:00:", "12:00:")
