"""The wallboard: once, or as a stream of server-sent events, each of them the whole wallboard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from itertools import count
from typing import Any, Final

import msgspec
import structlog
from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse

from ccplane.core.estimates import for_newcomers
from ccplane.core.state import State
from ccplane.errors import RequestError
from ccplane.http.auth import Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import Plane, Snapshot
from ccplane.http.views import NOTHING_MEASURED, ServiceView, Wallboard, told, wallboard_told
from ccplane.http.wallboard_page import BUILD
from ccplane.http.wallboard_people import People
from ccplane.ids import QueueName
from ccplane.kpi.wallboard import wallboard

log = structlog.get_logger()

EVERY_S: Final = 0.25
"""No more than four events a second, however much happens: the latest wins."""
WAITING_S: Final = 1.0
"""While somebody waits, their time goes on without a fact."""
HEARTBEAT_S: Final = 15.0
"""Without any change: a sign of life that proxies and browsers believe in, and the way past midnight."""
MOST_READERS: Final = 400
AT_THE_SAME_TIME: Final = 16
"""So many readers are told at once, the next so much later: to tell one takes the loop some 0.1 ms (law 13)."""
APART_S: Final = 0.004
MANY_READERS: Final = 100
"""From so many on events come half as often."""
AT_ONCE: Final = 10
"""Of so many queues the estimated wait is made at once: 3 ms where there are 200 queues and 5,000 agents."""


class Newcomers:
    """How long who comes now will wait, by queue. Of many queues a few are looked at anew each time, so that none of it
    holds the loop (law 13): what is told of the others may be some seconds old."""

    def __init__(self) -> None:
        self._told: dict[QueueName, int | None] = {}

    def waits(self, state: State, now: int) -> Mapping[QueueName, int | None]:
        queues = state.rules.queues
        fresh = [name for name in queues if name not in self._told]
        oldest = [name for name in self._told if name in queues]
        looked_at = (fresh + oldest)[:AT_ONCE]
        told = for_newcomers(state, now, looked_at)
        self._told = {name: self._told[name] for name in oldest if name not in told} | told
        return self._told


def shown(
    snapshot: Snapshot, now: int, newcomers: Newcomers, people: People, service: ServiceView = NOTHING_MEASURED
) -> Wallboard:
    at = max(now, snapshot.at)
    state = snapshot.state
    view = wallboard(snapshot.board, state, at, newcomers.waits(state, at))
    return wallboard_told(view, state.site, BUILD, people.word(state), service)


class Stream:
    """One stream for all readers: made once per change, not once per reader; nothing is done while nobody reads."""

    def __init__(
        self,
        plane: Plane,
        clock: Callable[[], int],
        *,
        service: Callable[[], ServiceView] = ServiceView,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self._plane, self._clock, self._heartbeat_s = plane, clock, heartbeat_s
        self.service = service
        self._event = b""
        """The latest wallboard."""
        self._before = b""
        """The one before it, and how the latest differs; None where that can't be said in a change."""
        self._change: bytes | None = None
        self._board: Wallboard | None = None
        self._seq = -1
        self._places: set[int] = set()
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False
        self.readers = 0
        self.newcomers, self.people = Newcomers(), People()

    def admit(self) -> None:
        """RequestError "too-many-readers": each holds a connection."""
        if self.readers >= MOST_READERS:
            raise RequestError("too-many-readers", f"{MOST_READERS} screens already read this stream.")

    async def events(self, *, changes: bool = False) -> AsyncIterator[bytes]:
        """Server-sent events for one reader, beginning with how it is now. A slow reader misses some. `changes`: after
        the first only what is other than before, as far as this reader knows what was before."""
        place = self._enter()
        seen = b""
        try:
            yield b"retry: 1000\n\n"
            while not self._closed:
                changed = self._changed
                if self._event is not seen:
                    told = self._change if changes and seen is self._before else None
                    seen = self._event
                    yield told or seen
                else:
                    await changed.wait()
                    if later := place // AT_THE_SAME_TIME:
                        await asyncio.sleep(later * APART_S)
        finally:
            self._leave(place)

    def close(self) -> None:
        """End every reader's stream, so that the server can stop."""
        self._closed = True
        self._changed.set()
        self._stop()

    def _enter(self) -> int:
        """The reader's place among all."""
        place = next(each for each in count() if each not in self._places)
        self._places.add(place)
        self.readers += 1
        if not self._tasks and not self._closed:
            self._publish()
            self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._go_on())]
            for task in self._tasks:
                task.add_done_callback(_said)
        return place

    def _leave(self, place: int) -> None:
        self._places.discard(place)
        self.readers -= 1
        if not self.readers:
            self._stop()

    def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    async def _follow(self) -> None:
        """Publish what happens; what happened meanwhile too, be it the last thing for an hour."""
        async for _ in self._plane.subscribe():
            while self._seq != self._plane.snapshot.seq:
                self._publish()
                await asyncio.sleep(EVERY_S if self.readers < MANY_READERS else 2 * EVERY_S)

    async def _go_on(self) -> None:
        """Publish that time passes, where nothing happens."""
        while True:
            event = self._event
            waits = bool(self._plane.snapshot.board.stays)
            await asyncio.sleep(WAITING_S if waits else self._heartbeat_s)
            if self._event is event:
                self._publish()

    def _publish(self) -> None:
        snapshot = self._plane.snapshot
        self._seq = snapshot.seq
        board, before = shown(snapshot, self._clock(), self.newcomers, self.people, self.service()), self._board
        change = change_of(before, board) if before else None
        self._board, self._before = board, self._event
        self._event = _event(b"wallboard", snapshot.seq, board)
        self._change = None if change is None else _event(b"change", snapshot.seq, change)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def change_of(before: Wallboard, now: Wallboard) -> dict[str, Any] | None:
    """What of it is other than before: of queues and agents those that are, of all else what is. None if there are
    other queues or agents than before, or in another order."""
    queues = [each for was, each in zip(before.queues, now.queues, strict=False) if was != each]
    agents = [each for was, each in zip(before.agents, now.agents, strict=False) if was != each]
    if [each.name for each in before.queues] != [each.name for each in now.queues]:
        return None
    if [each.id for each in before.agents] != [each.id for each in now.agents]:
        return None
    rest = {name: getattr(now, name) for name in REST if getattr(before, name) != getattr(now, name)}
    return {"at": now.at, "queues": queues, "agents": agents} | rest


