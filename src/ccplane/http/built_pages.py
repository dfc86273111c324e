"""The built pages and what they load. All is read once, at the start: a request touches no file.

`web/build.sh` makes them. An asset bears the hash of its content in its name and may be kept for ever; a page is asked
for each time. A page may load from us alone, and connect to us and to where it is told: a script that somebody
smuggled in would have nowhere to send what it found.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from ccplane.errors import RequestError

BUILT: Final = Path(__file__).with_name("static")
TYPES: Final[Mapping[str, str]] = {".js": "text/javascript", ".css": "text/css", ".txt": "text/plain"}
FOR_EVER: Final = "public, max-age=31536000, immutable"
HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "connect-src 'self'{connect}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
NOT_BUILT: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>ccplane</title>'
    "<p>This page is not built: run <code>make web</code> in ccplane's folder, then start ccplane again."
    "<p>本页面尚未构建：请在 ccplane 目录中运行 <code>make web</code>，然后重新启动 ccplane。</html>"
)


def page(name: str, *, connect: str = "", microphone: bool = False, built: Path = BUILT) -> HTMLResponse:
    """The page of this name. `connect`: the one origin beside ours that it may connect to."""
    file = built / f"{name}.html"
    headers = {
        **HEADERS,
        "Cache-Control": "no-cache",
        "Content-Security-Policy": POLICY.format(connect=f" {connect}" if connect else ""),
        "Permissions-Policy": f"microphone=({'self' if microphone else ''}), camera=(), geolocation=()",
    }
    if not file.exists():
        return HTMLResponse(NOT_BUILT, status_code=503, headers=headers)
    return HTMLResponse(file.read_text(), headers=headers)


def routes(built: Path = BUILT) -> APIRouter:
    """`/assets/…`: what the pages load."""
    router = APIRouter(include_in_schema=False)
    assets = {path.name: path for path in (built / "assets").glob("*.*") if path.suffix in TYPES}
    contents = {name: path.read_bytes() for name, path in assets.items()}

    @router.get("/assets/{name}")
    async def asset(name: str) -> Response:
        content = contents.get(name)
        if content is None:
            raise RequestError("no-such-page", "There is no such asset; the page may be of another version: reload it.")
        media_type = f"{TYPES[assets[name].suffix]}; charset=utf-8"
        return Response(content, headers={**HEADERS, "Cache-Control": FOR_EVER}, media_type=media_type)

    return router
