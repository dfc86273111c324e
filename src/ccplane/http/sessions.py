"""Who is signed in by the API: one live session for each agent.

A session is a random token, of which only the hash is kept, in a note of the outbox: so sessions survive a restart of
ours and go on while Postgres is away (law 10). Should the outbox be lost, agents sign in again, as for all else.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Protocol

import msgspec
import structlog

from ccplane.errors import RequestError
from ccplane.ids import AgentId

log = structlog.get_logger()

TOKEN_BYTES: Final = 32
LASTS_MS: Final = 16 * 3_600_000
"""Longer than any shift; who forgets to sign out is not signed in for ever."""
NOTE: Final = "agent-sessions"
KEPT_S: Final = 3.0


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's session. `digest`: the SHA-256 of its token; `by`: who opened it."""

    digest: str
    agent: AgentId
    by: str
    began_at: int
    expires_at: int


class Notes(Protocol):
    """Where a small thing is kept over a restart: the outbox."""

    def note(self, key: str) -> bytes | None: ...

    def put_note(self, key: str, data: bytes) -> None: ...

    def noted(self, key: str) -> Awaitable[None]:
        """Done when what was put last under this key is on disk."""


class NoNotes:
    """Keeps nothing: sessions end with the process."""

    def note(self, key: str) -> bytes | None:
        return None

    def put_note(self, key: str, data: bytes) -> None:
        """Nothing is kept."""

    async def noted(self, key: str) -> None:
        """So there is nothing to wait for."""


Ended = Callable[[Session, str], None]
"""Told that a session ended, and why: signed-in-elsewhere, signed-out, signed-out-by-administrator, pin-changed or
expired."""

_kept: Final = msgspec.json.Decoder(list[Session])


class Sessions:
    """All live sessions, in memory and in the note. `clock`: ms."""

    def __init__(self, notes: Notes, clock: Callable[[], int]) -> None:
        self._notes, self._clock = notes, clock
        self._by_digest: dict[str, Session] = {}
        self._by_agent: dict[AgentId, Session] = {}
        self._on_end: list[Ended] = []
        for session in _recalled(notes.note(NOTE)):
            self._put(session)

    def on_end(self, told: Ended) -> None:
        self._on_end.append(told)

    def begin(self, agent: AgentId, by: str) -> tuple[str, Session]:
        """A new session and its token, which nobody can be told again. One of the same agent before it ends."""
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self._clock()
        session = Session(digest=_digest(token), agent=agent, by=by, began_at=now, expires_at=now + LASTS_MS)
        before = self._by_agent.get(agent)
        if before is not None:
            self._remove(before, "signed-in-elsewhere")
        self._put(session)
        self._keep()
        return token, session

    async def kept(self) -> None:
        """Return when all sessions are on disk, or after KEPT_S: a disk that does not take them ends no session."""
        with suppress(TimeoutError):
            async with asyncio.timeout(KEPT_S):
                await self._notes.noted(NOTE)

    def find(self, token: str) -> Session:
        """The session of this token. RequestError `unauthorised` if there is none, or no more."""
        session = self._by_digest.get(_digest(token))
        if session is None or session.expires_at <= self._clock():
            raise RequestError("unauthorised", "This session has ended: sign in again with POST /api/v1/session.")
        return session

    def of(self, agent: AgentId) -> Session | None:
        """The live session of this agent."""
        session = self._by_agent.get(agent)
        return session if session and session.expires_at > self._clock() else None

    def lives(self, session: Session) -> bool:
        return self.of(session.agent) is session

    def left_s(self, session: Session) -> float:
        """Until it expires."""
        return max(0, session.expires_at - self._clock()) / 1000

    def end(self, session: Session, why: str) -> None:
        """It opens nothing any more; `why` is one of those that `on_end` tells. Nothing if it has ended before."""
        self._remove(session, why)
        self._keep()

    def end_of(self, agent: AgentId, why: str) -> None:
        """This agent's, if they have one."""
        session = self._by_agent.get(agent)
        if session is not None:
            self.end(session, why)

    def _put(self, session: Session) -> None:
        self._by_digest[session.digest] = session
        self._by_agent[session.agent] = session

    def _remove(self, session: Session, why: str) -> None:
        if self._by_digest.pop(session.digest, None) is None:
            return
        del self._by_agent[session.agent]
        for told in self._on_end:
            told(session, why)

    def _keep(self) -> None:
        now = self._clock()
        for session in [each for each in self._by_digest.values() if each.expires_at <= now]:
            self._remove(session, "expired")
        self._notes.put_note(NOTE, msgspec.json.encode(list(self._by_digest.values())))


def _recalled(note: bytes | None) -> list[Session]:
    try:
        return _kept.decode(note or b"[]")
    except msgspec.MsgspecError as error:
        log.warning("the sessions of before cannot be read; agents sign in again", error=str(error))
        return []


def _digest(token: str) -> str:
    """A token is 256 bits of chance, so a plain hash keeps it: there is nothing to guess at."""
    return hashlib.sha256(token.encode()).hexdigest()
