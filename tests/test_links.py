"""Each page that a page leads to is there, and so is the place on it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from ccplane.settings import HOME

PAGES = sorted([*HOME.glob("*.md"), *HOME.glob("docs/**/*.md"), *HOME.glob("[!.]*/README.md")])


def prose(page: Path) -> str:
    return re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)


@cache
def places(page: Path) -> frozenset[str]:
    """What headings can be led to by, as the usual renderers make it."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    words = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", each.strip().lower()) for each in headings)
    return frozenset(re.sub(r"[^\w\- ]", "", each).replace(" ", "-") for each in words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOME)))
def test_what_a_page_leads_to_is_there(page: Path):
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        path, _, place = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not link.startswith("http") and (
            not target.exists() or (place and target.suffix == ".md" and place not in places(target))
        ):
            lost.append(link)
    assert lost == []
