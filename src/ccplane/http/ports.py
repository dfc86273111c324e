"""What the API needs of the rest, as small ports; `parts.py` wires them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol

import msgspec

from ccplane.agents.facts import Membership, PinWay
from ccplane.agents.wrap_up import WrapUp
from ccplane.contacts.facts.customers import CallMarked
from ccplane.core import State
from ccplane.core.inputs import Input
from ccplane.ids import AgentId, CallbackId, ContactId, FaxId, MessageId, QueueName, RecordingId, SeatId
from ccplane.kpi.board import Board
from ccplane.laws import Fact
from ccplane.postgres.brought import Brought
from ccplane.postgres.callbacks import BarredNumber, CallbackPage, CallbackRow, CallbacksWanted
from ccplane.postgres.callers import Earlier
from ccplane.postgres.contacts import ContactDetail, Page, Wanted
from ccplane.postgres.customers import CustomerRow, MarkPage
from ccplane.postgres.faxes import FaxesWanted, FaxPage, FaxRow
from ccplane.postgres.messages import MessagePage, MessageRow, MessagesWanted
from ccplane.postgres.recordings import RecordingRow, Sought
from ccplane.postgres.surveys import Surveys, SurveysWanted
from ccplane.site.differences import Difference
from ccplane.site.overlays import Overlay


class Snapshot(Protocol):
    """What the plane published: the state and the numbers after fact `seq`, as of `at` (ms UTC)."""

    @property
    def state(self) -> State: ...
    @property
    def board(self) -> Board: ...
    @property
    def seq(self) -> int: ...
    @property
    def at(self) -> int: ...


class Plane(Protocol):
    """The control plane as the API sees it: it looks and asks, and changes nothing itself."""

    @property
    def snapshot(self) -> Snapshot: ...

    async def ask(self, what: Input) -> Snapshot:
        """Decide this; return once its facts are in the outbox: acknowledged."""

    def follow(self, follower: Callable[[Any, Sequence[Fact], int], None], /) -> None:
        """Tell it each snapshot as it is published, the facts that led to it, and the number of the first of them."""

    def subscribe(self) -> AsyncIterator[Snapshot]:
        """Every published snapshot; a slow reader misses some, the latest always comes."""


class PhoneAccount(msgspec.Struct, frozen=True):
    """What a seat's phones need to register, with one secret. `registrar`, for the desk phone: `sip:host:port`;
    `websocket`, for the browser's: `ws://host:port/ws`."""

    username: str
    secret: str
    registrar: str
    web_username: str
    websocket: str


class PhoneBook(Protocol):
    async def phone(self, agent: AgentId, /) -> PhoneAccount | None:
        """The account of the agent's own phone; None if they have none."""

    async def at(self, seat: SeatId, /) -> PhoneAccount | None:
        """The accounts of the phones at a seat; None if there are none."""


class Pins(Protocol):
    """Agents' PINs. Every try is counted and is a fact."""

    async def check(self, agent: AgentId, pin: str, *, way: PinWay = PinWay.API, whence: str = "") -> None:
        """Returns if it is theirs. RequestError "wrong-pin" (also for nobody's id), "pin-locked", "too-many-tries"."""

    async def put(self, agent: AgentId, pin: str | None, *, by: str) -> str:
        """Give them this one, or (None) one made by chance; the PIN. RequestError "bad-pin", "no-such-agent"."""

    async def unlock(self, agent: AgentId, *, by: str) -> None:
        """Let it count again before its time."""


class AgentChange(msgspec.Struct, frozen=True):
    """What of an agent is to be other than it is. In a table None takes the key away; what is not named stays."""

    name: str | None = None
    skills: dict[str, int | None] = {}
    languages: tuple[str, ...] | None = None
    queues: dict[QueueName, Membership | None] = {}
    capacity: dict[str, int | None] = {}
    wrap_up: WrapUp | msgspec.UnsetType | None = msgspec.UNSET
    """None takes their own rule away."""
    team: str | None = None
    """"" takes them out of theirs."""


class Staff(Protocol):
    """Agents as they are edited."""

    async def edit(self, agent: AgentId, change: AgentChange, *, by: str) -> Snapshot:
        """The snapshot once it is in force. RequestError "no-such-agent"; StoreError if Postgres is away."""


class OverlayTold(msgspec.Struct, frozen=True, kw_only=True):
    """What holds in a file's place. `path`: file and key; `value`: null for no such key; `file`: what the file says
    there; `by`: who laid it; `since`, `until`: ms, `until` null for good."""

    path: str
    value: Any
    file: Any
    by: str
    since: int
    until: int | None


class DiffTold(msgspec.Struct, frozen=True):
    """What lies over the files; what a reload would change (`folder`), or why it would not (`faults`); and which agents
    are other than acd/agents.toml has them (`people`)."""

    overlays: tuple[OverlayTold, ...]
    folder: tuple[Difference, ...]
    people: tuple[Difference, ...]
    faults: tuple[str, ...]


class Overlays(Protocol):
    """Edits of the site at run time."""

    def told(self) -> tuple[OverlayTold, ...]: ...

    async def put(self, edits: Sequence[Overlay], *, until: int | None, by: str) -> None:
        """All or none. SiteFaults, StoreError, RequestError "cannot-reload": then nothing was changed."""

    async def lift(self, path: str, *, by: str) -> None:
        """The file holds again. RequestError "no-such-overlay", and as `put`."""

    async def differences(self) -> DiffTold:
        """Between the folders, what holds, and the people."""


