"""The site in force: read again at a word."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response

from ccplane.http.auth import Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import Reloads, SiteTold
from ccplane.http.views import told


def routes(reloads: Reloads, admin: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/site", tags=["plane"], dependencies=[Depends(admin)])

    @router.post("/reload", summary="Read the site's folders again", responses=answers(SiteTold))
    async def reload() -> Response:
        """Calls that have begun keep their program; who waits is under the new rules at once. With a fault in any file
        nothing is changed: 422, and `errors` names each by file, line and key."""
        return told(await reloads.reload())

    return router
