"""`/phone`: an agent's phone in the browser. The page holds nothing of the centre's; what it may see it asks for."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from ccplane.http.built_pages import BUILT, page


def routes(websocket: str, built: Path = BUILT) -> APIRouter:
    """`websocket`: where the phone registers, and so the one other place this page may connect to."""
    router = APIRouter(include_in_schema=False)
    told = page("phone", connect=websocket, microphone=True, built=built)

    @router.get("/phone")
    async def phone() -> HTMLResponse:
        return told

    return router
