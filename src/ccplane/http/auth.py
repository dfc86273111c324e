"""Who may ask for what. One administrator's token for now; the wallboard needs none from this machine."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from ccplane.errors import RequestError
from ccplane.postgres.recordings import RecordingRow

_bearer: Final = HTTPBearer(auto_error=False, description="The first administrator's token, or a user's")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
Guard = Callable[..., Awaitable[None]]

FORWARDED: Final = ("forwarded", "x-forwarded-for")


def admin_only(token: str) -> Guard:
    """Let through who has this token."""

    async def guard(credentials: Credentials) -> None:
        _check(credentials, token)

    return guard


def admin_or_this_machine(token: str) -> Guard:
    """Let through who asks from this machine, or has this token."""

    async def guard(request: Request, credentials: Credentials) -> None:
        if not from_this_machine(request):
            _check(credentials, token)

    return guard


MayListen = Callable[[HTTPAuthorizationCredentials | None, RecordingRow], Awaitable[str]]
"""Who asks to hear this recording, by name; RequestError if they may not. The place where roles plug in."""


def admin_may_listen(token: str) -> MayListen:
    """The administrator may hear all."""

    async def may_listen(credentials: HTTPAuthorizationCredentials | None, _: RecordingRow) -> str:
        _check(credentials, token)
        return "admin"

    return may_listen


def _check(credentials: HTTPAuthorizationCredentials | None, token: str) -> None:
    given = credentials.credentials if credentials else ""
    # Compared in constant time, so that the token cannot be guessed letter by letter; an empty one opens nothing.
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise RequestError("unauthorised", "This needs a valid token: `Authorization: Bearer …`.")


def from_this_machine(request: Request) -> bool:
    """Whether the other end is on loopback, and no proxy that speaks for someone else."""
    if request.client is None or any(header in request.headers for header in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
