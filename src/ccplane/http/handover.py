"""Hand-over to a new process on this machine: asked for here, done by `ccplane.handover`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from ccplane.http.auth import Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import Drains, Handovers, HandoverTold
from ccplane.http.views import told


class DrainWanted(BaseModel):
    """`within_s`: leave after so many seconds at the latest; calls that are still up stay up."""

    model_config = ConfigDict(extra="forbid")

    within_s: Annotated[float, Field(ge=0, le=7 * 86_400)] | None = None


def routes(handovers: Handovers, drains: Drains, admin: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/handover", tags=["plane"], dependencies=[Depends(admin)])

    @router.get("", summary="Which process this is", responses=answers(HandoverTold))
    async def handover() -> Response:
        """And how its hand-over stands, or went."""
        return told(handovers.told(), headers={"Cache-Control": "no-store"})

    @router.post("", summary="Hand over to a new process", responses=answers(None, also={202: HandoverTold}))
    async def begin() -> Response:
        """Answers once the successor is started; ask here again until another process says `done`, or this one
        `failed`. No call notices either."""
        return told(await handovers.begin(), status=202)

    @router.post("/drain", summary="Take no new calls, and leave", responses=answers(None, also={202: HandoverTold}))
    async def drain(asked: DrainWanted) -> Response:
        """New callers go to the dialplan's fallback; /readyz says 503 `draining`. It ends with its last call."""
        await drains.begin(asked.within_s, "api")
        return told(handovers.told(), status=202)

    @router.delete("/drain", summary="Stay after all", responses=answers(HandoverTold))
    async def cancel() -> Response:
        """New calls are taken again. Who was sent to the dialplan's fallback stays there."""
        await drains.cancel("api")
        return told(handovers.told())

    return router
