"""A plane in memory: the real core decides and the real board counts; only the switch and the disk are missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from ccplane.agents.facts import PinWay
from ccplane.contacts.facts.customers import CallMarked
from ccplane.contacts.verbs import Spoken
from ccplane.core import State, inputs
from ccplane.core.inputs import Input
from ccplane.errors import RequestError, StoreError
from ccplane.http.app import Ports
from ccplane.http.metrics import Meters
from ccplane.http.ports import AgentChange, Part, PhoneAccount
from ccplane.ids import AgentId, CallbackId, ContactId, FaxId, MessageId, RecordingId, SeatId
from ccplane.kpi.board import Board, evolve
from ccplane.kpi.schedule import Terms
from ccplane.laws import Fact
from ccplane.plane import Snapshot
from ccplane.postgres.brought import Brought, ByAttribution, ByNumber
from ccplane.postgres.callbacks import BarredNumber, CallbackPage, CallbackRow, CallbacksWanted
from ccplane.postgres.callers import Earlier
from ccplane.postgres.contacts import ContactDetail, ContactRow, Page, Wanted
from ccplane.postgres.course import Quarter
from ccplane.postgres.customers import CustomerRow, MarkPage, MarkRow
from ccplane.postgres.faxes import FaxesWanted, FaxPage, FaxRow
from ccplane.postgres.messages import MessagePage, MessageRow, MessagesWanted
from ccplane.postgres.notices import NoticePage, NoticeRow, NoticesWanted
from ccplane.postgres.people import Person
from ccplane.postgres.recordings import RecordingRow, Sought
from ccplane.postgres.surveys import SurveyCounts, Surveys, SurveysWanted
from ccplane.site import parse
from ccplane.staff import changed
from ccplane.workforce.beside import Answer
from ccplane.workforce.process import What
from tests.callflow.line import FILES
from tests.kpi.histories import History

TOKEN = "a-good-token"


class MemoryPlane:
    """`http.ports.Plane`, over a history that tests may also push along by hand."""

    def __init__(self) -> None:
        self.history = History()
        self._folded, self._board = 0, Board.begun()
        self._changed = asyncio.Event()
        self.subscribers = 0
        self._followers: list[Callable[[Snapshot, Sequence[Fact], int], None]] = []
        self._told = len(self.history.facts)

    def follow(self, follower: Callable[[Snapshot, Sequence[Fact], int], None], /) -> None:
        self._followers.append(follower)

    @property
    def state(self) -> State:
        return self.history.state

    @property
    def snapshot(self) -> Snapshot:
        facts = self.history.facts
        for fact in facts[self._folded :]:
            self._board = evolve(self._board, fact)
        self._folded = len(facts)
        return Snapshot(self.history.state, self._board, len(facts), self.history.now)

    async def ask(self, what: Input) -> Snapshot:
        self.history.give(what)
        self.publish()
        return self.snapshot

    def publish(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        facts, first = self.history.facts[self._told :], self._told + 1
        self._told = len(self.history.facts)
        for follower in self._followers:
            follower(self.snapshot, facts, first)

    async def subscribe(self) -> AsyncIterator[Snapshot]:
        self.subscribers += 1
        try:
            while True:
                yield self.snapshot
                await self._changed.wait()
        finally:
            self.subscribers -= 1


class MemoryPhones:
    async def phone(self, agent: AgentId, /) -> PhoneAccount | None:
        return await self.at(SeatId(agent))

    async def at(self, seat: SeatId, /) -> PhoneAccount | None:
        if seat not in ("1001", "2001"):
            return None
        return PhoneAccount(seat, "a-secret", "sip:127.0.0.1:5060", f"{seat}-web", "ws://127.0.0.1:8088/ws")


class MemoryStaff:
    """`http.ports.Staff` over the plane's own agents; `away`: Postgres can't be reached."""

    def __init__(self, plane: MemoryPlane) -> None:
        self.plane, self.away = plane, False

    async def edit(self, agent: AgentId, change: AgentChange, *, by: str) -> Snapshot:
        if self.away:
            raise StoreError("postgres-unreachable", "Postgres is away.")
        before = self.plane.snapshot.state.agents[agent].profile
        after = changed(
            Person(**{name: getattr(before, name) for name in KEPT}, seat="", phone=agent, secret=""), change
        )
        return await self.plane.ask(inputs.AgentEditAsked(profile=after.profile, by=by))


KEPT = ("id", "name", "skills", "role", "languages", "queues", "capacity", "wrap_up", "team")


class MemoryPins:
    """`http.ports.Pins` over a dict; nothing is counted, and whom none was given has 123456."""

    def __init__(self, plane: MemoryPlane) -> None:
        self.plane, self.pins = plane, dict[AgentId, str]()

    async def check(self, agent: AgentId, pin: str, *, way: PinWay = PinWay.API, whence: str = "") -> None:
        if self.pins.get(agent, "123456") != pin:
            raise RequestError("wrong-pin", "Id or PIN is wrong.")

    async def put(self, agent: AgentId, pin: str | None, *, by: str) -> str:
        self.pins[agent] = pin or "424242"
        await self.plane.ask(inputs.PinChanged(agent, by))
        return self.pins[agent]

    async def unlock(self, agent: AgentId, *, by: str) -> None:
        await self.plane.ask(inputs.PinUnlockAsked(agent, by))


class Vitals:
    """`http.ports.Health` as a test sets it."""

    def __init__(self) -> None:
        self.down: dict[str, str] = {}

    def parts(self) -> dict[str, Part]:
        names = ("leader", "ari", "ami", "database", "phones", "recordings", "messages", "guard", "outbox", "site")
        return {name: Part(name not in self.down, 0.5, self.down.get(name, "")) for name in names}


class MemoryContacts:
    """`http.ports.ContactsStore` over a dict; `away` makes it a database that can't be reached."""

    def __init__(self) -> None:
        self.stored: dict[ContactId, ContactDetail] = {}
        self.wanted = Wanted()
        self.counted = (0, 0)
        self.away = False

    async def contacts(self, wanted: Wanted, *, after: str | None, limit: int) -> Page:
        self._reach()
        self.wanted = wanted
        if after == "nonsense":
            raise RequestError("bad-cursor", "This is no cursor of ours.")
        rows: list[ContactRow] = [detail.contact for detail in self.stored.values()]
        start = int(after or 0)
        more = str(start + limit) if len(rows) > start + limit else None
        return Page(contacts=rows[start : start + limit], next=more)

    async def contact(self, contact: ContactId, /) -> ContactDetail | None:
        self._reach()
        return self.stored.get(contact)

    async def brought(self, since: int, until: int, /) -> Brought:
        self._reach()
        self.counted = (since, until)
        counts = {"arrived": 3, "queued": 2, "answered": 1, "abandoned": 1, "self_served": 1}
        one = ByNumber(number_dialled="4001", attribution="radio", **counts)
        return Brought([one], [ByAttribution(attribution="radio", **counts)])

    async def surveys(self, wanted: SurveysWanted, /) -> Surveys:
        self._reach()
        self.opinions_of = wanted
        counts = {"asked": 10, "rated": 4, "partly": 1, "satisfaction_rated": 4, "satisfaction_top": 3}
        counts |= {"nps_rated": 3, "nps_promoters": 2, "nps_detractors": 1}
        support, ana = SurveyCounts(name="support", **counts), SurveyCounts(name="1001", **counts)
        return Surveys(SurveyCounts(**counts), [support], [ana])

    def _reach(self) -> None:
        if self.away:
            raise StoreError("postgres-unreachable", "Postgres is away.")


