"""The one file that constructs everything. Read it from top to bottom to see how a plane begins, lives and ends.

Begin: outbox (what we knew) → clock → lease (may we?) → people → state → programs → switch. An order is law where a
comment says so; everything else about how the parts work stands in the parts.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final

import uvloop

from ccplane import __version__
from ccplane.asterisk.ami import Ami
from ccplane.asterisk.ari import Ari
from ccplane.asterisk.door import Door
from ccplane.asterisk.execute import Executor
from ccplane.asterisk.heartbeat import Heartbeat
from ccplane.asterisk.link import TAKEN_S, Link
from ccplane.asterisk.members import Members
from ccplane.asterisk.messages import Keeper
from ccplane.asterisk.phones import PhoneWatch
from ccplane.asterisk.pick_up import PickUps
from ccplane.asterisk.pins import PinPad
from ccplane.asterisk.prompts import render
from ccplane.asterisk.recordings import Recorder
from ccplane.asterisk.spool import spool_of
from ccplane.beginning import begin, catch_up, prepared
from ccplane.callflow.runner import Runner
from ccplane.child import LEFT, SUPERVISOR, ended, put_left
from ccplane.core.inputs import PeopleRead, PlaneBegan, SiteRead
from ccplane.ending import cancelled, first_to_fail, last_facts, quietly_release
from ccplane.handover.draining import Draining, HealthWithDrain
from ccplane.handover.giving import Giving, why_no_handover
from ccplane.handover.supervisor import tell_supervisor
from ccplane.handover.taking import Predecessor, rehearse, succeed
from ccplane.http.metrics import Meters, sample_loop_delay
from ccplane.ids import NodeName
from ccplane.leading import Gate, fence, lead
from ccplane.log.backlog import MB, Backlog
from ccplane.log.clock import SiteClock
from ccplane.log.outbox import Outbox
from ccplane.log.shipping import Shipper
from ccplane.logged import log_as
from ccplane.pins import Pins
from ccplane.plane import Plane
from ccplane.postgres.lease import CONNECT_WITHIN, Lease
from ccplane.postgres.pool import Database
from ccplane.postgres.store import PostgresFacts
from ccplane.private import read_private, write_private
from ccplane.recall import kept, recalled
from ccplane.recordings.keeper import Keeper as RecordingKeeper
from ccplane.reload import Reload, Sites
from ccplane.settings import Settings, make_runtime
from ccplane.site import parse, read
from ccplane.vitals import Callers, History, Mailbox, PhoneBook, Vitals
from ccplane.watch import note_watch, watched_until

CALLS_FIRST_S: Final = 1.0
"""How long the API waits for the switch to be found, after a crash with calls up."""
API_LATER_S: Final = 0.2
"""So long after a successor has begun to route, its API is made: what has waited for it is served first."""

GIVE_WAY_S: Final = 0.0005
"""How soon the outbox's thread gives the interpreter back to the loop of all calls: Python's 5 ms are an eternity."""


def run(settings: Settings) -> int:
    """Run a plane in the foreground until SIGINT or SIGTERM. CcplaneError if it cannot begin."""
    log_as(settings.log_level)
    sys.setswitchinterval(GIVE_WAY_S)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(settings))


async def _run(settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    living, stopping = asyncio.create_task(_live(settings)), asyncio.create_task(stop.wait())
    leash = asyncio.create_task(_without_supervisor(stop))
    await asyncio.wait((living, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    leash.cancel()
    living.cancel()  # whether it has begun, or still waits for its turn
    with suppress(asyncio.CancelledError):
        return await living  # what ended the plane is told by the command line
    return 0


async def _without_supervisor(stop: asyncio.Event) -> None:
    """A successor is nobody's child: it sees for itself that who watches over it has ended."""
    if watched_by := os.environ.get(SUPERVISOR):
        await ended(int(watched_by))
        stop.set()


async def _live(settings: Settings) -> int:
    async with plane_of(settings) as running:
        await asyncio.wait((running.ended,))
        running.ended.result()
    if running.draining.has_left:
        put_left(settings.runtime / "plane.json")
        return LEFT
    return 0


class Running:
    """A plane that was begun, for those who run it in their own process."""

    def __init__(self, plane: Plane, url: str, admin_token: str, ended: asyncio.Task[None], draining: Draining) -> None:
        self.plane, self.url, self.admin_token, self.ended = plane, url, admin_token, ended
        self.draining = draining


