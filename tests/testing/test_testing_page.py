"""docs/testing-programs.md is true: its test runs as it stands there, and what it names is there."""

from __future__ import annotations

import re

import ccplane.testing
from ccplane.settings import HOME
from ccplane.testing import Caller, ScriptedSite

PAGE = (HOME / "docs" / "testing-programs.md").read_text()
(EXAMPLE,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_example_is_a_test_that_passes(monkeypatch):
    monkeypatch.chdir(HOME)
    module = {}
    exec(EXAMPLE, module)
    module["test_key_2_leads_to_an_agent_of_support"]()


def test_all_that_the_tables_name_is_there():
    words = {"site": ScriptedSite, "caller": Caller, "ccplane.testing": ccplane.testing}
    for owner, name in re.findall(r"`(?:await )?(site|caller)\.(\w+)", PAGE):
        assert hasattr(words[owner], name), f"{owner}.{name}"
    public = {name for name in vars(Caller) if not name.startswith("_")}
    named = {name for owner, name in re.findall(r"(site|caller)\.(\w+)", PAGE) if owner == "caller"}
    assert public - named <= {"contact", "language", "queue", "follow", "arrives"}