class MemoryRecordings:
    """`http.ports.RecordingsStore` over a list, the latest first."""

    def __init__(self) -> None:
        self.rows: list[RecordingRow] = []
        self.sought = Sought()

    async def recordings(self, sought: Sought, *, after: tuple[int, str] | None, limit: int) -> list[RecordingRow]:
        self.sought = sought
        return [each for each in self.rows if after is None or (each.first_at, each.id) < after][:limit]

    async def recording(self, recording: RecordingId, /) -> RecordingRow | None:
        return next((each for each in self.rows if each.id == recording), None)


class MemoryMessages:
    """`http.ports.MessagesStore` over a dict."""

    def __init__(self) -> None:
        self.stored: dict[str, MessageRow] = {}
        self.wanted = MessagesWanted()

    async def messages(self, wanted: MessagesWanted, *, after: str | None, limit: int) -> MessagePage:
        self.wanted = wanted
        return MessagePage(list(self.stored.values())[:limit], None)

    async def message(self, message: MessageId, /) -> MessageRow | None:
        return self.stored.get(message)


class MemoryFaxes:
    """`http.ports.FaxesStore` over a dict."""

    def __init__(self) -> None:
        self.stored: dict[str, FaxRow] = {}
        self.wanted = FaxesWanted()

    async def faxes(self, wanted: FaxesWanted, *, after: str | None, limit: int) -> FaxPage:
        self.wanted = wanted
        return FaxPage(list(self.stored.values())[:limit], None)

    async def fax(self, fax: FaxId, /) -> FaxRow | None:
        return self.stored.get(fax)