REST: Final = tuple(name for name in Wallboard.__struct_fields__ if name not in ("at", "queues", "agents"))


def _event(name: bytes, seq: int, what: object) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (seq, name, msgspec.json.encode(what))


def _said(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("the wallboard's stream failed", exc_info=error)


def routes(plane: Plane, clock: Callable[[], int], stream: Stream, open_here: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/wallboard", tags=["wallboard"], dependencies=[Depends(open_here)])

    @router.get("", summary="The numbers now", responses=answers(Wallboard))
    async def get() -> Response:
        """Counts since the site's midnight; the two rates are fractions 0 to 1, or null without data."""
        return told(
            shown(plane.snapshot, clock(), stream.newcomers, stream.people, stream.service()),
            headers={"Cache-Control": "no-store"},
        )

    @router.get("/stream", summary="The numbers as they change", responses=EVENTS)
    async def events(*, changes: bool = False) -> Response:
        """Server-sent events named `wallboard`, at most four a second; each holds the whole wallboard as JSON. With
        `?changes=true` those after the first are named `change` and hold what is other than in the event before: of
        `queues` and `agents` those that are, else the fields that are. Now and then a whole one comes instead."""
        stream.admit()
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(stream.events(changes=changes), media_type="text/event-stream", headers=headers)

    return router


EVENTS: Final = answers(None) | {
    200: {
        "description": "A stream that ends with the plane.",
        "content": {
            "text/event-stream": {"schema": {"type": "string"}},
        },
    }
}
