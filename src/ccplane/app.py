"""The one file that constructs everything. Read it from top to bottom to see how a plane begins, lives and ends.

Begin: outbox (what we knew) → clock → lease (may we?) → people → state → programs → switch. An order is law where a
comment says so; everything else about how the parts work stands in the parts.
"""

from __future__ import annotations

import asyncio
import secrets
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec
import structlog
import uvloop

from ccplane import __version__
from ccplane.asterisk.ari import Ari
from ccplane.asterisk.execute import Executor
from ccplane.asterisk.link import Link
from ccplane.asterisk.prompts import render
from ccplane.asterisk.provision import Provisioned, provision
from ccplane.asterisk.switch import Replaced, Switch
from ccplane.callflow.runner import Runner
from ccplane.core import State
from ccplane.core import checkpoint as checkpoints
from ccplane.core import evolve as evolved
from ccplane.core.inputs import PeopleRead, PlaneBegan, SiteRead
from ccplane.errors import CcplaneError, StoreError
from ccplane.http.app import Ports, create_app
from ccplane.http.metrics import Meters, sample_loop_delay
from ccplane.http.ports import Part, PhoneAccount
from ccplane.http.server import serve
from ccplane.ids import AgentId, ContactId, NodeName
from ccplane.kpi.board import Board
from ccplane.kpi.board import evolve as folded
from ccplane.log.clock import SiteClock
from ccplane.log.outbox import Outbox
from ccplane.log.outbox_file import Recovered
from ccplane.log.shipping import Shipper
from ccplane.plane import Plane
from ccplane.postgres import contacts as stored
from ccplane.postgres.lease import Lease
from ccplane.postgres.migrate import migrate
from ccplane.postgres.people import Person, decode_people, encode_people, import_agents, people
from ccplane.postgres.pool import Database
from ccplane.postgres.store import PostgresFacts
from ccplane.settings import Settings
from ccplane.site import Site, parse, read

log = structlog.get_logger()

TRY_LEASE_EVERY_S: Final = 2.0


def run(settings: Settings) -> int:
    """Run a plane in the foreground until SIGINT or SIGTERM. CcplaneError if it cannot begin."""
    _log_as(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings))
    return 0


