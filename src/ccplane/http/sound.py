"""Sound over HTTP: a file, whole or one range of it (RFC 9110, 14.2), which nothing on the way keeps or takes for a
page. Who listens is written down before they hear anything.

What is no single range is not understood, and then all of it is sent; a range behind the end is refused. Whatever
digits there are, the server's own reading of the header sees only a range that can be had.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import FileResponse

from ccplane.core.inputs import Input
from ccplane.http.openapi import Responses
from ccplane.http.ports import Plane
from ccplane.http.problems import problem

RANGE: Final = re.compile(r"bytes=([0-9]*)-([0-9]*)")
HEADERS: Final = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
AUDIT_EVERY_MS: Final = 60_000
"""A player asks for many ranges; who plays on is written down once in a while, not at each of them."""
REMEMBERED: Final = 10_000
BEYOND: Final = 10**15
"""Larger than any file; what has more digits is no other."""


class Audit:
    """Who listened to what, once a while each."""

    def __init__(self, plane: Plane, clock: Callable[[], int]) -> None:
        self._plane, self._clock = plane, clock
        self._told: dict[tuple[str, str], int] = {}

    async def heard(self, name: str, by: str, heard: Input) -> None:
        """`by` listens to what has this id. Returns once it is on disk: before they hear anything."""
        now, key = self._clock(), (by, name)
        if now - self._told.get(key, -AUDIT_EVERY_MS) < AUDIT_EVERY_MS:
            return
        await self._plane.ask(heard)
        self._told.pop(key, None)
        self._told[key] = now
        if len(self._told) > REMEMBERED:
            del self._told[next(iter(self._told))]


def described(*media: str) -> Responses:
    """What its pages of the API's description say."""
    content: dict[str, Any] = {each: {} for each in media}
    return {
        200: {"description": "The sound", "content": content},
        206: {"description": "The part of it that was asked for", "content": content},
    }


def refused(request: Request, size: int) -> Response | None:
    """The answer to a range that cannot be had; None for one that can, and for what is to be sent whole."""
    given = request.headers.get("range")
    if given is None:
        return None
    part = _part(given, size)
    if part is not None and not 0 <= part[0] < size:
        if "if-range" not in request.headers:
            said = f"There are {size} bytes of it."
            return problem(416, "range-not-satisfiable", said, headers={"Content-Range": f"bytes */{size}"})
        part = None
    headers = [each for each in request.scope["headers"] if each[0] != b"range"]
    if part is not None:
        headers.append((b"range", b"bytes=%d-%d" % part))
    request.scope["headers"] = headers
    return None


def sent(path: Path, found: os.stat_result, media: str, name: str) -> Response:
    """The file as it was found, to be heard at once; `name`: under which a browser would keep it."""
    return FileResponse(
        path, stat_result=found, headers=HEADERS, media_type=media, filename=name, content_disposition_type="inline"
    )


def _part(given: str, size: int) -> tuple[int, int] | None:
    """The first byte and the last; a first one from `size` on for what is not there. None for what is no range."""
    found = RANGE.fullmatch(given.replace(" ", ""))
    if found is None or not (found[1] or found[2]):
        return None
    first, last = _number(found[1]), _number(found[2])
    if not found[1]:
        return (max(0, size - last), size - 1) if last else (size, size)
    if found[2] and last < first:
        return None
    return first, min(last, size - 1) if found[2] else size - 1


def _number(digits: str) -> int:
    significant = digits.lstrip("0")
    return min(int(significant[:16] or "0"), BEYOND)
