"""Notices of messages: who was told, who is to be, and what kept it from them; tried at once or given up by hand."""

from __future__ import annotations

from types import GenericAlias
from typing import Annotated, Final, Literal, Protocol

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict

from ccplane.errors import RequestError
from ccplane.http.auth import By, Guard
from ccplane.http.openapi import answers
from ccplane.http.views import readable, told, with_times
from ccplane.ids import NoticeId
from ccplane.postgres.notices import NoticePage, NoticeRow, NoticesWanted

BY_API: Final = "api"
GivenId = Annotated[str, InPath(max_length=300)]
Text = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]

NOTICE: Final = readable(
    NoticeRow,
    "Notice",
    "Somebody who is told of a message.",
    {
        "kind": "email or webhook.",
        "target": "The address, or the webhook of acd/voicemail.toml.",
        "state": "due, sent, failed (refused for good) or given-up.",
        "tries": "How often it was tried, since it became due.",
        "last_error": "What kept it from being sent; null once it was.",
        "since": "When it became due.",
        "next_at": "It is not tried before; while it is being sent, when that is over at the latest.",
    },
)
_Page: Final = msgspec.defstruct(
    "Notices",
    [("notices", GenericAlias(list, (NOTICE,))), ("next", str | None)],
    namespace={"__doc__": "A page of notices. `next`: the cursor of the following page, null on the last."},
)


class NoticeStore(Protocol):
    """Where notices stand. StoreError if it can't be asked."""

    async def notices(self, wanted: NoticesWanted, *, after: str | None, limit: int) -> NoticePage: ...

    async def notice(self, wanted: NoticeId, /) -> NoticeRow | None: ...

    async def retry(self, wanted: NoticeId, /) -> bool:
        """Due now; False if it was sent, or there is none."""

    async def give_up(self, wanted: NoticeId, by: str, /) -> bool:
        """Not tried any more; False if it is not due."""


class GivenUpBy(BaseModel):
    """Who says so, for the record."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"by": "Lea"}]})

    by: By = ""


def routes(store: NoticeStore, admin: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/notices", tags=["messages"], dependencies=[Depends(admin)])

    @router.get("", summary="Notices of messages, the latest first", responses=answers(_Page))
    async def notices(
        state: Literal["due", "sent", "failed", "given-up"] | None = None,
        message: Text = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        after: Annotated[str | None, Query(max_length=500)] = None,
    ) -> Response:
        """By when they became due. `message`: of this message alone."""
        page = await store.notices(NoticesWanted(state=state, message=message), after=after, limit=limit)
        return told(with_times(msgspec.to_builtins(page)))

    @router.get("/{notice_id}", summary="One notice", responses=answers(NOTICE))
    async def notice(notice_id: GivenId) -> Response:
        return told(with_times(msgspec.to_builtins(await _known(store, notice_id))))

    @router.post("/{notice_id}/retry", summary="Try it now, as if it were new", responses=answers(NOTICE))
    async def retry(notice_id: GivenId) -> Response:
        """Also one that was given up or refused. 409 `notice-sent`: it is not sent twice."""
        await _known(store, notice_id)
        if not await store.retry(NoticeId(notice_id)):
            raise RequestError("notice-sent", "It was sent already, and is not sent again.", notice=notice_id)
        return told(with_times(msgspec.to_builtins(await _known(store, notice_id))))

    @router.post("/{notice_id}/give-up", summary="Do not try it any more", responses=answers(NOTICE))
    async def give_up(notice_id: GivenId, said: GivenUpBy) -> Response:
        """409 `notice-over`: it is not due any more."""
        row = await _known(store, notice_id)
        if not await store.give_up(NoticeId(notice_id), said.by or BY_API):
            raise RequestError("notice-over", f"It is {row.state} already.", notice=notice_id)
        return told(with_times(msgspec.to_builtins(await _known(store, notice_id))))

    return router


async def _known(store: NoticeStore, notice_id: str) -> NoticeRow:
    row = await store.notice(NoticeId(notice_id)) if notice_id.isprintable() else None
    if row is None:
        raise RequestError("no-such-notice", "There is no notice with this id.", notice=notice_id)
    return row
