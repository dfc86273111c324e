"""The API put together. What it stands on comes in as ports; nothing here is global."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI

from ccplane import __version__
from ccplane.asterisk.stats import AmiStats, AriStats, PhoneStats
from ccplane.http import (
    agent_socket,
    agents,
    built_pages,
    callbacks,
    contacts,
    course,
    customers,
    docs_page,
    emergencies,
    fallback_calls,
    faxes,
    figures,
    handover,
    health,
    index,
    live_figures,
    messages,
    notices,
    numbers,
    overlays,
    owed_messages,
    phone_page,
    problems,
    reconcile,
    recordings,
    reports,
    seats,
    service_health,
    sign_in,
    site,
    steps,
    surveys,
    wallboard,
    wallboard_page,
    wallboard_people,
    why,
)
from ccplane.http.auth import admin_may_listen, admin_only, admin_or_own, agent_only, either_of
from ccplane.http.exposition import Exposition
from ccplane.http.limits import BodyLimit
from ccplane.http.metrics import Meters
from ccplane.http.openapi import describe
from ccplane.http.ports import (
    CallbackStore,
    CallerHistory,
    ContactsStore,
    Customers,
    Drains,
    FaxesStore,
    Handovers,
    Health,
    MessagesStore,
    Overlays,
    PhoneBook,
    Pins,
    Plane,
    RecordingsStore,
    Reloads,
    Staff,
)
from ccplane.http.scraping import routes as metrics_routes
from ccplane.http.sessions import NoNotes, Notes, Sessions
from ccplane.http.wallboard_page.board import boards_of
from ccplane.http.watchers import Watchers
from ccplane.http.window_metrics import WindowMetrics
from ccplane.log.backlog import Backlog
from ccplane.log.outbox import OutboxStats
from ccplane.log.shipping import ShippingStats
from ccplane.lookups.asking import LookUps
from ccplane.notices.telling import Notifier
from ccplane.site import Site


@dataclass(frozen=True, kw_only=True)
class Ports:
    """What the API stands on. `clock`: ccplane's UTC in ms (law 12); the statistics are read at each scrape.
    `can_pick_up`: whether desk phones can be told to answer now."""

    plane: Plane
    contacts: ContactsStore
    messages: MessagesStore
    audio: Path
    """The folder of messages."""
    callers: CallerHistory
    phones: PhoneBook
    pins: Pins
    health: Health
    clock: Callable[[], int]
    meters: Meters
    recordings: RecordingsStore
    recordings_dir: Path
    websocket: str = ""
    """Where browsers' phones register: `ws://host:port/ws`."""
    notes: Notes = field(default_factory=NoNotes)
    look_now: Callable[[], Awaitable[None]] | None = None
    """Compare with the switch now; None where there is none to be asked."""
    can_pick_up: Callable[[], bool] = lambda: False
    handovers: Handovers | None = None
    drains: Drains | None = None
    reloads: Reloads | None = None
    staff: Staff | None = None
    overlays: Overlays | None = None
    callbacks: CallbackStore | None = None
    faxes: FaxesStore | None = None
    faxes_dir: Path | None = None
    customers: Customers | None = None
    site_of: Callable[[str], Site] | None = None
    """The site that a hash stands for."""
    make_sounds: emergencies.MakeSounds | None = None
    ari: AriStats | None = None
    ami: AmiStats | None = None
    heard: PhoneStats | None = None
    outbox: OutboxStats | None = None
    shipping: ShippingStats | None = None
    backlog: Backlog | None = None
    look_ups: LookUps | None = None
    courses: course.CourseStore | None = None
    figures: figures.Asking | None = None
    notices: notices.NoticeStore | None = None
    notifier: Notifier | None = None
    service: service_health.ServiceHealth | None = None


