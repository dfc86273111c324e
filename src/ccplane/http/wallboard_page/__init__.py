"""`/wallboard`: the numbers live on a screen, for whoever may read them as JSON. Its files lie beside this one,
its words in both languages in one table; what draws its charts is built by web/.

Nothing comes from elsewhere and nothing runs but our own scripts, and the browser is told to see to that.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Header, Request, Response

from ccplane import __version__
from ccplane.errors import RequestError
from ccplane.http.auth import Credentials
from ccplane.http.built_pages import BUILT
from ccplane.http.wallboard_page.board import Boards, BoardShown, board_asked, language_asked
from ccplane.http.wallboard_page.words import WORDS, Language, language_of
from ccplane.http.watchers import Watchers

PAGES: Final = Path(__file__).parent
SCRIPTS: Final = ("wallboard", "stream", "figures", "lists", "times", "ticker", "sound", "charts", "wall", "who")
HTML: Final = "text/html; charset=utf-8"
CLOSED: Final = (
    '<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>'
    "<p>{closed}</html>"
)
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def charts_script(built: Path = BUILT) -> str:
    """Where the built script lies that draws; empty where the pages were not built."""
    found = sorted((built / "assets").glob("charts-*.js"))
    return f"/assets/{found[0].name}" if found else ""


def _build() -> str:
    """The hash of the page with all that belongs to it: a screen that shows another one reads it anew."""
    sum_ = sha256(f"{__version__}{charts_script()}".encode())
    for file in sorted(path for path in PAGES.iterdir() if path.suffix in (".js", ".css", ".html", ".json", ".py")):
        sum_.update(file.read_bytes())
    return sum_.hexdigest()[:16]


BUILD: Final = _build()


def routes(watchers: Watchers, boards: Boards) -> APIRouter:
    router = APIRouter(prefix="/wallboard", include_in_schema=False)
    guard, script = watchers.guard, charts_script()

    @router.get("")
    async def wallboard(
        request: Request,
        credentials: Credentials,
        accept: Annotated[str, Header()] = "",
        accept_language: Annotated[str, Header()] = "",
    ) -> Response:
        if "token" in request.query_params and (entered := watchers.let_in(request)):
            return entered
        given = {key: value[:1000] for key, value in request.query_params.items()}
        known, there, site = boards()
        language = language_of(language_asked(known, given), accept_language)
        headers = {**HEADERS, "Content-Language": language, "Vary": "Accept-Language"}
        try:
            await guard(request, credentials)
        except RequestError:
            if "text/html" not in accept:
                raise
            return Response(closed(language), 401, headers=headers, media_type=HTML)
        shown = board_asked(known, there, given, language, site=site, page=BUILD, script=script)
        answer = Response(page(language, shown), headers=headers, media_type=HTML)
        watchers.renew(answer, request)
        return answer

    files = APIRouter(dependencies=[Depends(guard)])
    for name in SCRIPTS:
        files.get(f"/{name}.js")(_file(f"{name}.js", "text/javascript"))
    files.get("/wallboard.css")(_file("wallboard.css", "text/css"))
    router.include_router(files)
    return router


def _file(name: str, kind: str) -> Callable[[], Response]:
    content = (PAGES / name).read_bytes()

    def file() -> Response:
        return Response(content, headers=HEADERS, media_type=f"{kind}; charset=utf-8")

    return file


def page(language: Language, shown: BoardShown) -> str:
    """The whole page, still without a figure."""
    words = WORDS[language]
    texts = {name: escape(text) for name, text in words.items() if isinstance(text, str)}
    texts |= {"title": escape(shown.title), "theme": escape(shown.theme)}
    template = Template((PAGES / "wallboard.html").read_text("utf-8"))
    board = msgspec.json.encode(shown).decode()
    return template.substitute(
        texts, language=language, words=_data(json.dumps(words, ensure_ascii=False)), board=_data(board)
    )


def closed(language: Language) -> str:
    """What a screen reads that may not watch."""
    words = WORDS[language]
    return CLOSED.format(language=language, title=escape(words["title"]), closed=escape(words["closed"]))


def _data(text: str) -> str:
    """In a script element only a `<` could end it."""
    return text.replace("<", "\\u003c")
