"""`GET /api/v1/agents/me/socket`: an agent's screen, live. The WebSocket itself; what is said stands beside it.

The token comes in the first message: browsers can set no headers here, and addresses land in logs. Two tasks serve a
socket, one for each direction; while nothing happens both sleep, and the server's own ping sees whether it lives.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Final

import msgspec
import structlog
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from ccplane.errors import RequestError, StoreError
from ccplane.http.agent_asks import Answer, Answered, AnyAsking, Asked, read, refused
from ccplane.http.agent_feed import CallNow
from ccplane.http.agent_lines import BAD_HELLO, TOO_MUCH, UNAUTHORISED, Line, Lines
from ccplane.http.ports import CallerHistory, Plane
from ccplane.http.sessions import Session, Sessions
from ccplane.http.views import with_times
from ccplane.ids import is_web

log = structlog.get_logger()

HELLO_S: Final = 5.0
HISTORY_S: Final = 2.0
HISTORIES_AT_ONCE: Final = 2
"""Of the few connections to Postgres; the others are for those who wait for an answer of the API."""
MOST_A_SECOND: Final = 30
MOST_STRIKES: Final = 20
"""Messages that are none, or too many a second: after so many the socket is closed."""


CLOSE_S: Final = 5.0

NO_TEXT: Final = RequestError("invalid-request", "Screens and ccplane speak in text messages of JSON.")
TOO_FAST: Final = RequestError("too-fast", f"More than {MOST_A_SECOND} messages a second; this one was not looked at.")


class Resume(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last place that a screen has seen."""

    epoch: int
    seq: int


class Hello(msgspec.Struct, frozen=True, tag_field="type", tag="hello", forbid_unknown_fields=True):
    """The first message of a screen."""

    token: Annotated[str, msgspec.Meta(max_length=200)]
    resume: Resume | None = None


_hello: Final = msgspec.json.Decoder(Hello)
_encoder: Final = msgspec.json.Encoder()


