"""An agent's screen as a client: what docs/agent-socket.md tells a page to do, for tests and measurements."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATH = "/api/v1/agents/me/socket"


class Screen:
    """One open socket. `seen`: all messages but answers; `view`: what the screen shows."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.seen: list[dict[str, Any]] = []
        self.view: dict[str, Any] = {}
        self.place: dict[str, int] = {}
        """What to resume with."""
        self.on_message: Callable[[dict[str, Any]], None] | None = None
        """Told each message as it is read, before anything else."""
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)
        self._news = asyncio.Event()
        self._taken = 0
        self._reading = asyncio.create_task(self._read())

    async def next(self, *types: str, within: float = 20) -> dict[str, Any]:
        """The next message, or the next of these types; those before it are skipped. EOFError if the socket closed."""
        async with asyncio.timeout(within):
            while True:
                while self._taken < len(self.seen):
                    self._taken += 1
                    message = self.seen[self._taken - 1]
                    if not types or message["type"] in types:
                        return message
                if self._reading.done():
                    raise EOFError(f"closed with {self.connection.close_code} {self.connection.close_reason}")
                self._news.clear()
                await self._news.wait()

    async def ask(self, do: str, **what: Any) -> dict[str, Any]:
        """The answer to an asking."""
        number = what.pop("id", None) or f"a{next(self._numbers)}"
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self.connection.send(json.dumps({"id": number, "do": do, **what}))
        return await asyncio.wait_for(answer, 10)

    async def closed(self, within: float = 20) -> tuple[int | None, str | None]:
        """The close code and reason, once it is closed."""
        await asyncio.wait_for(self.connection.wait_closed(), within)
        return self.connection.close_code, self.connection.close_reason

    async def _read(self) -> None:
        try:
            async for text in self.connection:
                self._take(json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            self._news.set()

    def _take(self, message: dict[str, Any]) -> None:
        if self.on_message is not None:
            self.on_message(message)
        if "re" in message:
            answer = self._answers.pop(message["re"], None)
            if answer is not None and not answer.done():
                answer.set_result(message)
                return
        if "epoch" in message:
            self.place["epoch"] = message["epoch"]
        if "seq" in message:
            self.place["seq"] = message["seq"]
        if "agent" in message:
            self.view = {name: message[name] for name in ("agent", "call", "own_call")}
        self.seen.append(message | {"type": message.get("type", "answer")})
        self._news.set()


@asynccontextmanager
async def open_screen(url: str, token: str, resume: dict[str, int] | None = None) -> AsyncIterator[Screen]:
    """A socket at this plane (`http://host:port`), after its hello; `resume`: another screen's `place`."""
    hello: dict[str, Any] = {"type": "hello", "token": token}
    if resume:
        hello["resume"] = resume
    async with connect(url.replace("http", "ws", 1) + PATH, proxy=None, compression=None) as connection:
        await connection.send(json.dumps(hello))
        screen = Screen(connection)
        try:
            yield screen
        finally:
            await connection.close()
            await screen._reading
