"""Reports: tables of figures of the past, made by a process beside the plane's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from ccplane.http.auth import Guard
from ccplane.http.figures import Asking, First, Last
from ccplane.http.openapi import answers
from ccplane.http.ports import Plane
from ccplane.kpi.behind import Kind
from ccplane.kpi.schedule import Terms
from ccplane.kpi.slices import By
from ccplane.reports.behind import MOST, Behind, Wanted
from ccplane.reports.report import Interval, Report
from ccplane.site import Site
from ccplane.workforce.process import XLSX, Explain, Tell

TableName = Literal["traffic", "service", "agents", "numbers", "faults", "brief"]
Form = Literal["json", "csv", "text", "xlsx"]
Language = Literal["en", "zh-CN"]
TAKEN: Final[dict[str, Form]] = {"text/csv": "csv", "text/plain": "text", XLSX: "xlsx"}
"""Of what `Accept` names first, where no `format` is asked for."""


def routes(plane: Plane, figures: Asking, site_of: Callable[[str], Site] | None, admin: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/reports", tags=["reports"], dependencies=[Depends(admin)])

    async def answered(what: Tell | Explain) -> Response:
        state = plane.snapshot.state
        terms = site_of(state.site).terms if site_of and state.site else Terms()
        answer = await figures.ask(what, terms, state.rules.timezone)
        return StreamingResponse(answer.pieces, media_type=answer.type, headers={"Cache-Control": "no-store"})

    def form_of(request: Request) -> Form:
        accepted = request.headers.get("accept", "").partition(",")[0].partition(";")[0]
        return TAKEN.get(accepted, "json")

    @router.get("/behind/{figure}", summary="What a figure was counted from", responses=answers(Behind))
    async def explained(
        request: Request,
        figure: Annotated[str, Path(max_length=40, pattern=r"^[a-z_0-9]+$")],
        since: AwareDatetime,
        until: AwareDatetime,
        by: By = By.SITE,
        name: Annotated[str, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")] = "",
        kind: Kind | None = None,
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
        form: Annotated[Literal["json", "csv", "text"] | None, Query(alias="format")] = None,
        lang: Language = "en",
    ) -> Response:
        """Each stay, offer, callback, survey, contact or time that one cell of a report counts, with what it adds. Rows
        of a report name the address (`behind`). A rate is made of several kinds of things: `kind` says which are
        told."""
        wanted = Wanted(
            figure=figure,
            since=_ms(since),
            until=_ms(until),
            by=by,
            name=name,
            kind=kind,
            after=after,
            limit=limit,
        )
        taken = form or form_of(request)
        return await answered(Explain(wanted=wanted, form="json" if taken == "xlsx" else taken, language=lang))

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
        it is grouped `by`, their sums, notes, and what each column means. Without `format` as `Accept` says.

        `faults` and `brief` have neither intervals nor groups, but several tables: `sections`, by key."""
        wanted = Tell(
            table=table,
            first=first,
            last=last,
            interval=interval,
            by=by,
            form=form or form_of(request),
            language=lang,
        )
        return await answered(wanted)

    return router


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
