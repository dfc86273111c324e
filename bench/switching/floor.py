"""The floor: the least that an ARI application can do and still connect callers to agents.

No skills, no states, no record, no failure handled beyond what a clean run needs. What it takes from a freed agent to
the next ring is what Asterisk, Python and these phones cost; the plane is measured against it.

    python -m bench.switching.floor http://127.0.0.1:8088/ari USER PASSWORD 1001,1002,…
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections import deque
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import uvloop
from websockets.asyncio.client import ClientConnection, connect

APP: Final = "floor"
QUIET: Final = ("ChannelVarset", "ChannelDialplan", "ChannelConnectedLine", "ChannelCallerId")


@dataclass(slots=True)
class Caller:
    channel: str
    bridge: str
    number: str
    leg: str = ""
    talking: bool = False


class Floor:
    """Longest-idle agent, longest-waiting caller. Events in on one socket, originates and the rest out on two more."""

    def __init__(self, dial: ClientConnection, command: ClientConnection, agents: list[str]) -> None:
        self._dial, self._command = dial, command
        self._idle = deque(agents)
        self._waiting: deque[Caller] = deque()
        self._callers: dict[str, Caller] = {}
        self._legs: dict[str, tuple[str, Caller]] = {}
        self._dropped: set[str] = set()
        self._ids = itertools.count(1)

    async def on_event(self, event: dict[str, Any]) -> None:
        channel = event.get("channel") or {}
        match event["type"]:
            case "StasisStart" if not event["args"]:
                await self._arrived(channel["id"], channel["caller"]["number"])
            case "StasisStart" if channel["id"] in self._legs:  # at Up addChannel may still find it in no application
                await self._up(channel["id"])
            case "ChannelHangupRequest" | "StasisEnd" if channel["id"] not in self._dropped:
                await self._gone(channel["id"])
            case "ChannelDestroyed":
                self._dropped.discard(channel["id"])
                await self._gone(channel["id"])

    async def _arrived(self, channel: str, number: str) -> None:
        caller = self._callers[channel] = Caller(channel, f"b-{channel}", number)
        self._waiting.append(caller)
        await self._match()
        await self._send(self._command, "POST", f"bridges/{caller.bridge}", type="mixing")
        await self._send(self._command, "POST", f"channels/{channel}/answer")
        await self._send(self._command, "POST", f"bridges/{caller.bridge}/addChannel", channel=channel)
        await self._send(self._command, "POST", f"channels/{channel}/moh")

    async def _match(self) -> None:
        while self._idle and self._waiting:
            caller = self._waiting.popleft()
            agent, caller.leg = self._idle.popleft(), f"leg-{next(self._ids)}"
            self._legs[caller.leg] = agent, caller
            await self._send(self._dial, "POST", f"channels/{caller.leg}", endpoint=f"PJSIP/{agent}", app=APP,
                             appArgs="leg", timeout="20", callerId=caller.number)  # fmt: skip

    async def _up(self, leg: str) -> None:
        _, caller = self._legs[leg]
        caller.talking = True
        await self._send(self._command, "DELETE", f"channels/{caller.channel}/moh")
        await self._send(self._command, "POST", f"bridges/{caller.bridge}/addChannel", channel=leg)

    async def _gone(self, channel: str) -> None:
        if (leg := self._legs.pop(channel, None)) is not None:
            agent, caller = leg
            self._idle.append(agent)
            if caller.channel in self._callers and not caller.talking:
                self._waiting.appendleft(caller)
            await self._match()
            if caller.talking and caller.channel in self._callers:
                await self._send(self._command, "DELETE", f"channels/{caller.channel}")
        elif (gone := self._callers.pop(channel, None)) is not None:
            if gone in self._waiting:
                self._waiting.remove(gone)
            if gone.leg in self._legs:
                self._dropped.add(gone.leg)  # its phone is free when the leg is really gone
                await self._send(self._command, "DELETE", f"channels/{gone.leg}")
            await self._send(self._command, "DELETE", f"bridges/{gone.bridge}")

    async def _send(self, socket: ClientConnection, method: str, uri: str, **query: str) -> None:
        number = str(next(self._ids))
        await socket.send(json.dumps({
            "type": "RESTRequest", "request_id": number, "transaction_id": number, "method": method,
            "uri": f"{uri}?{urlencode(query, quote_via=quote)}" if query else uri,
        }))  # fmt: skip


async def _drain(socket: ClientConnection) -> None:
    """What went wrong is printed, into the log of the bench; nothing is done about it."""
    async for text in socket:
        if '"status_code":2' not in text:
            print(text, flush=True)


async def run(ari_url: str, user: str, password: str, agents: list[str]) -> None:
    base = ari_url.replace("http", "ws", 1) + f"/events?api_key={quote(user)}:{quote(password)}&app="
    async with (
        connect(base + APP, compression=None) as events,
        connect(base + f"{APP}-dial", compression=None) as dial,
        connect(base + f"{APP}-cmd", compression=None) as command,
        asyncio.TaskGroup() as group,
    ):
        await events.send(json.dumps({
            "type": "RESTRequest", "request_id": "0", "transaction_id": "0", "method": "PUT",
            "uri": f"applications/{APP}/eventFilter", "content_type": "application/json",
            "message_body": json.dumps({"disallowed": [{"type": each} for each in QUIET]}),
        }))  # fmt: skip
        drains = [group.create_task(_drain(socket)) for socket in (dial, command)]
        floor = Floor(dial, command, agents)
        async for text in events:
            event = json.loads(text)
            if event["type"] == "RESTResponse" and event["request_id"] == "0":
                print("ready", flush=True)
            else:
                await floor.on_event(event)
        for drain in drains:
            drain.cancel()


if __name__ == "__main__":
    uvloop.run(run(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4].split(",")))
