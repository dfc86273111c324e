"""The page's words in both languages, and which of them a browser is spoken to in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

Language = Literal["en", "zh-CN"]

WORDS: Final[dict[Language, dict[str, Any]]] = json.loads(Path(__file__).with_name("words.json").read_text("utf-8"))
BY_PRIMARY: Final[dict[str, Language]] = {"en": "en", "zh": "zh-CN"}
DEFAULT: Final[Language] = "en"


def language_of(asked: str, accepted: str) -> Language:
    """As the address asks (`?lang=`), else the first that the browser accepts and we speak, else English."""
    for tag in (asked, *_by_preference(accepted)):
        primary = tag.strip().lower().replace("_", "-").partition("-")[0]
        if primary in BY_PRIMARY:
            return BY_PRIMARY[primary]
    return DEFAULT


def _by_preference(accepted: str) -> Iterator[str]:
    """The tags of an Accept-Language, the dearest first; those with a weight of 0, or none to be read, are refused."""
    weighed = [_weighed(each) for each in accepted.split(",")]
    yield from (tag for tag, weight in sorted(weighed, key=lambda each: -each[1]) if weight > 0)


def _weighed(each: str) -> tuple[str, float]:
    tag, given, weight = each.partition(";q=")
    try:
        return tag, float(weight) if given else 1.0
    except ValueError:
        return tag, 0.0
