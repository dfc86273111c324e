"""What the HTTP side asks about the plane's parts: how each is, what happened to contacts, and the phones' accounts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Final, NamedTuple, Protocol

import structlog

from ccplane.asterisk.door import Door
from ccplane.asterisk.faxes import FaxKeeper
from ccplane.asterisk.heartbeat import UNGUARDED_S, Heartbeat
from ccplane.asterisk.link import Link
from ccplane.asterisk.messages import Keeper as MessageKeeper
from ccplane.asterisk.provision import Phones, Provisioned, both_phones, provision
from ccplane.asterisk.stats import AmiStats, AriStats
from ccplane.asterisk.switch import Switch
from ccplane.contacts.facts import MessageMark, SoundsFailed
from ccplane.contacts.owed import Owed
from ccplane.http.ports import Part, PhoneAccount
from ccplane.ids import AgentId, ContactId, FaxId, MessageId, NoticeId, QueueName, RecordingId, SeatId, device_at
from ccplane.laws import Fact
from ccplane.log.backlog import Backlog
from ccplane.log.clock import SiteClock
from ccplane.log.outbox import Outbox
from ccplane.log.shipping import Shipper
from ccplane.notices.telling import Notifier
from ccplane.postgres import brought as counts
from ccplane.postgres import callers
from ccplane.postgres import contacts as stored
from ccplane.postgres import faxes as faxed
from ccplane.postgres import messages as left
from ccplane.postgres import recordings as recorded
from ccplane.postgres import surveys as rated
from ccplane.postgres.lease import Lease
from ccplane.postgres.notices import NoticePage, NoticeRow, Notices, NoticesWanted
from ccplane.postgres.people import Person
from ccplane.postgres.pool import Database
from ccplane.postgres.seats import Desk
from ccplane.recordings.keeper import Keeper
from ccplane.routing.rules import QueuesUnserved
from ccplane.settings import Settings
from ccplane.site.faults import listed

log = structlog.get_logger()

HANGS_S: Final = 3.0
"""A batch takes Postgres some 20 ms."""
LOOK_EVERY_S: Final = 1.0
BEHIND_MS: Final = 5_000
"""Facts that reach Postgres later than that are worth a word."""


class Found(NamedTuple):
    """How a part is now; `detail`: for people."""

    ok: bool
    detail: str = ""


class Troubled(Protocol):
    """A part that says itself what is wrong with it."""

    def trouble(self) -> str: ...


class Either:
    """Several of them as one: the first that has something to say."""

    def __init__(self, *parts: Troubled) -> None:
        self._parts = parts

    def trouble(self) -> str:
        return next(filter(None, (part.trouble() for part in self._parts)), "")


class Vitals:
    """What /readyz tells: each part, how it is, and for how long it has been so."""

    def __init__(
        self,
        lease: Lease,
        link: Link,
        ari: AriStats,
        ami: AmiStats,
        shipper: Shipper,
        pool: Database,
        outbox: Outbox,
        backlog: Backlog,
        clock: SiteClock,
        keeper: Keeper,
        messages: MessageKeeper,
        faxes: FaxKeeper,
        heartbeat: Heartbeat,
        door: Door,
        site: Troubled,
        look_ups: Troubled,
        notices: Troubled,
        unserved: Callable[[], Sequence[QueueName]],
    ) -> None:
        self._lease, self._link, self._ari_stats, self._ami, self._clock = lease, link, ari, ami, clock
        self._shipper, self._pool, self._outbox, self._keeper = shipper, pool, outbox, keeper
        self._messages, self._faxes, self._backlog, self._heartbeat = messages, faxes, backlog, heartbeat
        self._door, self._site, self._look_ups, self._unserved = door, site, look_ups, unserved
        self._notices = notices
        self._left_out = ""
        self._since: dict[str, tuple[bool, float]] = {}
        """How each part was at the last look, and since when (monotonic)."""

    def not_taken_over(self, why: str) -> None:
        """Why Postgres's schema and people are not, after a beginning without it; empty once they are."""
        self._left_out = why

    async def watch(self) -> None:
        """Look often, so that it is known since when a part is as it is, whoever asks how seldom. Until cancelled."""
        while True:
            try:
                self.parts()
            except Exception as fault:  # no reason to end a plane
                log.exception("the parts could not be looked at", exc_info=fault)
            await asyncio.sleep(LOOK_EVERY_S)

    def parts(self) -> dict[str, Part]:
        """All parts; only the first two decide whether calls are routed."""
        found = {
            "leader": self._leader(),
            "ari": self._ari(),
            "ami": self._of_ami(),
            "database": self._database(),
            "phones": self._phones(),
            "recordings": _troubled(self._keeper.trouble()),
            "messages": _troubled(self._messages.trouble() or self._faxes.trouble()),
            "guard": self._guard(),
            "outbox": self._of_outbox(),
            "site": self._of_site(),
            "look-ups": _troubled(self._look_ups.trouble()),
            "notices": _troubled(self._notices.trouble()),
        }
        return {name: Part(each.ok, self._age(name, each.ok), each.detail) for name, each in found.items()}

    def _of_site(self) -> Found:
        """Queues that nobody could serve are legal, and worth a word."""
        if words := self._site.trouble():
            return Found(False, words)
        return Found(True, nobody_serves(self._unserved()))

    def _age(self, name: str, ok: bool) -> float:
        now = time.monotonic()
        was, since = self._since.get(name, (ok, now))
        since = since if was is ok else now
        self._since[name] = ok, since
        return now - since

    def _leader(self) -> Found:
        ok, epoch = self._lease.may_send(), f"epoch {self._lease.epoch}"
        return Found(ok, epoch if ok else f"{epoch}; {self._lease.last_error or 'its lease is not confirmed'}")

    def _ari(self) -> Found:
        if self._link.connected_since is not None:
            return Found(True, self._link.trouble)
        before = f"before that: {self._link.trouble}" if self._link.trouble else ""
        why = "; ".join(each for each in (self._ari_stats.last_error, before) if each)
        return Found(False, f"not connected; is Asterisk up? {why}".rstrip())

    def _guard(self) -> Found:
        """One that was there and is gone is missed; a node that never had one is the operator's choice."""
        ago = self._heartbeat.unguarded_for()
        if ago is None:
            return Found(True, "none was seen: callers are not carried to the fallback if ccplane fails")
        return Found(ago < UNGUARDED_S, "" if ago < UNGUARDED_S else "it does not look any more: ccplane guard")

    def _of_ami(self) -> Found:
        trouble = self._door.trouble
        return Found(self._ami.connected and not trouble, self._ami.last_error or trouble)

    def _phones(self) -> Found:
        if self._link.provisioned_at is not None:
            return Found(True)
        if self._link.connected_since is None:
            return Found(False, "their accounts are looked over once Asterisk is connected")
        return Found(False, self._link.provisioning_trouble or "the accounts are being pushed")

    def _database(self) -> Found:
        """Whether facts reach Postgres; and, while it is being caught up with, how much there is to go."""
        stats, now = self._shipper.stats, self._clock.now()
        hangs = stats.waits_since is not None and asyncio.get_running_loop().time() - stats.waits_since > HANGS_S
        wrong = stats.last_error or self._lease.away or self._pool.last_error or ("it does not answer" if hangs else "")
        if wrong or not stats.connected:
            return Found(False, f"{wrong or 'not connected yet'}; {self._waits()}")
        if self._left_out:
            return Found(False, f"its schema and people are not taken over yet: {self._left_out}")
        late = stats.stored_at is not None and now - stats.stored_at > BEHIND_MS and self._outbox.stats.unshipped
        return Found(True, self._backlog.progress() if late and self._backlog.standing.unshipped else "")

    def _waits(self) -> str:
        return f"{self._outbox.stats.unshipped} facts wait in the outbox"

    def _of_outbox(self) -> Found:
        outbox, words = self._outbox, self._backlog.words()
        if outbox.trouble:
            held = f"{outbox.stats.depth} of {outbox.memory} facts that memory takes; then new calls hear the apology"
            words = f"{outbox.trouble}; in memory are {held}"
        return _troubled(words)


