"""Cursors of lists: where the next page goes on. Opaque to clients, so that what is in them can change."""

from __future__ import annotations

import base64
import binascii

from ccplane.errors import RequestError


def cursor_of(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def position_of(cursor: str) -> str:
    """What the cursor stands for; RequestError "bad-cursor" if it is none of ours."""
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise RequestError("bad-cursor", "This is no cursor of ours; begin without one.") from None
