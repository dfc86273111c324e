"""How much a client may send before anybody looks at it: a body is read before its sender is known."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ccplane.http.problems import problem

LARGEST_BODY: Final = 64 * 1024


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
            elif int(headers.get("content-length", 0)) > LARGEST_BODY:
                answer = problem(413, "body-too-large", f"A body may have {LARGEST_BODY} bytes at the most.")
        await (answer or self._app)(scope, receive, send)
