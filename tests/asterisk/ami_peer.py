"""A small AMI in this process, for faults that a real Asterisk can't be asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Headers = dict[str, str]
GREETING = "Asterisk Call Manager/11.0.0\r\n"


def message(**headers: str) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"


def as_asterisk(action: Headers) -> str | None:
    """What it says to an action; None: nothing at all."""
    number = action.get("ActionID", "")
    match action["Action"]:
        case "Login":
            return message(Response="Success", ActionID=number, Message="Authentication accepted") + message(
                Event="FullyBooted", Status="Fully Booted"
            )
        case "Ping":
            return message(Response="Success", ActionID=number, Ping="Pong")
        case _:
            return message(Response="Success", ActionID=number, Message="done")


@dataclass
class AmiPeer:
    """It answers as Asterisk does, until `answer` is set to behave otherwise."""

    answer: Callable[[Headers], str | None] = as_asterisk
    got: list[Headers] = field(default_factory=list)
    """Every action that came, over all connections."""
    connections: int = 0
    deaf: bool = False
    """It reads and says nothing, and its connections stay open: a peer that died without a word."""
    port: int = 0
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    def named(self, action: str) -> list[Headers]:
        return [each for each in self.got if each["Action"] == action]

    def say(self, text: str | bytes) -> None:
        """On the latest connection."""
        self._writers[-1].write(text.encode() if isinstance(text, str) else text)

    def drop(self) -> None:
        """All connections end without a word."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task
        self._serving.add(task)
        self._writers.append(writer)
        writer.write(GREETING.encode())
        try:
            while True:
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
                self._heard(dict(line.split(": ", 1) for line in text.split("\r\n") if ": " in line), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()

    def _heard(self, action: Headers, writer: asyncio.StreamWriter) -> None:
        self.got.append(action)
        said = None if self.deaf else self.answer(action)
        if said is not None:
            writer.write(said.encode())


@asynccontextmanager
async def ami_peer() -> AsyncIterator[AmiPeer]:
    peer = AmiPeer()
    async with await asyncio.start_server(peer.serve, "127.0.0.1", 0) as server:
        peer.port = server.sockets[0].getsockname()[1]
        try:
            yield peer
        finally:
            peer.drop()
            await asyncio.gather(*peer._serving)