class MemoryCustomers:
    """`http.ports.Customers` over dicts; `away`: the database can't be reached. It is its own store."""

    def __init__(self, plane: MemoryPlane) -> None:
        self.plane, self.away = plane, False
        self.rows: dict[str, CustomerRow] = {}
        self.marked: list[MarkRow] = []

    @property
    def store(self) -> MemoryCustomers:
        return self

    def number(self, given: str, /) -> str:
        return "".join(each for each in given if each not in " -")

    async def customers(self, after: str, limit: int, *, blocked: bool = False) -> list[CustomerRow]:
        self._reach()
        rows = [self.rows[each] for each in sorted(self.rows) if each > after]
        return [each for each in rows if each.blocked or not blocked][:limit]

    async def customer(self, number: str, /) -> CustomerRow | None:
        self._reach()
        return self.rows.get(number)

    async def put(self, rows: Sequence[CustomerRow], by: str, what: tuple[str, ...] = ()) -> None:
        self._reach()
        at = self.plane.history.now
        self.rows |= {each.number: structs.replace(each, changed_by=by, changed_at=at) for each in rows}

    async def delete(self, number: str, by: str) -> None:
        if self.rows.pop(number, None) is None:
            raise RequestError("no-such-customer", "No customer is known by this number.")

    async def mark(self, contact: ContactId, agent: AgentId | None, by: str, note: str) -> CallMarked:
        at = self.plane.history.now
        self.marked.append(MarkRow(contact=contact, number="0123", agent=agent, by=by, note=note, at=at))
        marks = len(self.marked)
        return CallMarked(at=at, contact=contact, number="0123", marks=marks, agent=agent, by=by, note=note)

    async def marks(self, number: str | None, *, after: str | None, limit: int) -> MarkPage:
        found = [each for each in reversed(self.marked) if number in (None, each.number)]
        return MarkPage(found[:limit], None)

    def _reach(self) -> None:
        if self.away:
            raise StoreError("postgres-unreachable", "Postgres is away.")


class MemoryCallbacks:
    """`http.ports.CallbackStore` over dicts; `away`: the database can't be reached."""

    def __init__(self) -> None:
        self.rows: dict[str, CallbackRow] = {}
        self.barred_numbers: dict[str, BarredNumber] = {}
        self.wanted = CallbacksWanted()
        self.away = False

    def put(self, name: str, state: str = "waiting") -> None:
        """A callback that Postgres has."""
        at = 1_700_000_000_000
        self.rows[name] = CallbackRow(
            id=name, number="5551000", queue="support", asked_in=None, asked_by="api", state=state, why=None,
            contact=None, agent=None, tries=0, waited_ms=None, since=at, asked_at=at, expires_at=at + 1, next_at=None,
            reached_at=None, ended_at=None,
        )  # fmt: skip

    async def callbacks(self, wanted: CallbacksWanted, *, after: str | None, limit: int) -> CallbackPage:
        self._reach()
        self.wanted = wanted
        return CallbackPage(list(self.rows.values())[:limit], None)

    async def callback(self, wanted: CallbackId, /) -> CallbackRow | None:
        self._reach()
        return self.rows.get(wanted)

    async def bar(self, number: str, why: str, by: str, now: int, until: int | None, /) -> None:
        self._reach()
        self.barred_numbers[number] = BarredNumber(number=number, why=why, by=by, since=now, until=until)

    async def unbar(self, number: str, /) -> bool:
        self._reach()
        return self.barred_numbers.pop(number, None) is not None

    async def barred(self, now: int, /, *, after: str, limit: int) -> list[BarredNumber]:
        self._reach()
        return [each for number, each in sorted(self.barred_numbers.items()) if number > after][:limit]

    def _reach(self) -> None:
        if self.away:
            raise StoreError("postgres-unreachable", "Postgres is away.")


class MemoryCallers:
    """`http.ports.CallerHistory` over a list; `away`: the database can't be reached, `stuck`: it hangs."""

    def __init__(self) -> None:
        self.earlier: list[Earlier] = []
        self.away = self.stuck = False

    async def before(self, contact: ContactId, caller: str, /) -> list[Earlier]:
        if self.away:
            raise StoreError("postgres-unreachable", "Postgres is away.")
        if self.stuck:
            await asyncio.Event().wait()
        return self.earlier