@asynccontextmanager
async def plane_of(settings: Settings) -> AsyncIterator[Running]:
    """Begin a plane; leaving ends it. Calls that are up stay up."""
    make_runtime(settings.runtime)
    files = read(settings.site)
    site = parse(files, settings.demo_agents)
    before = Predecessor.of_ours()
    passed = before.passed if before else _to_nobody
    async with AsyncExitStack() as stack:
        database = Database(settings.database_url)
        await database.open()
        stack.push_async_callback(database.close)
        may_send = Gate()
        ari = Ari(settings.ari_url, settings.ari_username, settings.ari_password, may_send=may_send)
        if before is not None:  # a plane leads, and goes on until `replace` returns
            ready = await prepared(settings, site, database)
            await render(site, settings.sounds_dir, settings.site)
            aside = Ari(settings.ari_url, settings.ari_username, settings.ari_password, app="ccplane-heir")
            await asyncio.to_thread(_api)
            version = await rehearse(site, aside)
            stack.push_async_callback(ari.close_ahead)
            to_postgres = await database.connect(CONNECT_WITHIN)
            await before.replace(ari)

        bound = settings.outbox_mb * MB
        outbox = Outbox(settings.runtime / "outbox.sqlite", max_bytes=bound)
        recovered = outbox.open()
        passed("opened")
        stack.push_async_callback(outbox.close)
        clock = SiteClock.open(outbox, recovered.last_at)
        lease = Lease(database, "site", recovered.outbox, term=settings.lease_s, margin=settings.lease_s / 5)
        stack.push_async_callback(quietly_release, lease)
        if before is not None:
            lease.goes_over(to_postgres)
            begun = await succeed(ready, recovered, lease)
            passed("leads")
        else:
            begun = await begin(settings, site, outbox, recovered, database, lease)
            await render(site, settings.sounds_dir, settings.site)
        may_send.kept(fence(lease, outbox))
        outbox.begin(begun.epoch)
        state, board = recalled(recovered, site)
        passed("recalled")
        last_seen = max(recovered.last_at, watched_until(outbox)) if before is None else 0
        sites = Sites(site, lambda: plane.state, settings.demo_agents)
        meters = Meters()
        executor = Executor()
        plane = Plane(
            state=state,
            board=board,
            seq=recovered.seq,
            clock=clock,
            log=outbox,
            hands=executor,
            runner=Runner(sites),
            meter=meters,
            encode=kept,
            unread=lambda: ari.stats.inbox_depth or not may_send(),
        )
        executor.post = plane.post
        stack.callback(plane.close)
        shipper = Shipper(outbox, PostgresFacts(database), clock.now)
        backlog = Backlog(outbox, bound)
        phones = PhoneBook(begun.persons, begun.desks, settings)
        pins = Pins(begun.persons, plane, database, outbox, clock.now)
        stack.callback(pins.close)
        pin_pad = PinPad(plane, pins)
        stack.callback(pin_pad.close)
        ami = Ami(
            settings.ami_address,
            settings.ami_port,
            settings.ami_username,
            settings.ami_password,
            may_send=may_send,
        )
        executor.pick_up = PickUps(ami)
        watch = PhoneWatch(ami, ami.events, plane.post)
        recorder = Recorder(NodeName(settings.node), ami, settings.spool_dir, lambda: recordings.free_mb)
        recordings = RecordingKeeper(
            plane,
            settings.spool_dir,
            settings.recordings_dir,
            lambda: recorder.last_reason,
            may_work=lease.may_send,
        )
        recorder.post, executor.record = plane.post, recorder.execute
        ami.events.at_login(recorder.logged_in)
        members = Members(ami, ami.events, lambda: plane.state)
        plane.follow(members.follow)
        door = Door(ami, ami.events)
        heartbeat = Heartbeat(lambda: plane.state.epoch, may_send)
        link = Link(
            node=NodeName(settings.node),
            switches=ari,
            executor=executor,
            post=pin_pad.post,
            now=clock.now,
            provision=phones.push,
            phones=watch,
            lost_at=last_seen or None,
            chores=(heartbeat.beat,),
            believed=lambda: [each.channel for each in plane.state.contacts.values()],
            replaced=lambda: giving.replaced(),
            taken=version if before else "",
            may_send=may_send,
            sign=heartbeat.sign,
        )
        mailbox = Mailbox(database)
        keeper = Keeper(
            node=NodeName(settings.node),
            plane=plane,
            executor=executor,
            spool=spool_of(settings.spool_dir, settings.ari_url, settings.ari_username, settings.ari_password),
            folder=settings.messages_dir,
            now=clock.now,
            deleted=mailbox.deleted,
            may_work=lease.may_send,
        )
        giving = Giving(plane, outbox, lease, settings.runtime, lambda: why_no_handover(lease, link, outbox, plane))
        ari.yields = giving.yields
        draining = Draining(plane, clock.now, giving.under_way)
        reload = Reload(settings, sites, plane, database, outbox, phones, pins, executor, giving.under_way)
        gap = clock.now() - last_seen if last_seen else 0
        plane.post(PlaneBegan(begun.epoch, __version__, gap))
        seats = tuple(desk.seat for desk in begun.desks)
        profiles = tuple(person.profile for person in begun.persons)
        said = (SiteRead(site.hash, site.rules, files), PeopleRead(profiles, seats))
        if before is None:
            for each in said:
                plane.post(each)

        token = _admin_token(settings)
        vitals = Vitals(
            lease,
            link,
            ari.stats,
            ami.stats,
            shipper,
            database,
            outbox,
            backlog,
            clock,
            recordings,
            keeper,
            heartbeat,
            door,
        )
        history = History(database)
        duties = (link.run, ami.run, watch.run, members.run, door.run)
        passed("built")
        leading = asyncio.create_task(lead(lease, duties, plane, outbox, giving.given), name="leading")
        stack.push_async_callback(cancelled, leading)
        if before is not None:  # its port is open: who asks waits there
            await before.routed(link)
            for each in said:  # only now: what it means for who waits is done at the switch, as by `ccplane reload`
                plane.post(each)
            await asyncio.sleep(API_LATER_S)
        await _calls_first(plane, link)
        create_app, Ports, serve = await asyncio.to_thread(_api)  # noqa: N806
        app = await asyncio.to_thread(
            create_app,
            Ports(
                plane=plane,
                contacts=history,
                recordings=history,
                recordings_dir=settings.recordings_dir,
                messages=mailbox,
                audio=settings.messages_dir,
                callers=Callers(database),
                notes=outbox,
                can_pick_up=lambda: ami.stats.connected,
                handovers=giving,
                drains=draining,
                reloads=reload,
                phones=phones,
                websocket=phones.websocket,
                pins=pins,
                health=HealthWithDrain(vitals, plane),
                clock=clock.now,
                look_now=link.look_now,
                meters=meters,
                ari=ari.stats,
                ami=ami.stats,
                heard=watch.stats,
                outbox=outbox.stats,
                shipping=shipper.stats,
                backlog=backlog,
            ),
            admin_token=token,
        )
        listener = before.listener if before else None
        server = await stack.enter_async_context(serve(app, settings.bind, settings.port, listener=listener))
        giving.listener = server.listener
        stack.push_async_callback(giving.give)
        others = {
            asyncio.create_task(shipper.run(), name="shipping"),
            asyncio.create_task(backlog.run(), name="backlog"),
            asyncio.create_task(recordings.run(), name="recordings"),
            asyncio.create_task(sample_loop_delay(meters), name="loop delay"),
            asyncio.create_task(keeper.run(), name="keeping messages"),
            asyncio.create_task(_keep_clock_true(clock, plane), name="clock"),
            asyncio.create_task(note_watch(link, outbox, clock.now), name="noting the watch"),
            asyncio.create_task(draining.run(), name="draining"),
            asyncio.create_task(vitals.watch(), name="watching the parts"),
        }
        over = asyncio.create_task(first_to_fail({leading, *others}))
        stack.push_async_callback(cancelled, *others)
        stack.push_async_callback(last_facts, shipper, outbox, plane)
        stack.push_async_callback(cancelled, over, leading)
        if not begun.with_postgres:
            catching_up = catch_up(
                settings, site, outbox, database, plane, phones, pins, executor, TAKEN_S if before else 0.0
            )
            late = asyncio.create_task(catching_up, name="catching up")
            stack.push_async_callback(cancelled, late)
        telling = asyncio.create_task(_tell_ready(link, before, giving), name="telling")
        stack.push_async_callback(cancelled, telling)
        yield Running(plane, server.url, token, over, draining)


