"""Callers who are blocked, at a site that has no program for them."""

from __future__ import annotations

from typing import Final

from ccplane.callflow.call import Call

REJECTED: Final = 21
"""Q.850. Nobody took the call, so it costs them nothing, and tells them nothing."""


async def turned_away(call: Call) -> None:
    await call.hang_up(REJECTED)