def _log_as(settings: Settings) -> None:
    """A line each, a plain traceback: one that shows local variables would show callers' numbers and secrets."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ],
    )


async def _run(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with plane_of(settings) as running:
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((stopping, running.ended), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if running.ended.done():
            running.ended.result()  # what ended the plane is told by the command line


class Running:
    """A plane that was begun, for those who run it in their own process."""

    def __init__(self, plane: Plane, url: str, admin_token: str, ended: asyncio.Task[None]) -> None:
        self.plane, self.url, self.admin_token, self.ended = plane, url, admin_token, ended


@asynccontextmanager
async def plane_of(settings: Settings) -> AsyncIterator[Running]:
    """Begin a plane; leaving ends it. Calls that are up stay up."""
    settings.runtime.mkdir(parents=True, exist_ok=True)
    files = read(settings.site)
    site = parse(files, settings.demo_agents)
    async with AsyncExitStack() as stack:
        outbox = Outbox(settings.runtime / "outbox.sqlite")
        recovered = outbox.open()
        stack.push_async_callback(outbox.close)
        clock = SiteClock.open(outbox, recovered.last_at)

        database = Database(settings.database_url)
        await database.open()
        stack.push_async_callback(database.close)
        lease = Lease(database, "site", recovered.outbox)
        persons, epoch = await _begin(settings, site, outbox, recovered, database, lease)
        stack.push_async_callback(_quietly_release, lease)

        await render(site, settings.sounds_dir)
        outbox.begin(epoch)
        state, board = _recalled(recovered, site)
        meters = Meters()
        executor = Executor()
        plane = Plane(
            state=state,
            board=board,
            seq=recovered.seq,
            clock=clock,
            log=outbox,
            hands=executor,
            runner=Runner(_sites(lambda: plane.state, settings.demo_agents)),
            meter=meters,
            encode=_kept,
        )
        executor.post = plane.post
        stack.callback(plane.close)
        shipper = Shipper(outbox, PostgresFacts(database), clock.now)
        ari = Ari(
            settings.ari_url,
            settings.ari_username,
            settings.ari_password,
            may_send=lambda: lease.may_send() and outbox.has_room,
        )
        link = Link(
            node=NodeName(settings.node),
            switches=ari,
            executor=executor,
            post=plane.post,
            now=clock.now,
            provision=_phones(persons),
            lost_at=recovered.last_at or None,
        )
        gap = clock.now() - recovered.last_at if recovered.last_at else 0
        plane.post(PlaneBegan(epoch, __version__, gap))
        plane.post(SiteRead(site.hash, site.rules, files))
        plane.post(PeopleRead(tuple(person.profile for person in persons)))

        token = _admin_token(settings)
        vitals = Vitals(lease, link, shipper, database, outbox, clock)
        app = create_app(
            Ports(
                plane=plane,
                contacts=History(database),
                phones=PhoneBook(persons, settings),
                health=vitals,
                clock=clock.now,
                meters=meters,
                ari=ari.stats,
                outbox=outbox.stats,
                shipping=shipper.stats,
            ),
            admin_token=token,
        )
        server = await stack.enter_async_context(serve(app, settings.bind, settings.port))
        tasks = {
            asyncio.create_task(shipper.run(), name="shipping"),
            asyncio.create_task(sample_loop_delay(meters), name="loop delay"),
            asyncio.create_task(_keep_clock_true(clock, plane), name="clock"),
            asyncio.create_task(_lead(lease, link, plane, outbox), name="leading"),
        }
        ended = asyncio.create_task(_first_to_fail(tasks))
        stack.push_async_callback(_cancelled, ended, *tasks)
        yield Running(plane, server.url, token, ended)


# ------------------------------------------------------------------------------------------------------- beginning


async def _begin(
    settings: Settings, site: Site, outbox: Outbox, recovered: Recovered, database: Database, lease: Lease
) -> tuple[tuple[Person, ...], int]:
    """People and epoch: from Postgres, or without it from what the outbox kept of the last time (law 10)."""
    try:
        await database.check()
    except StoreError as error:
        kept = outbox.note("people")
        if kept is None:
            raise StoreError(
                "postgres-needed-once",
                f"At its first start ccplane needs Postgres, to keep its people in. {error.sentence}",
            ) from error
        log.warning("Postgres is away; going on with the people and the epoch of the last time", error=str(error))
        lease.go_on(recovered.epoch)
        return decode_people(kept), recovered.epoch
    await migrate(settings.database_url)
    epoch = await _taken(lease, recovered.epoch)
    await import_agents(database, site.agents)
    persons = await people(database)
    outbox.put_note("people", encode_people(persons))
    return persons, epoch


async def _taken(lease: Lease, epoch: int) -> int:
    """The lease, once it can be had: another plane may still hold it for a few seconds, or lead for good."""
    said = False
    while True:
        try:
            return await lease.take(epoch)
        except StoreError as error:
            if error.code not in ("lease-held", "postgres-unreachable"):
                raise
            if not said:
                log.warning("waiting for the lease", reason=str(error))
                said = True
        await asyncio.sleep(TRY_LEASE_EVERY_S)


class _Kept(msgspec.Struct, frozen=True):
    state: bytes
    board: bytes


def _kept(state: State, board: Board) -> bytes:
    return msgspec.msgpack.encode(_Kept(checkpoints.encode(state), board.to_bytes()))


def _recalled(recovered: Recovered, site: Site) -> tuple[State, Board]:
    """The state again, from the checkpoint and the facts after it: `evolve` alone (law 1)."""
    state, board = State(), Board.begun(site.rules.timezone)
    if recovered.checkpoint is not None:
        try:
            kept = msgspec.msgpack.decode(recovered.checkpoint, type=_Kept)
            state, board = checkpoints.decode(kept.state), Board.from_bytes(kept.board)
        except msgspec.ValidationError as error:
            log.error("an older ccplane kept its state in another shape; beginning anew", error=str(error))
            return state, board  # live callers are found at the switch, and begin their programs again
    for _, _, fact in recovered.facts:
        state, board = evolved(state, fact), folded(board, fact)
    return state, board


# ------------------------------------------------------------------------------------------------------ living on


async def _lead(lease: Lease, link: Link, plane: Plane, outbox: Outbox) -> None:
    """Command the switch while the lease is ours. Replaced or outvoted: stop at once, and win the lease again first."""
    while True:
        lost = asyncio.Event()

        def outvoted(reason: str, lost: asyncio.Event = lost) -> None:
            log.error("the lease is lost; the switch is left to its new leader", reason=reason)
            lost.set()

        lease.on_lost = outvoted
        tasks = [asyncio.create_task(each) for each in (link.run(), lease.run(), _outvoted(lost))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                with suppress(Replaced):
                    task.result()
        finally:
            await _cancelled(*tasks)
        log.warning("another plane took our place at the switch; waiting to win the lease again")
        epoch = await _taken(lease, plane.state.epoch)
        outbox.begin(epoch)
        plane.post(PlaneBegan(epoch, __version__, 0))


async def _outvoted(lost: asyncio.Event) -> None:
    await lost.wait()


async def _keep_clock_true(clock: SiteClock, plane: Plane) -> None:
    """Move the anchor only while no contact is live, so that no duration is ever bent (law 12)."""
    while True:
        await asyncio.sleep(60)
        if not plane.state.contacts:
            clock.reanchor(time.time_ns() // 1_000_000)


def _phones(persons: tuple[Person, ...]) -> Callable[[Switch], Awaitable[Provisioned]]:
    secrets_of = {person.phone: person.secret for person in persons}

    async def run(switch: Switch) -> Provisioned:
        return await provision(switch, secrets_of)

    return run


def _sites(state: Callable[[], State], demo_agents: int) -> Callable[[str], Site]:
    @lru_cache(maxsize=16)
    def site_of(digest: str) -> Site:
        return parse(state().sites[digest], demo_agents)

    return site_of


class Vitals:
    """What /readyz tells: each part, how it is, and how long since it was last proven."""

    def __init__(
        self, lease: Lease, link: Link, shipper: Shipper, pool: Database, outbox: Outbox, clock: SiteClock
    ) -> None:
        self._lease, self._link, self._clock = lease, link, clock
        self._shipper, self._pool, self._outbox = shipper, pool, outbox

    def parts(self) -> dict[str, Part]:
        """Leader, ARI, database, phone accounts and outbox; only the first two decide whether calls are routed."""
        return {
            "leader": Part(self._lease.may_send(), self._lease.confirmed_ago() or 0.0, f"epoch {self._lease.epoch}"),
            "ari": self._ari(),
            "database": self._database(),
            "phones": self._phones(),
            "outbox": Part(self._outbox.healthy, self._outbox.oldest_uncommitted(), self._outbox.trouble),
        }

    def _ari(self) -> Part:
        surveyed = self._link.last_survey
        age = (self._clock.now() - surveyed) / 1000 if surveyed else 0.0
        connected = self._link.connected_since is not None
        return Part(connected, age, "" if connected else "not connected; is Asterisk up?")

    def _phones(self) -> Part:
        at = self._link.provisioned_at
        if at is None:
            return Part(False, 0.0, self._link.provisioning_trouble or "the accounts are being pushed")
        return Part(True, (self._clock.now() - at) / 1000)

    def _database(self) -> Part:
        stats = self._shipper.stats
        since = (self._clock.now() - stats.connected_since) / 1000 if stats.connected_since else 0.0
        return Part(stats.connected and self._pool.reachable, since, stats.last_error or self._pool.last_error)


class History:
    """What happened to contacts, as far as Postgres has it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def contacts(self, wanted: stored.Wanted, *, after: str | None, limit: int) -> stored.Page:
        return await stored.contacts(self._database, wanted, after=after, limit=limit)

    async def contact(self, contact: ContactId) -> stored.ContactDetail | None:
        return await stored.contact(self._database, contact)


class PhoneBook:
    """The phone account of an agent, for an administrator who sets a phone up."""

    def __init__(self, persons: tuple[Person, ...], settings: Settings) -> None:
        registrar = f"sip:{settings.external_address}:{settings.sip_port}"
        self._accounts = {person.id: PhoneAccount(person.phone, person.secret, registrar) for person in persons}

    async def phone(self, agent: AgentId) -> PhoneAccount | None:
        return self._accounts.get(agent)


# --------------------------------------------------------------------------------------------------------- ending


async def _first_to_fail(tasks: set[asyncio.Task[None]]) -> None:
    """None of these tasks ends by itself: the first that does has failed."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


async def _cancelled(*tasks: asyncio.Future[None]) -> None:
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, CcplaneError):
            log.debug("a task ended with an error while stopping", error=str(outcome))


async def _quietly_release(lease: Lease) -> None:
    with suppress(StoreError):
        await lease.release()


def _admin_token(settings: Settings) -> str:
    """The first administrator's token: as set, else one that is made once, readable by its owner alone."""
    if settings.admin_token:
        return settings.admin_token
    path = Path(settings.runtime / "admin-token")
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24) + "\n")
    return path.read_text().strip()