def nobody_serves(queues: Sequence[QueueName]) -> str:
    """For people; empty if each queue has somebody who could."""
    if not queues:
        return ""
    return f"no agent could ever serve {listed(queues)}: nobody meets the last step (ccplane check; acd/queues.toml)"


def tell_unserved(_: object, facts: Sequence[Fact], __: int) -> None:
    """For `Plane.follow`: a word in the log."""
    for fact in facts:
        if isinstance(fact, QueuesUnserved) and fact.queues:
            log.warning("no agent could ever serve these queues", queues=fact.queues)


def tell_missing_sounds(_: object, facts: Sequence[Fact], __: int) -> None:
    """For `Plane.follow`: a word in the log, for whoever looks after the prompts."""
    for fact in facts:
        if isinstance(fact, SoundsFailed):
            log.error("a sound could not be played: `ccplane prompts check`", contact=fact.contact, sounds=fact.sounds)


def _troubled(words: str) -> Found:
    return Found(not words, words)


class History:
    """What happened to contacts, as far as Postgres has it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def contacts(self, wanted: stored.Wanted, *, after: str | None, limit: int) -> stored.Page:
        return await stored.contacts(self._database, wanted, after=after, limit=limit)

    async def contact(self, contact: ContactId) -> stored.ContactDetail | None:
        return await stored.contact(self._database, contact)

    async def brought(self, since: int, until: int) -> counts.Brought:
        return await counts.brought(self._database, since, until)

    async def surveys(self, wanted: rated.SurveysWanted) -> rated.Surveys:
        return await rated.surveys(self._database, wanted)

    async def recordings(
        self, sought: recorded.Sought, *, after: tuple[int, str] | None, limit: int
    ) -> list[recorded.RecordingRow]:
        return await recorded.recordings(self._database, sought, after=after, limit=limit)

    async def recording(self, recording: RecordingId) -> recorded.RecordingRow | None:
        return await recorded.recording(self._database, recording)


class Mailbox:
    """The messages that callers left, as far as Postgres has them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def messages(self, wanted: left.MessagesWanted, *, after: str | None, limit: int) -> left.MessagePage:
        return await left.messages(self._database, wanted, after=after, limit=limit)

    async def deleted(self) -> AsyncIterator[str]:
        """The files of all messages that are marked deleted. StoreError if they can't be had."""
        after, wanted = None, left.MessagesWanted(state=MessageMark.DELETED)
        while True:
            page = await left.messages(self._database, wanted, after=after, limit=left.MOST)
            for row in page.messages:
                yield row.file
            if (after := page.next) is None:
                return

    async def owed(self) -> list[Owed]:
        """Those without an answer. StoreError if they can't be had."""
        return await left.owed(self._database)

    async def message(self, message: MessageId) -> left.MessageRow | None:
        return await left.message(self._database, message)