def create_app(ports: Ports, *, admin_token: str, guard_token: str = "", watchers: Watchers | None = None) -> FastAPI:
    """The ASGI app, to be served by `server.serve`. `guard_token`: with it the fallback's calls may be told of, and
    nothing else. `watchers`: who may watch the wallboard, beside this machine and the administrator."""
    app = FastAPI(
        title="ccplane",
        version=__version__,
        description="The control plane of a contact centre. Errors are RFC 9457 problems with a stable `code`.",
        docs_url=None,
        openapi_url="/api/openapi.json",
        redoc_url=None,
    )
    admin, watchers = admin_only(admin_token), watchers or Watchers(admin_token)
    sessions = Sessions(ports.notes, ports.clock)
    own, agent = admin_or_own(admin_token, sessions), agent_only(sessions)
    sockets = agent_socket.Sockets(ports.plane, sessions, ports.callers, ports.can_pick_up)
    service = ports.service or service_health.ServiceHealth(
        ports.plane, ports.meters, ports.ari, ports.shipping, lambda: None
    )
    stream = wallboard.Stream(ports.plane, ports.clock, service=service.view)
    app.state.streams = [stream]
    exposition = Exposition(
        plane=ports.plane,
        clock=ports.clock,
        health=ports.health,
        ari=ports.ari,
        ami=ports.ami,
        heard=ports.heard,
        outbox=ports.outbox,
        shipping=ports.shipping,
        backlog=ports.backlog,
        look_ups=ports.look_ups,
        notifier=ports.notifier,
        stream=stream,
        surges=service.surges,
        screens=sockets,
    )
    ports.meters.registry.register(exposition)
    app.include_router(index.routes())
    app.include_router(health.routes(ports.health))
    windows = WindowMetrics(ports.plane, ports.clock)
    ports.meters.registry.register(windows)
    app.include_router(metrics_routes(ports.meters.registry, [exposition.read, windows.read]))
    app.include_router(seats.routes(ports.plane, ports.phones, admin))
    app.include_router(agents.routes(ports.plane, ports.phones, ports.pins, sessions, admin, own))
    if ports.staff:
        app.include_router(agents.editing(ports.plane, ports.staff, admin))
    desk = sign_in.Desk(ports.plane, ports.phones, sessions)
    app.include_router(sign_in.routes(desk, ports.pins, admin, agent))
    app.include_router(agent_socket.routes(sockets))
    app.include_router(wallboard.routes(ports.plane, ports.clock, stream, watchers.guard))
    if ports.courses is not None:
        app.include_router(course.routes(course.Courses(ports.plane, ports.courses, ports.clock), watchers.guard))
    app.include_router(wallboard_people.routes(ports.plane, stream.people, watchers.guard))
    app.include_router(wallboard_page.routes(watchers, boards_of(ports.plane, ports.site_of)))
    app.include_router(live_figures.routes(ports.plane, watchers.guard, ports.clock))
    app.include_router(service_health.routes(service, ports.clock, watchers.guard))
    if ports.figures is not None:
        app.include_router(figures.routes(ports.plane, ports.figures, ports.site_of, admin))
        app.include_router(reports.routes(ports.plane, ports.figures, ports.site_of, admin))
    app.include_router(fallback_calls.routes(ports.plane, either_of(admin_token, guard_token)))
    if ports.look_now is not None:
        app.include_router(reconcile.routes(ports.plane, ports.look_now, admin))
    app.include_router(contacts.routes(ports.plane, ports.contacts, admin))
    if ports.site_of is not None:
        readers = steps.Readers(ports.plane, ports.site_of)
        app.state.streams.append(readers)
        app.include_router(steps.routes(ports.plane, ports.contacts, readers, admin))
        if ports.make_sounds is not None:
            app.include_router(emergencies.routes(ports.plane, ports.site_of, ports.make_sounds, admin, ports.clock))
    app.include_router(numbers.routes(ports.plane, ports.contacts, admin, ports.clock))
    app.include_router(surveys.routes(ports.plane, ports.contacts, admin, ports.clock))
    app.include_router(why.routes(ports.plane, ports.contacts, admin, ports.clock))
    app.include_router(built_pages.routes())
    app.include_router(phone_page.routes(ports.websocket))
    app.include_router(owed_messages.routes(ports.plane, admin))
    app.include_router(owed_messages.of_agents(ports.plane, ports.messages, ports.audio, own, ports.clock))
    app.include_router(messages.routes(ports.plane, ports.messages, ports.audio, admin, ports.clock))
    if ports.notices is not None:
        app.include_router(notices.routes(ports.notices, admin))
    if ports.faxes and ports.faxes_dir:
        app.include_router(faxes.routes(ports.plane, ports.faxes, ports.faxes_dir, admin, ports.clock))
    kept = recordings.Kept(ports.recordings, ports.recordings_dir)
    app.include_router(recordings.routes(ports.plane, kept, admin, admin_may_listen(admin_token), ports.clock))
    app.include_router(recordings.control(ports.plane, admin))
    if ports.customers:
        app.include_router(customers.routes(ports.customers, admin, ports.clock))
        app.include_router(customers.marking(ports.customers, own))
    if ports.callbacks:
        app.include_router(callbacks.routes(ports.plane, ports.callbacks, admin, ports.clock))
    if ports.handovers and ports.drains:
        app.include_router(handover.routes(ports.handovers, ports.drains, admin))
    if ports.reloads:
        app.include_router(site.routes(ports.reloads, admin))
    if ports.overlays:
        app.include_router(overlays.routes(ports.plane, ports.overlays, admin))
    app.add_middleware(BodyLimit)
    problems.install(app)
    app.openapi = describe(app)  # type: ignore[method-assign]
    app.include_router(docs_page.routes(app.openapi))
    return app
