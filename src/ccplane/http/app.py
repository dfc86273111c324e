"""The API put together. What it stands on comes in as ports; nothing here is global."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI

from ccplane import __version__
from ccplane.asterisk.stats import AriStats
from ccplane.http import (
    agents,
    built_pages,
    contacts,
    docs_page,
    health,
    index,
    phone_page,
    problems,
    seats,
    wallboard,
    wallboard_page,
)
from ccplane.http.auth import admin_only, admin_or_this_machine
from ccplane.http.exposition import Exposition
from ccplane.http.exposition import routes as metrics_routes
from ccplane.http.limits import BodyLimit
from ccplane.http.metrics import Meters
from ccplane.http.openapi import describe
from ccplane.http.ports import ContactsStore, Health, PhoneBook, Pins, Plane
from ccplane.log.outbox import OutboxStats
from ccplane.log.shipping import ShippingStats


@dataclass(frozen=True, kw_only=True)
class Ports:
    """What the API stands on. `clock`: ccplane's UTC in ms (law 12); the statistics are read at each scrape."""

    plane: Plane
    contacts: ContactsStore
    phones: PhoneBook
    pins: Pins
    health: Health
    clock: Callable[[], int]
    meters: Meters
    websocket: str = ""
    """Where browsers' phones register: `ws://host:port/ws`."""
    ari: AriStats | None = None
    outbox: OutboxStats | None = None
    shipping: ShippingStats | None = None


def create_app(ports: Ports, *, admin_token: str) -> FastAPI:
    """The ASGI app, to be served by `server.serve`."""
    app = FastAPI(
        title="ccplane",
        version=__version__,
        description="The control plane of a contact centre. Errors are RFC 9457 problems with a stable `code`.",
        docs_url=None,
        openapi_url="/api/openapi.json",
        redoc_url=None,
    )
    admin, open_here = admin_only(admin_token), admin_or_this_machine(admin_token)
    stream = wallboard.Stream(ports.plane, ports.clock)
    app.state.stream = stream
    exposition = Exposition(
        plane=ports.plane,
        clock=ports.clock,
        health=ports.health,
        ari=ports.ari,
        outbox=ports.outbox,
        shipping=ports.shipping,
        stream=stream,
    )
    ports.meters.registry.register(exposition)
    app.include_router(index.routes())
    app.include_router(health.routes(ports.health))
    app.include_router(metrics_routes(ports.meters.registry))
    app.include_router(agents.routes(ports.plane, ports.phones, ports.pins, admin))
    app.include_router(seats.routes(ports.plane, ports.phones, admin))
    app.include_router(wallboard.routes(ports.plane, ports.clock, stream, open_here))
    app.include_router(wallboard_page.routes(open_here))
    app.include_router(contacts.routes(ports.plane, ports.contacts, admin))
    app.include_router(built_pages.routes())
    app.include_router(phone_page.routes(ports.websocket))
    app.add_middleware(BodyLimit)
    problems.install(app)
    app.openapi = describe(app)  # type: ignore[method-assign]
    app.include_router(docs_page.routes(app.openapi))
    return app