class NoticesByHand:
    """Notices as people look at them, and what they want of one: done at once, on the leader."""

    def __init__(self, stored: Notices, notifier: Notifier, now: Callable[[], int]) -> None:
        self._stored, self._notifier, self._now = stored, notifier, now

    async def notices(self, wanted: NoticesWanted, *, after: str | None, limit: int) -> NoticePage:
        return await self._stored.notices(wanted, after=after, limit=limit)

    async def notice(self, wanted: NoticeId) -> NoticeRow | None:
        return await self._stored.notice(wanted)

    async def retry(self, wanted: NoticeId) -> bool:
        done = await self._stored.retry(wanted, self._now())
        self._notifier.look()
        return done

    async def give_up(self, wanted: NoticeId, by: str) -> bool:
        done = await self._stored.give_up(wanted, by)
        self._notifier.look()
        return done


class FaxTray:
    """The faxes that callers sent us, as far as Postgres has them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def faxes(self, wanted: faxed.FaxesWanted, *, after: str | None, limit: int) -> faxed.FaxPage:
        return await faxed.faxes(self._database, wanted, after=after, limit=limit)

    async def deleted(self) -> AsyncIterator[str]:
        """The files of all faxes that are marked deleted. StoreError if they can't be had."""
        after, wanted = None, faxed.FaxesWanted(deleted=True)
        while True:
            page = await faxed.faxes(self._database, wanted, after=after, limit=faxed.MOST)
            for row in page.faxes:
                if row.file:
                    yield row.file
            if (after := page.next) is None:
                return

    async def fax(self, fax: FaxId) -> faxed.FaxRow | None:
        return await faxed.fax(self._database, fax)


class Callers:
    """What there was before with a caller."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def before(self, contact: ContactId, caller: str) -> list[callers.Earlier]:
        return await callers.before(self._database, contact, caller)


class PhoneBook:
    """The phone accounts of agents and shared seats: told to an administrator who sets one up, pushed to the switch."""

    def __init__(self, persons: Iterable[Person], desks: Iterable[Desk], settings: Settings) -> None:
        self._registrar = f"sip:{settings.external_address}:{settings.sip_port}"
        self.websocket = f"ws://{settings.external_address}:{settings.http_port}/ws"
        self._accounts = Phones(qualify_s=settings.qualify_s, rtp_timeout_s=settings.rtp_timeout_s)
        self._one_at_a_time = asyncio.Lock()
        self.hold(persons, desks)

    def hold(self, persons: Iterable[Person], desks: Iterable[Desk]) -> None:
        """These are the agents and the seats from now on. Phones of a seat that is an agent's own have that agent's
        secret."""
        self._persons = {person.id: person for person in persons}
        self._secrets = {desk.id: desk.secret for desk in desks if desk.shared}
        self._secrets |= {SeatId(person.phone): person.secret for person in self._persons.values()}

    async def phone(self, agent: AgentId) -> PhoneAccount | None:
        person = self._persons.get(agent)
        return None if person is None else await self.at(SeatId(person.phone))

    async def at(self, seat: SeatId) -> PhoneAccount | None:
        secret = self._secrets.get(seat)
        if secret is None:
            return None
        return PhoneAccount(seat, secret, self._registrar, device_at(seat, web=True), self.websocket)

    async def push(self, switch: Switch) -> Provisioned:
        """Make the accounts at the switch these. One after the other: an older list takes nothing back."""
        secrets = {str(seat): secret for seat, secret in self._secrets.items()}
        async with self._one_at_a_time:
            return await provision(switch, both_phones(secrets), self._accounts)