# ------------------------------------------------------------------------------------------------------- beginning


def _to_nobody(_: str) -> None:
    """How far a plane is that succeeds no other."""


async def _calls_first(plane: Plane, link: Link) -> None:
    """Who waits is served before the API's code is read, which takes longer than all the rest."""
    if plane.state.contacts:
        with suppress(TimeoutError):
            await asyncio.wait_for(link.found.wait(), CALLS_FIRST_S)


def _api() -> tuple[Any, Any, Any]:
    """What the API is made of: half a second of imports, on a thread of its own."""
    from ccplane.http.app import Ports, create_app
    from ccplane.http.server import serve

    return create_app, Ports, serve


def _admin_token(settings: Settings) -> str:
    """The first administrator's token: as set, else one that is made once, readable by its owner alone."""
    path = settings.runtime / "admin-token"
    token = settings.admin_token or read_private(path)
    if not token:
        token = secrets.token_urlsafe(24)
        write_private(path, token + "\n")
    return token


# ------------------------------------------------------------------------------------------------------ living on


async def _tell_ready(link: Link, before: Predecessor | None, giving: Giving) -> None:
    if before is not None:
        await link.found.wait()
        before.report(giving)
    await link.found.wait()
    tell_supervisor("READY=1")


async def _keep_clock_true(clock: SiteClock, plane: Plane) -> None:
    """Move the anchor only while no contact is live, so that no duration is ever bent (law 12)."""
    while True:
        await asyncio.sleep(60)
        if not plane.state.contacts:
            clock.reanchor(time.time_ns() // 1_000_000)
