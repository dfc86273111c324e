"""Who may ask for what. The administrator, by the one token, may all; an agent, by the token of their session, may what
is their own; the guard, by its own token, may tell of the fallback's calls and read nothing. Who may watch the
wallboard says watchers.py."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import Field

from ccplane.errors import RequestError
from ccplane.http.sessions import Session, Sessions
from ccplane.ids import AgentId
from ccplane.postgres.recordings import RecordingRow

_bearer: Final = HTTPBearer(auto_error=False, description="An administrator's token, or that of an agent's session")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
Guard = Callable[..., Awaitable[None]]

FORWARDED: Final = ("forwarded", "x-forwarded-for")
ME: Final = "me"


class Asker(msgspec.Struct, frozen=True):
    """Which agent it is about, and who asks: `api` for an administrator, else the agent themselves."""

    agent: AgentId
    by: str


By = Annotated[str, Field(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Who wants something, as they say themselves: whoever has the administrator's token may be several people."""

AgentGuard = Callable[..., Awaitable[Session]]
"""Lets through who has the token of a live session, and says which."""
OwnGuard = Callable[..., Awaitable[Asker]]
"""For what is one agent's: lets through the administrator, and that agent, whose id may be said as `me`."""


def admin_only(token: str) -> Guard:
    """Let through who has this token."""

    async def guard(credentials: Credentials) -> None:
        _check(credentials, token)

    return guard


def either_of(*tokens: str) -> Guard:
    """Let through who has one of these tokens."""

    async def guard(credentials: Credentials) -> None:
        if not any(_is(credentials, token) for token in tokens):
            raise _unauthorised()

    return guard


MayListen = Callable[[HTTPAuthorizationCredentials | None, RecordingRow], Awaitable[str]]
"""Who asks to hear this recording, by name; RequestError if they may not. The place where roles plug in."""


def admin_may_listen(token: str) -> MayListen:
    """The administrator may hear all."""

    async def may_listen(credentials: HTTPAuthorizationCredentials | None, _: RecordingRow) -> str:
        _check(credentials, token)
        return "admin"

    return may_listen


def agent_only(sessions: Sessions) -> AgentGuard:
    """Let through an agent who is signed in."""

    async def guard(credentials: Credentials) -> Session:
        return sessions.find(_given(credentials))

    return guard


def admin_or_own(token: str, sessions: Sessions) -> OwnGuard:
    """Let through the administrator, and an agent to what is their own."""

    async def guard(agent_id: str, credentials: Credentials) -> Asker:
        if _is(credentials, token):
            return Asker(AgentId(agent_id), "api")
        try:
            own = sessions.find(_given(credentials)).agent
        except RequestError:
            raise _unauthorised() from None
        if agent_id not in (ME, own):
            raise RequestError("not-yours", "This is another agent's; your token opens what is your own.", agent=own)
        return Asker(own, own)

    return guard


def _check(credentials: HTTPAuthorizationCredentials | None, token: str) -> None:
    if not _is(credentials, token):
        raise _unauthorised()


def _is(credentials: HTTPAuthorizationCredentials | None, token: str) -> bool:
    # Compared in constant time, so that the token cannot be guessed letter by letter; an empty one opens nothing.
    return bool(token) and hmac.compare_digest(_given(credentials).encode(), token.encode())


def _given(credentials: HTTPAuthorizationCredentials | None) -> str:
    return credentials.credentials if credentials else ""


def _unauthorised() -> RequestError:
    return RequestError("unauthorised", "This needs a valid token: `Authorization: Bearer …`.")


def from_this_machine(request: Request) -> bool:
    """Whether the other end is on loopback, no proxy that speaks for someone else, and asks for this machine.

    A browser here may show a page whose name its owner has bound to 127.0.0.1 (DNS rebinding): it asks from loopback,
    but for that name.
    """
    if request.client is None or any(header in request.headers for header in FORWARDED):
        return False
    return _is_loopback(request.client.host) and _names_loopback(request.headers.get("host", ""))


def _names_loopback(host: str) -> bool:
    """Of a header `Host`: `localhost:8080`, `127.0.0.1`, `[::1]:8080`."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or _is_loopback(name)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