class MemoryNotes:
    """`http.sessions.Notes` over a dict."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def note(self, key: str) -> bytes | None:
        return self.kept.get(key)

    def put_note(self, key: str, data: bytes) -> None:
        self.kept[key] = data

    async def noted(self, key: str) -> None:
        assert key in self.kept


class MemoryNotices:
    """As Postgres says of them."""

    def __init__(self) -> None:
        self.rows: dict[str, NoticeRow] = {}

    def make(self, number: str, state: str = "due", **other: Any) -> NoticeRow:
        usual: dict[str, Any] = {
            "message": "m-1",
            "kind": "email",
            "target": "team@example.com",
            "tries": 3,
            "last_error": None if state == "sent" else "the mail server says 451 later",
            "since": 0,
            "next_at": 60_000,
            "sent_at": 70_000 if state == "sent" else None,
        }
        self.rows[number] = NoticeRow(id=number, state=state, **usual | other)
        return self.rows[number]

    async def notices(self, wanted: NoticesWanted, *, after: str | None, limit: int) -> NoticePage:
        found = [each for each in reversed(self.rows.values()) if wanted.state in (None, each.state)]
        return NoticePage([each for each in found if wanted.message in (None, each.message)][:limit], None)

    async def notice(self, wanted: str) -> NoticeRow | None:
        return self.rows.get(wanted)

    async def retry(self, wanted: str) -> bool:
        row = self.rows[wanted]
        if row.state == "sent":
            return False
        self.make(wanted, tries=0)
        return True

    async def give_up(self, wanted: str, by: str) -> bool:
        row = self.rows[wanted]
        if row.state != "due":
            return False
        self.make(wanted, "given-up", last_error=f"given up by {by}")
        return True


class MemoryFigures:
    """`http.figures.Asking`; `asked` is what it was asked, with the file."""

    def __init__(self) -> None:
        self.asked: list[tuple[What, bytes]] = []

    async def ask(self, what: What, terms: Terms, timezone: str, file: AsyncIterator[bytes] | None = None, /) -> Answer:
        self.asked.append((what, b"".join([piece async for piece in file]) if file else b""))
        return Answer("application/json", _piece(b"{}"))


async def _piece(text: bytes) -> AsyncIterator[bytes]:
    yield text


class MemoryCourses:
    """`http.course.CourseStore`; `asked` counts."""

    def __init__(self) -> None:
        self.quarters: list[Quarter] = []
        self.asked: list[tuple[int, int, tuple[str, ...]]] = []
        self.away = False

    async def course(self, since: int, until: int, queues: Sequence[str], /) -> list[Quarter]:
        self.asked.append((since, until, tuple(queues)))
        if self.away:
            raise StoreError("postgres-unreachable", "Postgres is away.")
        return self.quarters


class Site:
    """All that an app stands on, in memory."""

    def __init__(self) -> None:
        self.plane = MemoryPlane()
        self.pins = MemoryPins(self.plane)
        self.staff = MemoryStaff(self.plane)
        self.contacts = MemoryContacts()
        self.messages = MemoryMessages()
        self.audio = Path("/nowhere")
        self.faxes = MemoryFaxes()
        self.faxes_dir = Path("/nowhere")
        self.health = Vitals()
        self.meters = Meters()
        self.recordings = MemoryRecordings()
        self.recordings_dir = Path("/nowhere")
        self.callers = MemoryCallers()
        self.callbacks = MemoryCallbacks()
        self.customers = MemoryCustomers(self.plane)
        self.notices = MemoryNotices()
        self.courses = MemoryCourses()
        self.figures = MemoryFigures()
        self.notes = MemoryNotes()
        self.can_pick_up = False
        self.files = parse(FILES)
        self.speaks = True
        self.spoken: list[tuple[Spoken, ...]] = []

    async def make_sounds(self, _: str, texts: tuple[Spoken, ...]) -> tuple[str, ...]:
        self.spoken.append(texts)
        return () if self.speaks else tuple(each.uri for each in texts)

    def ports(self) -> Ports:
        return Ports(
            plane=self.plane,
            contacts=self.contacts,
            messages=self.messages,
            audio=self.audio,
            faxes=self.faxes,
            faxes_dir=self.faxes_dir,
            callers=self.callers,
            callbacks=self.callbacks,
            customers=self.customers,
            notes=self.notes,
            can_pick_up=lambda: self.can_pick_up,
            phones=MemoryPhones(),
            pins=self.pins,
            staff=self.staff,
            health=self.health,
            clock=lambda: self.plane.history.now,
            meters=self.meters,
            recordings=self.recordings,
            recordings_dir=self.recordings_dir,
            site_of=lambda _: self.files,
            make_sounds=self.make_sounds,
            notices=self.notices,
            courses=self.courses,
            figures=self.figures,
        )


def plain(value: object) -> object:
    return msgspec.to_builtins(value)


__all__ = ["TOKEN", "Site", "inputs", "plain"]
