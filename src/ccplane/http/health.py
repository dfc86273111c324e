"""Is it alive, and does it route calls? For supervisors and balancers; no token."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from fastapi import APIRouter, Response

from ccplane import __version__
from ccplane.http.openapi import answers
from ccplane.http.ports import Health, Part
from ccplane.http.views import told

NEEDED: Final = frozenset({"leader", "ari"})
"""Without these no call is routed. Everything else can be away for a while, and only degrades."""


AWAY: Final = frozenset({"not-ready", "draining"})
"""A balancer is not to send calls here."""


class Alive(msgspec.Struct, frozen=True):
    """This process answers."""

    status: Literal["alive"]
    version: str


class Ready(msgspec.Struct, frozen=True):
    """Whether calls are routed. `degraded`: they are, but something is away. `draining`: no new ones any more."""

    status: Literal["ready", "degraded", "draining", "not-ready"]
    degraded: bool
    parts: dict[str, Part]


def readiness(parts: dict[str, Part]) -> Ready:
    """What the parts amount to."""
    routed = all(name in parts and parts[name].ok for name in NEEDED)
    degraded = not all(part.ok for part in parts.values())
    if not routed:
        return Ready("not-ready", True, parts)
    if "drain" in parts:
        return Ready("draining", True, parts)
    return Ready("degraded" if degraded else "ready", degraded, parts)


def routes(health: Health) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="Alive?", responses=answers(Alive))
    async def healthz() -> Response:
        return told(Alive("alive", __version__))

    @router.get("/readyz", summary="Are calls routed?", responses=answers(Ready, also={503: Ready}))
    async def readyz() -> Response:
        """200 while new calls are routed, else 503. A lost database only marks the body `degraded`."""
        ready = readiness(health.parts())
        return told(ready, 503 if ready.status in AWAY else 200, {"Cache-Control": "no-store"})

    return router