class Part(msgspec.Struct, frozen=True):
    """How one of the parts we stand on does. `age_s`: for how long it has been so; `detail`: for people."""

    ok: bool
    age_s: float
    detail: str = ""


class HandoverTold(msgspec.Struct, frozen=True):
    """Which process this is, and how its hand-over stands: none, preparing, taking, given, done, failed (`why`),
    draining. `took_ms`: of one that is done, what took how long. `calls`: how many are up. `started`: clock ticks from
    the machine's boot to the process's start, which tell it from another machine's or container's of that number."""

    pid: int
    version: str
    epoch: int
    stage: str
    why: str = ""
    successor: int | None = None
    took_ms: dict[str, float] = {}
    calls: int = 0
    started: int | None = None


class Handovers(Protocol):
    def told(self) -> HandoverTold:
        """Which process this is, and how its hand-over stands."""

    async def begin(self) -> HandoverTold:
        """Start a successor. RequestError "handing-over", "cannot-hand-over"."""


class Drains(Protocol):
    async def begin(self, within_s: float | None, by: str) -> None:
        """Take no new calls, and leave with the last; after so many seconds at the latest. RequestError."""

    async def cancel(self, by: str) -> None:
        """Stay, and take new calls again. RequestError "not-draining"."""


class FileChange(msgspec.Struct, frozen=True):
    """A file of the site that is `new`, `changed` or `gone`."""

    file: str
    what: str


class SiteTold(msgspec.Struct, frozen=True):
    """The site in force, and what has changed in it. `prompts`: how many were made; `phones`: why not all accounts
    could be pushed."""

    site: str
    changed: tuple[FileChange, ...]
    prompts: int
    phones: str = ""


class Customers(Protocol):
    """Customers known by their number. StoreError without Postgres, and then nothing was changed."""

    @property
    def store(self) -> CustomerStore: ...

    def number(self, given: str, /) -> str:
        """As customers are known by it."""

    async def put(self, rows: Sequence[CustomerRow], by: str, what: tuple[str, ...] = ()) -> None:
        """All or none; for the next call."""

    async def delete(self, number: str, by: str) -> None:
        """RequestError "no-such-customer"."""

    async def mark(self, contact: ContactId, agent: AgentId | None, by: str, note: str) -> CallMarked:
        """RequestError "no-such-contact", "not-yours", "number-withheld"."""


class CustomerStore(Protocol):
    """What Postgres has of them."""

    async def customers(self, after: str, limit: int, *, blocked: bool = False) -> list[CustomerRow]:
        """A page, by number."""

    async def customer(self, number: str, /) -> CustomerRow | None: ...

    async def marks(self, number: str | None, *, after: str | None, limit: int) -> MarkPage:
        """The latest first. RequestError "bad-cursor"."""


class Reloads(Protocol):
    async def reload(self) -> SiteTold:
        """Read the folders again. SiteFaults, and nothing is changed."""


class Health(Protocol):
    def parts(self) -> dict[str, Part]:
        """Each part by its name: leader, ari, database, outbox."""


class ContactsStore(Protocol):
    """What happened to contacts, live and past, as far as Postgres has it. StoreError if it can't be asked."""

    async def contacts(self, wanted: Wanted, *, after: str | None, limit: int) -> Page:
        """One page, the latest arrival first. RequestError "bad-cursor"."""

    async def contact(self, contact: ContactId, /) -> ContactDetail | None: ...

    async def brought(self, since: int, until: int, /) -> Brought:
        """What the numbers dialled brought in [since, until), ms."""

    async def surveys(self, wanted: SurveysWanted, /) -> Surveys:
        """What callers answered."""


class RecordingsStore(Protocol):
    """What was recorded, as far as Postgres has it. StoreError if it can't be asked."""

    async def recordings(
        self, sought: Sought, *, after: tuple[int, str] | None, limit: int
    ) -> Sequence[RecordingRow]: ...

    async def recording(self, recording: RecordingId, /) -> RecordingRow | None: ...


class MessagesStore(Protocol):
    """The messages that callers left. StoreError if it can't be asked."""

    async def messages(self, wanted: MessagesWanted, *, after: str | None, limit: int) -> MessagePage:
        """One page, the latest first. RequestError "bad-cursor"."""

    async def message(self, message: MessageId, /) -> MessageRow | None: ...


class FaxesStore(Protocol):
    """The faxes that callers sent us. StoreError if it can't be asked."""

    async def faxes(self, wanted: FaxesWanted, *, after: str | None, limit: int) -> FaxPage:
        """One page, the latest first. RequestError "bad-cursor"."""

    async def fax(self, fax: FaxId, /) -> FaxRow | None: ...


class CallbackStore(Protocol):
    """Callbacks, and numbers that are not called. StoreError if it can't be asked."""

    async def callbacks(self, wanted: CallbacksWanted, *, after: str | None, limit: int) -> CallbackPage:
        """One page, the latest asked for first. RequestError "bad-cursor"."""

    async def callback(self, wanted: CallbackId, /) -> CallbackRow | None: ...

    async def bar(self, number: str, why: str, by: str, now: int, until: int | None, /) -> None:
        """Call this number no more, until then (ms), or for good."""

    async def unbar(self, number: str, /) -> bool:
        """Whether it was barred."""

    async def barred(self, now: int, /, *, after: str, limit: int) -> list[BarredNumber]: ...


class CallerHistory(Protocol):
    """What there was before with a caller, as far as Postgres has it. StoreError if it can't be asked."""

    async def before(self, contact: ContactId, caller: str, /) -> list[Earlier]:
        """Their last contacts other than this one, the latest first."""