class Sockets:
    """Serves the screens of all agents."""

    def __init__(
        self, plane: Plane, sessions: Sessions, history: CallerHistory, can_pick_up: Callable[[], bool]
    ) -> None:
        self._plane, self._sessions, self._history = plane, sessions, history
        self._can_pick_up = can_pick_up
        self._lines = Lines(plane, sessions, self._look_back)
        self._asked: dict[str, Asked] = {}
        self._asking_postgres = asyncio.Semaphore(HISTORIES_AT_ONCE)
        self._looking: set[asyncio.Task[None]] = set()
        sessions.on_end(self._ended)

    def __len__(self) -> int:
        """How many are open."""
        return len(self._lines)

    async def serve(self, socket: WebSocket) -> None:
        """One socket from its first message to its end."""
        await socket.accept()
        try:
            hello = await _greeted(socket)
            session = self._sessions.find(hello.token)
        except WebSocketDisconnect:
            return None
        except RequestError as error:
            return await _closed(socket, UNAUTHORISED if error.code == "unauthorised" else BAD_HELLO, error.code)
        resume = hello.resume or Resume(0, 0)
        line = self._lines.open(session, resume.epoch, resume.seq)
        writing = asyncio.create_task(_written(socket, line))
        hearing = asyncio.create_task(self._heard(socket, line))
        try:
            left_s = self._sessions.left_s(session)
            over, _ = await asyncio.wait((writing, hearing), timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
            if not over:
                self._sessions.end(session, "expired")
            if line.closing is not None:
                await asyncio.wait((writing,), timeout=CLOSE_S)
        finally:
            self._lines.left(line)
            for task in (writing, hearing):
                task.cancel()
            for outcome in await asyncio.gather(writing, hearing, return_exceptions=True):
                if isinstance(outcome, Exception) and not isinstance(outcome, WebSocketDisconnect):
                    log.error("an agent's socket failed", agent=session.agent, exc_info=outcome)

    async def _heard(self, socket: WebSocket, line: Line) -> None:
        """Returns when the other end is gone, or the line is to be closed."""
        session, pace, strikes = line.session, Pace(), 0
        while line.closing is None:
            data = await _text(socket)
            asking = read(data) if data is not None else refused(None, NO_TEXT)
            if pace.too_fast(asyncio.get_running_loop().time()):
                asking = refused(asking.re if isinstance(asking, Answered) else asking.id, TOO_FAST)
            if isinstance(asking, Answered):
                strikes += 1
                line.tell(_encoder.encode(asking))
                if strikes >= MOST_STRIKES:
                    line.close(TOO_MUCH, "too-much")
            elif not self._sessions.lives(session):
                line.close(UNAUTHORISED, "unauthorised")
            else:
                await self._ask(line, asking)

    async def _ask(self, line: Line, asking: AnyAsking) -> None:
        if line.session.digest not in self._asked:
            self._asked[line.session.digest] = Asked(self._plane, line.session, self._can_pick_up)
        answer = await self._asked[line.session.digest].answer(asking)
        if answer.ok and isinstance(asking, Answer) and self._at_a_browser(line):
            line.tell(_encoder.encode({"type": "answer-now", "offer": asking.offer}))
        line.tell(_encoder.encode(answer))

    def _at_a_browser(self, line: Line) -> bool:
        agent = self._plane.snapshot.state.agents.get(line.session.agent)
        return agent is not None and is_web(agent.device)

    def _ended(self, session: Session, _: str) -> None:
        self._asked.pop(session.digest, None)

    def _look_back(self, line: Line, call: CallNow) -> None:
        """What there was before with this caller follows when Postgres has it; the pop waits for no database."""
        task = asyncio.create_task(self._looked_back(line, call))
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)

    async def _looked_back(self, line: Line, call: CallNow) -> None:
        found: dict[str, object]
        try:
            async with asyncio.timeout(HISTORY_S), self._asking_postgres:
                earlier = await self._history.before(call.contact, call.caller) if call.caller else []
            found = {"earlier": with_times(msgspec.to_builtins(earlier))}
        except TimeoutError:
            found = {"earlier": None, "why": "Postgres took too long."}
        except StoreError as error:
            found = {"earlier": None, "why": str(error)}
        except Exception:
            log.exception("what there was before with a caller could not be told")
            found = {"earlier": None, "why": "ccplane failed at this; its log says why."}
        line.tell(_encoder.encode({"type": "history", "contact": call.contact, **found}))


class Pace:
    """Whether messages come faster than anybody presses buttons."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=MOST_A_SECOND)

    def too_fast(self, now: float) -> bool:
        fast = len(self._last) == MOST_A_SECOND and now - self._last[0] < 1
        self._last.append(now)
        return fast


async def _greeted(socket: WebSocket) -> Hello:
    """The first message, in time. RequestError `bad-hello`."""
    try:
        async with asyncio.timeout(HELLO_S):
            return _hello.decode(await _text(socket) or "")
    except (TimeoutError, msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise RequestError("bad-hello", f"The first message is a hello with the session's token: {error}") from None


async def _text(socket: WebSocket) -> str | None:
    """The next message; None if it was none of text. WebSocketDisconnect."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    text: str | None = message.get("text")
    return text


async def _written(socket: WebSocket, line: Line) -> None:
    """Send what the line has, until it is to be closed."""
    while (message := await line.next()) is not None:
        await socket.send_text(message.decode())
    assert line.closing is not None
    await _closed(socket, *line.closing)


async def _closed(socket: WebSocket, code: int, reason: str) -> None:
    if socket.application_state is WebSocketState.CONNECTED:
        with suppress(WebSocketDisconnect):
            await socket.close(code, reason)


def routes(sockets: Sockets) -> APIRouter:
    router = APIRouter()

    @router.websocket("/api/v1/agents/me/socket")
    async def socket(socket: WebSocket) -> None:
        """Guarded by the token of an agent's session, in its first message."""
        await sockets.serve(socket)

    return router
