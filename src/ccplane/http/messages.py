"""Messages that callers left: which there are, how they sound, and that they were heard.

Sound is sent from the folder of messages alone, from where the message's own row says; nothing of an address is a path.
"""

from __future__ import annotations

import os
import re
import stat
from asyncio import to_thread
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict

from ccplane.contacts.facts import MessageMark
from ccplane.core.inputs import MessageMarkAsked
from ccplane.errors import RequestError
from ccplane.http.auth import Guard
from ccplane.http.openapi import Responses, answers
from ccplane.http.ports import MessagesStore, Plane
from ccplane.http.problems import problem
from ccplane.http.views import readable, told, with_times
from ccplane.ids import ContactId, MessageId
from ccplane.postgres.messages import MessageRow, MessagesWanted

Text = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
RANGES: Final = re.compile(r"bytes=\s*(\d+-\d*|-\d+)(\s*,\s*(\d+-\d*|-\d+))*\s*")
BY_API: Final = "api"

MESSAGE: Final = readable(
    MessageRow,
    "Message",
    "A message that a caller left.",
    {
        "source": "Who took it: `ivr`, a program; `fallback`, the dialplan while ccplane was not there.",
        "ms": "How long it is, measured.",
        "state": "new, heard or deleted.",
        "heard_at": "When it was first marked as heard.",
        "file": "Where its WAV lies, in ccplane's folder of messages.",
    },
)
_Page: Final = msgspec.defstruct(
    "Messages",
    [("messages", GenericAlias(list, (MESSAGE,))), ("next", str | None)],
    namespace={"__doc__": "A page of messages. `next`: the cursor of the following page, null on the last."},
)
SOUND: Final[Responses] = {
    200: {"description": "The sound", "content": {"audio/wav": {}}},
    206: {"description": "The part of it that was asked for", "content": {"audio/wav": {}}},
}


class MarkAsked(BaseModel):
    """What a message is to count as. `deleted` deletes its sound for good."""

    model_config = ConfigDict(extra="forbid")

    state: MessageMark


def routes(plane: Plane, store: MessagesStore, folder: Path, admin: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/messages", tags=["messages"], dependencies=[Depends(admin)])

    @router.get("", summary="Messages, the latest first", responses=answers(_Page))
    async def messages(
        box: Text = None,
        state: MessageMark | None = None,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        after: Annotated[str | None, Query(max_length=500)] = None,
    ) -> Response:
        """Those that were left in [since, until). Deleted ones only where `state` says so."""
        wanted = MessagesWanted(box=box, state=state, since=_ms(since), until=_ms(until))
        page = await store.messages(wanted, after=after, limit=limit)
        return told(with_times(msgspec.to_builtins(page)))

    @router.get("/{message_id}", summary="One message", responses=answers(MESSAGE))
    async def message(message_id: str) -> Response:
        return told(with_times(msgspec.to_builtins(await _known(store, message_id))))

    @router.get("/{message_id}/audio", summary="How it sounds", responses=answers(None) | SOUND)
    async def audio(message_id: str, request: Request) -> Response:
        """A WAV file, whole or, by the header `Range`, in parts."""
        row = await _known(store, message_id)
        path = _path(folder, row)
        found = await to_thread(_stat, path)
        if path is None or found is None or row.state == MessageMark.DELETED:
            raise RequestError("no-audio", "The sound of this message is not there any more.", message=message_id)
        refused = _judge_range(request.headers.get("range"), found.st_size)
        return refused or FileResponse(path, media_type="audio/wav", stat_result=found)

    @router.put("/{message_id}", summary="Mark it as heard, as new, or delete it", responses=answers(MESSAGE))
    async def mark(message_id: str, asked: MarkAsked) -> Response:
        """Answers once it is safely recorded."""
        row = await _known(store, message_id)
        if row.state == MessageMark.DELETED and asked.state is not MessageMark.DELETED:
            raise RequestError("no-audio", "The sound of this message is not there any more.", message=message_id)
        contact = ContactId(row.contact)
        marked = MessageMarkAsked(message=MessageId(row.id), contact=contact, state=asked.state, by=BY_API)
        after = await plane.ask(marked)
        if asked.state is MessageMark.DELETED:
            await to_thread(_delete, _path(folder, row))
        return told(with_times(msgspec.to_builtins(_marked(row, asked.state, after.at))))

    return router


async def _known(store: MessagesStore, message_id: str) -> MessageRow:
    row = await store.message(MessageId(message_id)) if message_id.isprintable() else None
    if row is None:
        raise RequestError("no-such-message", "There is no message with this id.", message=message_id)
    return row


def _marked(row: MessageRow, state: MessageMark, at: int) -> MessageRow:
    """The row as it will be, once Postgres has the fact."""
    if state is MessageMark.HEARD and row.heard_at is None:
        row = msgspec.structs.replace(row, heard_at=at, heard_by=BY_API)
    return msgspec.structs.replace(row, state=state)


def _path(folder: Path, row: MessageRow) -> Path | None:
    """Where its sound lies; None for a place that is not in the folder."""
    path = (folder / row.file).absolute()
    return path if ".." not in path.parts and path.is_relative_to(folder) else None


def _stat(path: Path | None) -> os.stat_result | None:
    try:
        found = path.lstat() if path else None
    except OSError:
        return None
    return found if found and stat.S_ISREG(found.st_mode) else None


def _delete(path: Path | None) -> None:
    if path is not None and _stat(path) is not None:
        path.unlink(missing_ok=True)


def _judge_range(asked: str | None, size: int) -> Response | None:
    """What to answer to a range that cannot be had; as a problem, where starlette answers in plain text."""
    if asked is None:
        return None
    if not RANGES.fullmatch(asked.strip()):
        return problem(400, "bad-range", "The header Range is like `bytes=0-1023`, `bytes=1024-` or `bytes=-1024`.")
    starts = [part.strip().partition("-") for part in asked.partition("=")[2].split(",")]
    backwards = any(first and last and int(last) < int(first) for first, _, last in starts)
    if backwards or any(first and int(first) >= size for first, _, _ in starts):
        said = f"The sound has {size} bytes."
        return problem(416, "range-not-satisfiable", said, headers={"Content-Range": f"bytes */{size}"})
    return None


def _ms(moment: AwareDatetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
