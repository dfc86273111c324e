"""Reports: tables of figures of the past, made by a process beside the plane's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from ccplane.http.auth import Guard
from ccplane.http.figures import Asking, First, Last
from ccplane.http.openapi import answers
from ccplane.http.ports import Plane
from ccplane.kpi.schedule import Terms
from ccplane.kpi.slices import By
from ccplane.reports.report import Interval, Report
from ccplane.site import Site
from ccplane.workforce.process import XLSX, Tell

TableName = Literal["traffic", "service", "agents"]
Form = Literal["json", "csv", "text", "xlsx"]
Language = Literal["en", "zh-CN"]
TAKEN: Final[dict[str, Form]] = {"text/csv": "csv", "text/plain": "text", XLSX: "xlsx"}
"""Of what `Accept` names first, where no `format` is asked for."""


def routes(plane: Plane, figures: Asking, site_of: Callable[[str], Site] | None, admin: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/reports", tags=["reports"], dependencies=[Depends(admin)])

    @router.get("/{table}", summary="A report", responses=answers(Report))
    async def told(
        request: Request,
        table: TableName,
        first: First,
        last: Last,
        interval: Interval = Interval.DAY,
        by: By | None = None,
        form: Annotated[Form | None, Query(alias="format")] = None,
        lang: Language = "en",
    ) -> Response:
        """Of the site's days `from` to `to`, both in it, as `ccplane report` tells it: rows of `interval` and of what
        it is grouped `by`, their sums, notes, and what each column means. Without `format` as `Accept` says."""
        state = plane.snapshot.state
        terms = site_of(state.site).terms if site_of and state.site else Terms()
        wanted = Tell(
            table=table,
            first=first,
            last=last,
            interval=interval,
            by=by,
            form=form or TAKEN.get(request.headers.get("accept", "").partition(",")[0].partition(";")[0], "json"),
            language=lang,
        )
        answer = await figures.ask(wanted, terms, state.rules.timezone)
        return StreamingResponse(answer.pieces, media_type=answer.type, headers={"Cache-Control": "no-store"})

    return router
