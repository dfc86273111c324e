"""How much a client may send before anybody looks at it: a body is read before its sender is known."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ccplane.http.problems import problem
from ccplane.imports.tables import LARGEST

LARGEST_BODY: Final = 64 * 1024
FIGURES: Final = "/api/v1/figures/"
LARGEST_FIGURES: Final = LARGEST
"""Of files of figures, which are read piece by piece once their sender is known."""


class BodyLimit:
    """Refuses, unread, a body that is too large or doesn't say how large it is. FastAPI's own answers in plain text."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = None
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if "transfer-encoding" in headers:
                answer = problem(411, "length-required", "Send the body with a Content-Length.")
            elif int(headers.get("content-length", 0)) > (most := _most(scope)):
                answer = problem(413, "body-too-large", f"A body may have {most} bytes at the most.")
        await (answer or self._app)(scope, receive, send)


def _most(scope: Scope) -> int:
    is_figures = scope["method"] == "PUT" and str(scope["path"]).startswith(FIGURES)
    return LARGEST_FIGURES if is_figures else LARGEST_BODY
