"""What calls do, step by step: of one call so far, or of all that are wanted as it happens."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from ccplane.callflow.trace import Trace, TraceLine
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import ContactEnded, ContactFact
from ccplane.errors import RequestError
from ccplane.facts import AnyFact
from ccplane.http.auth import Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import ContactsStore, Plane, Snapshot
from ccplane.http.views import readable, told, with_times
from ccplane.http.wallboard import EVENTS, HEARTBEAT_S
from ccplane.ids import ContactId
from ccplane.laws import Fact
from ccplane.site import Site

MOST_READERS: Final = 20
MOST_LINES: Final = 1_000
"""Lines that wait for a reader at most; one who is slower than the calls is told how many were left out."""

SiteOf = Callable[[str], Site]
Text = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]

_Line: Final = readable(TraceLine, "StepLine", "One thing that happened in a call, in words.")
_Steps: Final = msgspec.defstruct(
    "ContactSteps",
    [("steps", list[_Line])],  # type: ignore[valid-type]
    namespace={"__doc__": "What the call did so far, in order."},
)


class Calls(msgspec.Struct, frozen=True):
    """Which calls are watched; None is any."""

    contact: str | None
    number_dialled: str | None
    program: str | None

    def has(self, call: Contact) -> bool:
        return (
            self.contact in (None, call.id)
            and self.number_dialled in (None, call.number_dialled)
            and self.program in (None, call.program)
        )


class Reader:
    """One who watches: each call from its arrival; of those that are up first where their programs stand."""

    def __init__(self, snapshot: Snapshot, site_of: SiteOf, wanted: Calls) -> None:
        self._wanted = wanted
        up = [each for each in snapshot.state.contacts.values() if wanted.has(each)]
        self._followed = {each.id for each in up}
        self._trace = Trace(site_of, up)
        standing = (line for each in up[:MOST_LINES] for line in self._trace.standing(each, snapshot.at))
        # of one call its steps so far, which are read before this, have the talk
        self._lines = deque(each for each in standing if wanted.contact is None or each.event == "step")
        self._left_out = max(0, len(up) - MOST_LINES)
        self._news = asyncio.Event()
        self.over = False

    def take(self, snapshot: Snapshot, facts: Sequence[Fact]) -> None:
        """What was just published. Cheap where none of it is wanted."""
        for fact in facts:
            if not isinstance(fact, ContactFact) or not self._follows(fact, snapshot.state.contacts):
                continue
            for line in self._trace.lines(fact):
                self._add(line)
            if isinstance(fact, ContactEnded):
                self._followed.discard(fact.contact)
                self.over = self.over or self._wanted.contact is not None
                self._news.set()

    async def texts(self, heartbeat_s: float) -> AsyncIterator[bytes]:
        """Server-sent events, until the one call that is watched is over."""
        yield b"retry: 1000\n\n"
        while True:
            while self._lines:
                line = with_times(msgspec.to_builtins(self._lines.popleft()))
                yield b"event: %s\ndata: %s\n\n" % (line["event"].encode(), msgspec.json.encode(line))
            if self._left_out:
                left_out, self._left_out = self._left_out, 0
                yield b'event: left-out\ndata: {"lines": %d}\n\n' % left_out
            if self.over:
                return
            self._news.clear()
            try:
                async with asyncio.timeout(heartbeat_s):
                    await self._news.wait()
            except TimeoutError:
                yield b": nothing new\n\n"

    def close(self) -> None:
        self.over = True
        self._news.set()

    def _follows(self, fact: ContactFact, contacts: Mapping[ContactId, Contact]) -> bool:
        if fact.contact not in self._followed:
            contact = contacts.get(fact.contact)
            if contact is None or not self._wanted.has(contact):
                return False
            self._followed.add(fact.contact)
        return True

    def _add(self, line: TraceLine) -> None:
        if len(self._lines) >= MOST_LINES:
            self._left_out += 1
        else:
            self._lines.append(line)
        self._news.set()


class Readers:
    """All who watch. Nothing is done while nobody does."""

    def __init__(self, plane: Plane, site_of: SiteOf, *, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._plane, self.site_of, self._heartbeat_s = plane, site_of, heartbeat_s
        self._readers: set[Reader] = set()
        plane.follow(self._follow)

    @property
    def count(self) -> int:
        return len(self._readers)

    def admit(self) -> None:
        """RequestError "too-many-readers": each costs a little at every step of every call."""
        if self.count >= MOST_READERS:
            raise RequestError("too-many-readers", f"{MOST_READERS} others watch calls already.")

    async def events(self, wanted: Calls) -> AsyncIterator[bytes]:
        """Server-sent events for one reader, from now on."""
        reader = Reader(self._plane.snapshot, self.site_of, wanted)
        self._readers.add(reader)
        try:
            async for text in reader.texts(self._heartbeat_s):
                yield text
        finally:
            self._readers.discard(reader)

    def close(self) -> None:
        """End every reader's stream, so that the server can stop."""
        for reader in self._readers:
            reader.close()

    def _follow(self, snapshot: Snapshot, facts: Sequence[Fact], _: int) -> None:
        for reader in self._readers:
            reader.take(snapshot, facts)


def steps_of(facts: Iterable[Mapping[str, Any]], site_of: SiteOf) -> list[dict[str, Any]]:
    """The lines of a call's facts as Postgres has them."""
    trace = Trace(site_of)
    typed = (msgspec.convert(fact, AnyFact) for fact in facts)
    return [with_times(msgspec.to_builtins(line)) for fact in typed for line in trace.lines(fact)]


def routes(plane: Plane, store: ContactsStore, readers: Readers, admin: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1", tags=["contacts"], dependencies=[Depends(admin)])

    @router.get("/contacts/{contact_id}/steps", summary="What its program did, in words", responses=answers(_Steps))
    async def steps(contact_id: str) -> Response:
        """Each verb, with the line of the program that asked for it, and what came of it. Of a live contact it may lag
        by part of a second; the stream does not."""
        found = (
            await store.contact(ContactId(contact_id))
            if contact_id.startswith("c-") and contact_id.isprintable()
            else None
        )
        if found is None:
            raise RequestError("no-such-contact", "There is no contact with this id, or none yet.", contact=contact_id)
        return told({"steps": steps_of(found.facts, readers.site_of)})

    @router.get("/steps/stream", summary="What calls do, as it happens", responses=EVENTS)
    async def stream(contact: Text = None, number_dialled: Text = None, program: Text = None) -> Response:
        """Server-sent events, named by what happened, each a line in words: of one call, until it is over; or of all to
        a number, or of a program. One who reads too slowly is told by `left-out` how many lines were."""
        readers.admit()
        if contact is not None and ContactId(contact) not in plane.snapshot.state.contacts:
            raise RequestError("no-such-contact", "There is no live contact with this id.", contact=contact)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        texts = readers.events(Calls(contact, number_dialled, program))
        return StreamingResponse(texts, media_type="text/event-stream", headers=headers)

    return router
