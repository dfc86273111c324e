"""Figures from outside, taken over and given back, and the numbers that are made of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Annotated, Final, Literal, Protocol

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from ccplane.errors import RequestError
from ccplane.http.auth import By as Who
from ccplane.http.auth import Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import Plane
from ccplane.imports.load import Loaded
from ccplane.kpi.schedule import Terms
from ccplane.kpi.slices import By
from ccplane.site import Site
from ccplane.workforce.beside import Answer
from ccplane.workforce.process import Keep, Resolve, Show, Take, What

KindName = Literal["schedules", "paid_hours", "headcount", "cost", "seats"]
HOUR_MS: Final = 3_600_000
Hours = Annotated[int | None, Query(ge=1, le=90 * 24)]
First = Annotated[date, Query(alias="from")]
Last = Annotated[date, Query(alias="to")]
BY_API: Final = "api"
EXAMPLE: Final = {
    "agent": "1001",
    "from": "2026-11-23T09:00+08:00",
    "to": "2026-11-23T12:00+08:00",
    "activity": "work",
}
BODY: Final = {
    "required": True,
    "content": {
        "application/json": {"schema": {"type": "object"}, "example": {"rows": [EXAMPLE]}},
        "text/csv": {
            "schema": {"type": "string"},
            "example": f"{','.join(EXAMPLE)}\n{','.join(EXAMPLE.values())}\n",
        },
    },
}


class Asking(Protocol):
    """A process beside this one."""

    async def ask(
        self, what: What, terms: Terms, timezone: str, file: AsyncIterator[bytes] | None = None, /
    ) -> Answer: ...


class FigureNumbers(msgspec.Struct, frozen=True):
    """Numbers by group: each a fraction, ms, money, or null where a figure is missing."""

    by: str
    first: str
    last: str
    columns: tuple[str, ...]
    rows: tuple[FigureRow, ...]
    definitions: dict[str, dict[str, str | int]]


class FigureRow(msgspec.Struct, frozen=True):
    """One agent or team, or "", the site. `provisional`: the numbers may still change."""

    name: str
    figures: dict[str, float | None]
    provisional: bool


class FirstContacts(msgspec.Struct, frozen=True):
    """First contacts by group, and those after which nobody called again."""

    by: str
    first: str
    last: str
    before_ms: int
    after_ms: int
    rows: tuple[FirstContactsRow, ...]


class FirstContactsRow(msgspec.Struct, frozen=True):
    """Of a queue (the last that they entered), of a number dialled, or "", the site."""

    name: str
    first_contacts: int
    resolved: int
    fcr: float | None
    provisional: bool


class ImportedFigures(msgspec.Struct, frozen=True):
    """Rows as the files have them."""

    kind: str
    rows: tuple[dict[str, str], ...]


def routes(plane: Plane, figures: Asking, site_of: Callable[[str], Site] | None, admin: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/figures", tags=["figures"], dependencies=[Depends(admin)])

    async def asked(what: What, file: AsyncIterator[bytes] | None = None) -> Response:
        state = plane.snapshot.state
        terms = site_of(state.site).terms if site_of and state.site else Terms()
        answer = await figures.ask(what, terms, state.rules.timezone, file)
        return StreamingResponse(answer.pieces, media_type=answer.type, headers={"Cache-Control": "no-store"})

    @router.get("", summary="Agents' time, cost and first contacts", responses=answers(FigureNumbers))
    async def show(first: First, last: Last, by: By = By.SITE) -> Response:
        """Of the site's days `from` to `to`, both in it; by site, team or agent."""
        return await asked(Show(first=first, last=last, by=by))

    @router.get("/fcr", summary="First contact resolution", responses=answers(FirstContacts))
    async def fcr(
        first: First,
        last: Last,
        by: Literal["site", "queue", "number"] = "site",
        before_h: Hours = None,
        after_h: Hours = None,
    ) -> Response:
        """Without the hours: as acd/site.toml says."""
        before, after = (None if each is None else each * HOUR_MS for each in (before_h, after_h))
        return await asked(Resolve(first=first, last=last, by=By(by), before_ms=before, after_ms=after))

    @router.get("/{kind}", summary="What was imported", responses=answers(ImportedFigures))
    async def imported(kind: KindName, first: First, last: Last, form: Literal["json", "csv"] = "json") -> Response:
        """As `PUT` takes it."""
        return await asked(Keep(kind=kind, first=first, last=last, form=form))

    @router.put("/{kind}", summary="Import figures", responses=answers(Loaded), openapi_extra={"requestBody": BODY})
    async def take(
        request: Request,
        kind: KindName,
        first: Annotated[date | None, Query(alias="from")] = None,
        last: Annotated[date | None, Query(alias="to")] = None,
        only_named: bool = False,
        dry_run: bool = False,
        by: Who = "",
    ) -> Response:
        """The body is `{"rows": [{…}]}`, or CSV (`Content-Type: text/csv`), of 32 MB at most. It replaces what is kept
        of its days, or of `from` to `to`; with a fault nothing is loaded, and `errors` has row and column of each."""
        if (first is None) is not (last is None):
            raise RequestError("invalid-request", "Give both `from` and `to`, or neither.")
        form = "csv" if "csv" in request.headers.get("content-type", "") else "json"
        days = (first, last) if first is not None and last is not None else None
        what = Take(kind=kind, form=form, by=by or BY_API, days=days, only_named=only_named, trial=dry_run)
        return await asked(what, request.stream())

    return router
