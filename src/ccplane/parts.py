"""The one file that constructs everything a plane is made of, chapter by chapter; `app.py` says when."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog

from ccplane import __version__
from ccplane.addresses import mail_server, networks_of
from ccplane.asterisk.ami import Ami
from ccplane.asterisk.ari import Ari
from ccplane.asterisk.door import Door
from ccplane.asterisk.execute import Executor
from ccplane.asterisk.fallback_waits import FallbackWaits
from ccplane.asterisk.faxes import FaxKeeper
from ccplane.asterisk.heartbeat import Heartbeat
from ccplane.asterisk.link import TAKEN_S, Link
from ccplane.asterisk.members import Members
from ccplane.asterisk.messages import Keeper, sound_in
from ccplane.asterisk.phones import PhoneWatch
from ccplane.asterisk.pick_up import PickUps
from ccplane.asterisk.pins import PinPad
from ccplane.asterisk.prompts import render
from ccplane.asterisk.recordings import Recorder
from ccplane.asterisk.speaking import Speaker
from ccplane.asterisk.spool import spool_of
from ccplane.beginning import OVERLAYS, begin, catch_up, prepared
from ccplane.callflow.runner import Runner
from ccplane.contacts.notice import NoticeKind
from ccplane.core.inputs import Input, PeopleRead, PlaneBegan, SiteRead
from ccplane.counting import keep_counted
from ccplane.customers import Customers
from ccplane.ending import cancelled, first_to_fail, last_facts, quietly_release
from ccplane.errors import CcplaneError, SiteError
from ccplane.handover.draining import Draining, HealthWithDrain
from ccplane.handover.giving import Giving, why_no_handover
from ccplane.handover.own_log import OwnLog
from ccplane.handover.supervisor import tell_supervisor
from ccplane.handover.taking import Predecessor, rehearse, succeed
from ccplane.http.metrics import Meters, sample_loop_delay
from ccplane.ids import NodeName
from ccplane.kpi.board import Board
from ccplane.leading import Gate, fence, lead
from ccplane.live_edits import Holding, LiveEdits
from ccplane.log.backlog import MB, Backlog
from ccplane.log.clock import SiteClock
from ccplane.log.outbox import Outbox
from ccplane.log.outbox_file import Recovered
from ccplane.log.shipping import Shipper
from ccplane.lookups.asking import LookUps
from ccplane.notices.mail import Mailer, sender
from ccplane.notices.telling import Notifier, Way
from ccplane.notices.webhook import Webhooks
from ccplane.owing import Owing
from ccplane.pins import Pins
from ccplane.plane import Plane
from ccplane.postgres.brought import Arrivals
from ccplane.postgres.callbacks import Callbacks, Ledger
from ccplane.postgres.course import Courses
from ccplane.postgres.customers import CustomerStore
from ccplane.postgres.history import SliceStore
from ccplane.postgres.lease import CONNECT_WITHIN, Lease
from ccplane.postgres.notices import Notices
from ccplane.postgres.overlays import Laid, decode_overlays
from ccplane.postgres.pool import Database
from ccplane.postgres.store import PostgresFacts
from ccplane.private import read_private, write_private
from ccplane.promising import Promises
from ccplane.recall import in_force, kept, recalled
from ccplane.recordings.keeper import Keeper as RecordingKeeper
from ccplane.reload import Reload, Sites
from ccplane.saved import reload_what_is_saved
from ccplane.settings import Settings
from ccplane.site import Site, parse, read
from ccplane.site.overlays import laid
from ccplane.staff import Staff
from ccplane.surging import Surging, tell_surges
from ccplane.vitals import (
    Callers,
    Either,
    FaxTray,
    History,
    Mailbox,
    NoticesByHand,
    PhoneBook,
    Vitals,
    tell_missing_sounds,
    tell_unserved,
)
from ccplane.watch import note_watch, watched_until
from ccplane.workforce.beside import Beside

if TYPE_CHECKING:
    from ccplane.http.server import Server
    from ccplane.http.watchers import Watchers

log = structlog.get_logger()


class Parts:
    """All that a plane is made of, chapter by chapter, in the order in which `plane_of` reads them."""

    def __init__(self, settings: Settings, before: Predecessor | None, stack: AsyncExitStack) -> None:
        self._settings, self._before, self._stack = settings, before, stack
        self._passed = before.passed if before else _to_nobody
        self._outbox_at = settings.runtime / "outbox.sqlite"
        self._files: dict[str, str] = {}
        self._site: Site
        self._folder_fault: SiteError | None = None
        try:
            self._files = read(settings.site)
            self._site = parse(self._files, settings.demo_agents)
        except SiteError as fault:
            if before is not None or not self._outbox_at.exists():
                raise  # who leads goes on; and of a first start nothing is left
            self._folder_fault = fault

    async def outside(self) -> None:
        """Postgres and Asterisk. Beside a plane that leads also all that takes time; it goes on until `replace`
        returns."""
        settings, before, stack = self._settings, self._before, self._stack
        self._database = Database(settings.database_url)
        await self._database.open()
        stack.push_async_callback(self._database.close)
        self._gate = Gate()
        self._ari = Ari(settings.ari_url, settings.ari_username, settings.ari_password, may_send=self._gate)
        if before is None:
            return
        self._ready = await prepared(settings, self._site, self._database)
        await render(self._site, settings.sounds_dir, settings.site)
        aside = Ari(settings.ari_url, settings.ari_username, settings.ari_password, app="ccplane-heir")
        await asyncio.to_thread(_api)
        self._taken = await rehearse(self._site, aside)
        stack.push_async_callback(self._ari.close_ahead)
        self._to_postgres = await self._database.connect(CONNECT_WITHIN)
        await before.replace(self._ari)

    async def remembered(self) -> None:
        """What the outbox knows, and whether we may lead; then state and board, and since when nobody watched."""
        settings, before, stack = self._settings, self._before, self._stack
        self._bound = settings.outbox_mb * MB
        self._outbox = outbox = Outbox(self._outbox_at, max_bytes=self._bound)
        self._recovered = recovered = outbox.open()
        self._passed("opened")
        stack.push_async_callback(outbox.close)
        if self._folder_fault is not None:
            self._go_on_with_the_site_in_force(recovered, self._folder_fault)
        site = self._site
        self._clock = SiteClock.open(outbox, recovered.last_at)
        term = settings.lease_s
        self._lease = lease = Lease(self._database, "site", recovered.outbox, term=term, margin=term / 5)
        stack.push_async_callback(quietly_release, lease)
        if before is not None:
            lease.goes_over(self._to_postgres)
            self._begun = await succeed(self._ready, recovered, lease)
            self._passed("leads")
            self._lay_over(recovered, decode_overlays(outbox.note(OVERLAYS)))
        else:
            self._begun = await begin(settings, site, outbox, recovered, self._database, lease)
            self._lay_over(recovered, self._begun.overlays)
            await self._render(self._site)
        self._gate.kept(fence(lease, outbox))
        outbox.begin(self._begun.epoch)
        self._state, self._board = recalled(recovered, site.rules.timezone)
        self._passed("recalled")
        self._last_seen = max(recovered.last_at, watched_until(outbox)) if before is None else 0

    def _lay_over(self, recovered: Recovered, overlays: Sequence[Laid]) -> None:
        """Those that hold; where the folder has no place for them any more, the site before is in force."""
        self._holding = Holding(overlays, self._clock.now)
        try:
            files = laid(self._files, self._holding())
            if files != self._files:
                self._files, self._site = files, parse(files, self._settings.demo_agents)
        except SiteError as fault:
            self._folder_fault = fault
            self._go_on_with_the_site_in_force(recovered, fault)

    def _go_on_with_the_site_in_force(self, recovered: Recovered, fault: SiteError) -> None:
        """A crash while somebody edits the folder is no outage: callers keep to the site that they know."""
        state, _ = recalled(recovered, Board().timezone)
        self._files, self._site = in_force(state, fault, self._settings.demo_agents)

    async def _render(self, site: Site) -> None:
        try:
            await render(site, self._settings.sounds_dir, self._settings.site)
        except CcplaneError as error:
            if self._folder_fault is None:
                raise
            # Of the site in force all was made before; what is gone since can't be made of such a folder.
            log.error("not all prompts of the site in force are there", error=str(error))

    def core(self) -> None:
        """The loop of all calls, and what carries its facts away."""
        outbox, ari, gate = self._outbox, self._ari, self._gate
        self._sites = Sites(self._site, lambda: self.plane.state, self._settings.demo_agents)
        self._meters = Meters()
        self._executor = Executor()
        self.plane = Plane(
            state=self._state,
            board=self._board,
            seq=self._recovered.seq,
            clock=self._clock,
            log=outbox,
            hands=self._executor,
            runner=Runner(self._sites),
            meter=self._meters,
            encode=kept,
            unread=lambda: ari.stats.inbox_depth or not gate(),
        )
        self.plane.follow(tell_unserved)
        self.plane.follow(tell_surges)
        self.plane.follow(tell_missing_sounds)
        self._executor.post = self.plane.post
        self._speaker = speaker = Speaker(self._settings.sounds_dir, self._sites, self.plane.post)
        self._stack.callback(speaker.close)
        self._executor.make_sounds = speaker.make
        self._stack.callback(self.plane.close)
        self._look_ups = LookUps(self.plane, self._sites)
        self._stack.push_async_callback(self._look_ups.close)
        self._promises = Promises(self.plane, Ledger(self._database), self._clock.now, self._lease.may_send)
        self._stack.callback(self._promises.close)
        self._shipper = Shipper(outbox, PostgresFacts(self._database), self._clock.now)
        self._backlog = Backlog(outbox, self._bound)
        self._notices = Notices(self._database)
        self._notifier = Notifier(
            self.plane, self._notices, self._ways_of_telling(), self._clock.now, self._shipper.shipped
        )

    def _ways_of_telling(self) -> dict[NoticeKind, Way]:
        settings = self._settings
        server = mail_server(settings.smtp_url) if settings.smtp_url else None
        origin = sender(server, settings.smtp_from)
        services = Webhooks(self._sites.current, settings.reached_at, self._clock.now)
        self._stack.push_async_callback(services.close)
        sound = partial(sound_in, settings.messages_dir)
        mailer = Mailer(server, origin, self._sites.current, settings.reached_at, sound)
        return {NoticeKind.EMAIL: mailer, NoticeKind.WEBHOOK: services}

    def phones_and_pins(self) -> None:
        self._phones = PhoneBook(self._begun.persons, self._begun.desks, self._settings)
        self._pins = Pins(self._begun.persons, self.plane, self._database, self._outbox, self._clock.now)
        self._stack.callback(self._pins.close)
        self._pin_pad = PinPad(self.plane, self._pins)
        self._customers = Customers(self.plane, CustomerStore(self._database), self._clock.now)
        self._stack.callback(self._pin_pad.close)

    def by_ami(self) -> None:
        """What ARI can't: phones' reachability, recordings of both sides, who is a member of the fallback's queues."""
        settings, plane, executor = self._settings, self.plane, self._executor
        self._ami = ami = Ami(
            settings.ami_address,
            settings.ami_port,
            settings.ami_username,
            settings.ami_password,
            may_send=self._gate,
        )
        executor.pick_up, executor.may_send = PickUps(ami), self._gate
        self._watch = PhoneWatch(ami, ami.events, plane.post)
        node = NodeName(settings.node)
        self._waits = FallbackWaits(ami.events, node, plane.post, ami.ask, self._watch.looked, ami.hurry, self._gate)
        recorder = Recorder(node, ami, settings.spool_dir, lambda: self._recordings.free_mb)
        self._recordings = RecordingKeeper(
            plane,
            settings.spool_dir,
            settings.recordings_dir,
            lambda: recorder.last_reason,
            may_work=self._lease.may_send,
        )
        recorder.post, executor.record = plane.post, recorder.execute
        ami.events.at_login(recorder.logged_in)
        self._members = Members(ami, ami.events, lambda: plane.state)
        plane.follow(self._members.follow)
        self._door = Door(ami, ami.events)

    def the_switch(self) -> None:
        """The connection to Asterisk, and what lies in its folders."""
        settings, plane, now = self._settings, self.plane, self._clock.now
        self._heartbeat = Heartbeat(lambda: plane.state.epoch, self._gate)
        self.link = Link(
            node=NodeName(settings.node),
            switches=self._ari,
            executor=self._executor,
            post=lambda what: self._pin_pad.post(self._customers.seen(what)),
            now=now,
            provision=self._phones.push,
            phones=self._watch,
            waits=self._waits,
            lost_at=self._last_seen or None,
            chores=(self._heartbeat.beat, self._waits.watch),
            believed=lambda: [each.channel for each in plane.state.contacts.values()],
            replaced=lambda: self._giving.replaced(),
            taken=self._taken if self._before else "",
            may_send=self._gate,
            sign=self._heartbeat.sign,
        )
        plane.look = self.link.look
        self._mailbox = Mailbox(self._database)
        spool = spool_of(settings.spool_dir, settings.ari_url, settings.ari_username, settings.ari_password)
        self._faxes = FaxKeeper(
            node=NodeName(settings.node),
            plane=plane,
            executor=self._executor,
            spool=spool,
            folder=settings.faxes_dir,
            deleted=FaxTray(self._database).deleted,
            may_work=self._lease.may_send,
        )
        self._keeper = Keeper(
            node=NodeName(settings.node),
            plane=plane,
            executor=self._executor,
            spool=spool,
            folder=settings.messages_dir,
            now=now,
            deleted=self._mailbox.deleted,
            may_work=self._lease.may_send,
        )

    def leaving(self) -> None:
        """A hand-over, a drain; and what is refused while one of them goes on: reading the site again."""
        settings, plane, lease, outbox = self._settings, self.plane, self._lease, self._outbox
        why_not = partial(why_no_handover, lease, self.link, outbox, plane)
        self._giving = Giving(plane, outbox, lease, settings.runtime, why_not)
        self._ari.yields = self._giving.yields
        self.draining = Draining(plane, self._clock.now, self._giving.under_way)
        one_at_a_time = asyncio.Lock()
        self._staff = Staff(plane, self._database, outbox, self._pins, one_at_a_time)
        self._reload = Reload(
            settings,
            self._sites,
            plane,
            self._database,
            outbox,
            self._phones,
            self._pins,
            self._executor,
            self._giving.under_way,
            one_at_a_time,
            self._holding,
            self._folder_fault,
        )
        self._edits = LiveEdits(
            settings,
            self._holding,
            self._sites,
            plane,
            self._database,
            outbox,
            self._clock.now,
            self._giving.under_way,
            one_at_a_time,
        )

    def first_words(self) -> Sequence[Input]:
        """That we begin; and the site and its people, which a successor says only once it routes."""
        begun = self._begun
        gap = self._clock.now() - self._last_seen if self._last_seen else 0
        self.plane.post(PlaneBegan(begun.epoch, __version__, gap, (NodeName(self._settings.node),)))
        seats = tuple(desk.seat for desk in begun.desks)
        profiles = tuple(person.profile for person in begun.persons)
        said = (SiteRead(self._site.hash, self._site.rules, self._files), PeopleRead(profiles, seats))
        if self._before is None:
            for each in said:
                self.plane.post(each)
        return said

    def leads(self) -> asyncio.Task[None]:
        self.token = _token(self._settings.admin_token, self._settings.runtime / "admin-token")
        self._vitals = Vitals(
            self._lease,
            self.link,
            self._ari.stats,
            self._ami.stats,
            self._shipper,
            self._database,
            self._outbox,
            self._backlog,
            self._clock,
            self._recordings,
            self._keeper,
            self._faxes,
            self._heartbeat,
            self._door,
            Either(self._reload, self._edits),
            self._look_ups,
            self._notifier,
            lambda: self.plane.state.unserved,
        )
        owing = Owing(self.plane, self._mailbox)
        at_the_switch = self.link.run, self._ami.run, self._watch.run, self._members.run, self._door.run
        figures = partial(keep_counted, SliceStore(self._database), self._clock.now)
        duties = (*at_the_switch, self._promises.run, owing.run, self._notifier.run, figures)
        self._passed("built")
        work = lead(self._lease, duties, self.plane, self._outbox, self._giving.given)
        leading = asyncio.create_task(work, name="leading")
        self._stack.push_async_callback(cancelled, leading)
        return leading

    async def api(self) -> Server:
        """Who waits for it at the port of a plane before us is served now."""
        create_app, Ports, ServiceHealth, serve, warm = await asyncio.to_thread(_api)  # noqa: N806
        history, ami, settings = History(self._database), self._ami, self._settings
        figures = Beside(self._database.dsn, self._clock.now)
        self._surging = Surging(self.plane, Arrivals(self._database), self._clock.now)
        stats = self._meters, self._ari.stats, self._shipper.stats
        self._service = ServiceHealth(self.plane, *stats, lambda: self._surging.measured)
        self._stack.push_async_callback(figures.close)
        app = await asyncio.to_thread(
            create_app,
            Ports(
                plane=self.plane,
                contacts=history,
                recordings=history,
                recordings_dir=settings.recordings_dir,
                messages=self._mailbox,
                faxes=FaxTray(self._database),
                faxes_dir=settings.faxes_dir,
                callbacks=Callbacks(self._database),
                customers=self._customers,
                site_of=self._sites,
                make_sounds=self._speaker.made,
                audio=settings.messages_dir,
                callers=Callers(self._database),
                courses=Courses(self._database),
                figures=figures,
                notes=self._outbox,
                can_pick_up=lambda: ami.stats.connected,
                handovers=self._giving,
                drains=self.draining,
                reloads=self._reload,
                staff=self._staff,
                overlays=self._edits,
                phones=self._phones,
                websocket=self._phones.websocket,
                pins=self._pins,
                health=HealthWithDrain(self._vitals, self.plane),
                clock=self._clock.now,
                look_now=self.link.look_now,
                meters=self._meters,
                ari=self._ari.stats,
                ami=ami.stats,
                heard=self._watch.stats,
                outbox=self._outbox.stats,
                shipping=self._shipper.stats,
                backlog=self._backlog,
                look_ups=self._look_ups,
                notices=NoticesByHand(self._notices, self._notifier, self._clock.now),
                notifier=self._notifier,
                service=self._service,
            ),
            admin_token=self.token,
            guard_token=_token(self._settings.guard_token, self._settings.runtime / "guard-token"),
            watchers=watchers(settings, self.token),
        )
        await asyncio.to_thread(warm, app)
        listener = self._before.listener if self._before else None
        server: Server = await self._stack.enter_async_context(
            serve(app, settings.bind, settings.port, listener=listener)
        )
        self._giving.listener = server.listener
        self._stack.push_async_callback(self._giving.give)
        return server

    def lives_on(self, leading: asyncio.Task[None]) -> asyncio.Task[None]:
        """All that goes on beside the calls; ends with the first of it that fails. Leaving ends it in this order's
        reverse."""
        settings, stack = self._settings, self._stack
        watching = []
        if settings.watch:
            watching.append(("watching the site", reload_what_is_saved(settings.site, self._reload.reload)))
        others = {
            asyncio.create_task(work, name=name)
            for name, work in (
                ("shipping", self._shipper.run()),
                ("backlog", self._backlog.run()),
                ("recordings", self._recordings.run()),
                ("loop delay", sample_loop_delay(self._meters)),
                ("keeping messages", self._keeper.run()),
                ("keeping faxes", self._faxes.run()),
                ("clock", _keep_clock_true(self._clock, self.plane)),
                ("noting the watch", note_watch(self.link, self._outbox, self._clock.now)),
                ("draining", self.draining.run()),
                ("lifting overlays", self._edits.run()),
                ("watching the parts", self._vitals.watch()),
                ("our own log", OwnLog(settings.runtime / "plane.log").run()),
                *watching,
                ("measuring arrivals", self._surging.run()),
                ("remembering delays", self._service.run()),
            )
        }
        over = asyncio.create_task(first_to_fail({leading, *others}))
        stack.push_async_callback(cancelled, *others)
        stack.push_async_callback(last_facts, self._shipper, self._outbox, self.plane)
        stack.push_async_callback(cancelled, over, leading)
        if not self._begun.with_postgres:
            late = asyncio.create_task(self._catch_up(), name="catching up")
            stack.push_async_callback(cancelled, late)
        known = asyncio.create_task(self._customers.load(), name="reading customers")
        stack.push_async_callback(cancelled, known)
        telling = asyncio.create_task(_tell_ready(self.link, self._before, self._giving), name="telling")
        stack.push_async_callback(cancelled, telling)
        return over

    async def _catch_up(self) -> None:
        outbox, plane = self._outbox, self.plane
        book, after_s = self._phones, TAKEN_S if self._before else 0.0
        await catch_up(
            self._settings,
            self._site,
            outbox,
            self._database,
            plane,
            book,
            self._pins,
            self._executor,
            after_s,
            self._vitals.not_taken_over,
        )


def _to_nobody(_: str) -> None:
    """How far a plane is that succeeds no other."""


def _api() -> tuple[Any, Any, Any, Any, Any]:
    """What the API is made of: half a second of imports, on a thread of its own."""
    from ccplane.http.app import Ports, create_app
    from ccplane.http.server import serve
    from ccplane.http.service_health import ServiceHealth
    from ccplane.http.warming import warm

    return create_app, Ports, ServiceHealth, serve, warm


def watchers(settings: Settings, admin_token: str) -> Watchers:
    from ccplane.http.watchers import Watchers

    return Watchers(
        admin_token,
        token=_token(settings.wallboard_token, settings.runtime / "wallboard-token"),
        networks=networks_of(settings.wallboard_networks),
        proxies=networks_of(settings.proxies),
        names=tuple(filter(None, [urlsplit(settings.public_url).hostname])),
    )


def _token(given: str, path: Path) -> str:
    """As set, else one that is made once, readable by its owner alone."""
    token = given or read_private(path)
    if not token:
        token = secrets.token_urlsafe(24)
        write_private(path, token + "\n")
    return token


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
