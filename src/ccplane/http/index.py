"""`/`: where everything is, for whoever only knows host and port. No token, and nothing of the centre's."""

from __future__ import annotations

from typing import Final

import msgspec
from fastapi import APIRouter, Response

from ccplane.http.openapi import answers
from ccplane.http.views import told


class Index(msgspec.Struct, frozen=True):
    """Addresses on this server; those under `/api/v1` need a token."""

    api: str = "/api/docs"
    phone: str = "/phone"
    openapi: str = "/api/openapi.json"
    wallboard_page: str = "/wallboard"
    wallboard: str = "/api/v1/wallboard"
    wallboard_stream: str = "/api/v1/wallboard/stream"
    metrics: str = "/metrics"
    health: str = "/healthz"
    ready: str = "/readyz"


INDEX: Final = Index()


def routes() -> APIRouter:
    router = APIRouter(tags=["index"])

    @router.get("/", summary="Where everything is", responses=answers(Index))
    async def index() -> Response:
        return told(INDEX)

    return router
