"""Faxes that callers sent us: which there are, their pages as a PDF, and that they are deleted.

A PDF is sent from the folder of faxes alone, from where the fax's own row says; nothing of an address is a path.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Callable
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime

from ccplane.asterisk.messages import forget_sound, sound_of
from ccplane.core.inputs import FaxDeletionAsked, FaxFetched
from ccplane.errors import RequestError
from ccplane.http import sound
from ccplane.http.auth import Guard
from ccplane.http.openapi import Responses, answers
from ccplane.http.ports import FaxesStore, Plane
from ccplane.http.views import readable, told, with_times
from ccplane.ids import ContactId, FaxId
from ccplane.postgres.faxes import FaxesWanted, FaxRow

Text = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
BY_API: Final = "api"

FAX: Final = readable(
    FaxRow,
    "Fax",
    "A fax that a caller sent us.",
    {
        "came_at": "When its transmission was over.",
        "complete": "Whether the other machine has said that this is all of it.",
        "reason": "What went wrong, where it is not complete: `interrupted`, `hung-up`, `too-long`, …",
        "station": "What the other machine calls itself, perhaps nothing.",
        "read_at": "When its PDF was first fetched.",
        "file": "Where its PDF lies, in ccplane's folder of faxes.",
    },
)
_Page: Final = msgspec.defstruct(
    "Faxes",
    [("faxes", GenericAlias(list, (FAX,))), ("next", str | None)],
    namespace={"__doc__": "A page of faxes. `next`: the cursor of the following page, null on the last."},
)
PDF: Final = "application/pdf"
PAGES: Final[Responses] = {200: {"description": "Its pages", "content": {PDF: {}}}}


def routes(plane: Plane, store: FaxesStore, folder: Path, admin: Guard, clock: Callable[[], int]) -> APIRouter:
    audit = sound.Audit(plane, clock)
    router = APIRouter(prefix="/api/v1/faxes", tags=["faxes"], dependencies=[Depends(admin)])

    @router.get("", summary="Faxes, the latest first", responses=answers(_Page))
    async def faxes(
        box: Text = None,
        deleted: bool = False,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        after: Annotated[str | None, Query(max_length=500)] = None,
    ) -> Response:
        """Those that came in [since, until); with `deleted` those that were deleted, and no others."""
        wanted = FaxesWanted(box=box, deleted=deleted, since=_ms(since), until=_ms(until))
        page = await store.faxes(wanted, after=after, limit=limit)
        return told(with_times(msgspec.to_builtins(page)))

    @router.get("/{fax_id}", summary="One fax", responses=answers(FAX))
    async def fax(fax_id: str) -> Response:
        return told(with_times(msgspec.to_builtins(await _known(store, fax_id))))

    @router.get("/{fax_id}/pdf", summary="Its pages", responses=answers(None) | PAGES)
    async def pdf(fax_id: str, request: Request) -> Response:
        """A PDF. That it was asked for is recorded."""
        row = await _known(store, fax_id)
        found = await to_thread(sound_of, folder, row.file)
        if found is None or row.deleted_at is not None:
            raise RequestError("no-pages", "The pages of this fax are not there any more.", fax=fax_id)
        path, stat = found
        if (refused := sound.refused(request, stat.st_size)) is not None:
            return refused
        await audit.heard(row.id, BY_API, FaxFetched(FaxId(row.id), ContactId(row.contact), BY_API))
        return sound.sent(path, stat, PDF, path.name)

    @router.delete("/{fax_id}", summary="Delete it", status_code=204, responses=answers(None))
    async def delete(fax_id: str) -> Response:
        """Its pages, for good; that it came stays known. Answers once it is safely recorded."""
        row = await _known(store, fax_id)
        await plane.ask(FaxDeletionAsked(FaxId(row.id), ContactId(row.contact), BY_API))
        await to_thread(forget_sound, folder, row.file)
        return Response(status_code=204)

    return router


async def _known(store: FaxesStore, fax_id: str) -> FaxRow:
    row = await store.fax(FaxId(fax_id)) if fax_id.isprintable() else None
    if row is None:
        raise RequestError("no-such-fax", "There is no fax with this id.", fax=fax_id)
    return row


def _ms(moment: AwareDatetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
