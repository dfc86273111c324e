"""docs/routing.md says what is so: its example is a site, and it has every strategy and every field of the trace."""

from __future__ import annotations

import re

from ccplane.asterisk.node import HOME
from ccplane.contacts.facts import Trace
from ccplane.routing.strategies import STRATEGIES
from ccplane.site import parse
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
