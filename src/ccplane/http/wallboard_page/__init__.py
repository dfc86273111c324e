"""`/wallboard`: the numbers live on a screen, for whoever may read them as JSON. Its files lie beside this one,
its words in both languages in one table.

Nothing comes from elsewhere and nothing runs but our own script, and the browser is told to see to that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from string import Template
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Header, Query, Response

from ccplane.http.auth import Guard

Language = Literal["en", "zh-CN"]

PAGES: Final = Path(__file__).parent
WORDS: Final[dict[Language, dict[str, Any]]] = json.loads((PAGES / "words.json").read_text("utf-8"))
BY_PRIMARY: Final[dict[str, Language]] = {"en": "en", "zh": "zh-CN"}
DEFAULT: Final[Language] = "en"

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def routes(open_here: Guard) -> APIRouter:
    router = APIRouter(prefix="/wallboard", include_in_schema=False, dependencies=[Depends(open_here)])
    pages = {language: page(language) for language in WORDS}
    script, style = (PAGES / "wallboard.js").read_bytes(), (PAGES / "wallboard.css").read_bytes()

    @router.get("")
    async def wallboard(
        lang: Annotated[str, Query()] = "",
        accept_language: Annotated[str, Header()] = "",
    ) -> Response:
        language = language_of(lang, accept_language)
        headers = {**HEADERS, "Content-Language": language, "Vary": "Accept-Language"}
        return Response(pages[language], headers=headers, media_type="text/html; charset=utf-8")

    @router.get("/wallboard.js")
    async def wallboard_js() -> Response:
        return Response(script, headers=HEADERS, media_type="text/javascript; charset=utf-8")

    @router.get("/wallboard.css")
    async def wallboard_css() -> Response:
        return Response(style, headers=HEADERS, media_type="text/css; charset=utf-8")

    return router


def page(language: Language) -> str:
    """The whole page, still without a figure."""
    words = WORDS[language]
    texts = {name: escape(text) for name, text in words.items() if isinstance(text, str)}
    # In a script element only a `<` could end it.
    data = json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")
    template = Template((PAGES / "wallboard.html").read_text("utf-8"))
    return template.substitute(texts, language=language, words=data)


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
