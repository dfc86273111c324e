"""Cursors of lists that are ordered by an instant and an id: where the next page goes on."""

from __future__ import annotations

import base64
from typing import Final

from ccplane.errors import RequestError

LATEST: Final = 1 << 52
"""No cursor is of a later ms than this: beyond it Postgres has no timestamps."""


def cursor(at: int, row: str) -> str:
    return base64.urlsafe_b64encode(f"{at}:{row}".encode()).decode().rstrip("=")


def place(given: str) -> tuple[int, str]:
    """What the cursor stands for; RequestError "bad-cursor" if it is none of ours."""
    try:
        text = base64.b64decode(given + "=" * (-len(given) % 4), altchars=b"-_", validate=True).decode()
        at, _, row = text.partition(":")
        if row and "\0" not in row and 0 <= int(at) < LATEST:
            return int(at), row
    except ValueError:
        pass
    raise RequestError("bad-cursor", "This cursor is none of ours: take `next` of the page before.")
