"""What acd/site.toml says of breaks, meals and first contacts."""

from __future__ import annotations

import re

from ccplane.kpi.schedule import Terms
from ccplane.site import parse, read
from tests.site.sites import TOP

DAY = 86_400_000


def terms(said):
    return parse({**read(TOP), "acd/site.toml": said}, 20).terms


def test_the_example_on_the_page_is_a_sites():
    said = re.search(r"```toml\n(breaks.*?)```", (TOP / "docs" / "workforce.md").read_text(), re.S)[1]
    assert terms(said) == Terms(
        breaks=frozenset({"break", "tea"}), meals=frozenset({"lunch"}), before_ms=3 * DAY, after_ms=DAY
    )


def test_a_site_that_says_nothing_of_it_has_what_the_page_says():
    assert terms("") == Terms(
        breaks=frozenset({"break"}), meals=frozenset({"meal", "lunch"}), before_ms=7 * DAY, after_ms=7 * DAY
    )
