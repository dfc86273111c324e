"""Messages that callers left: which there are, how they sound, and that they were heard.

Sound is sent from the folder of messages alone, from where the message's own row says; nothing of an address is a path.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Callable
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict

from ccplane.asterisk.messages import forget_sound, sound_of
from ccplane.contacts.facts import MessageMark
from ccplane.core.inputs import MessageHeard, MessageMarkAsked
from ccplane.errors import RequestError
from ccplane.http import sound
from ccplane.http.auth import Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import MessagesStore, Plane
from ccplane.http.views import readable, told, with_times
from ccplane.ids import ContactId, MessageId
from ccplane.postgres.messages import MessageRow, MessagesWanted

Text = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
BY_API: Final = "api"

MESSAGE: Final = readable(
    MessageRow,
    "Message",
    "A message that a caller left.",
    {
        "source": "Who took it: `ivr`, a program; `fallback`, the dialplan while ccplane was not there.",
        "ms": "How long it is, measured.",
        "state": "new, heard or deleted.",
        "answer": "new, taken or answered; empty where none is owed.",
        "answer_until": "Until when an answer was promised.",
        "heard_at": "When it was first marked as heard.",
        "file": "Where its WAV lies, in ccplane's folder of messages.",
    },
)
_Page: Final = msgspec.defstruct(
    "Messages",
    [("messages", GenericAlias(list, (MESSAGE,))), ("next", str | None)],
    namespace={"__doc__": "A page of messages. `next`: the cursor of the following page, null on the last."},
)
SOUND: Final = sound.described("audio/wav")


class MarkAsked(BaseModel):
    """What a message is to count as. `deleted` deletes its sound for good."""

    model_config = ConfigDict(extra="forbid")

    state: MessageMark


def routes(plane: Plane, store: MessagesStore, folder: Path, admin: Guard, clock: Callable[[], int]) -> APIRouter:
    audit = sound.Audit(plane, clock)
    router = APIRouter(prefix="/api/v1/messages", tags=["messages"], dependencies=[Depends(admin)])

    @router.get("", summary="Messages, the latest first", responses=answers(_Page))
    async def messages(
        box: Text = None,
        state: MessageMark | None = None,
        answer: Literal["new", "taken", "answered", "overdue"] | None = None,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        after: Annotated[str | None, Query(max_length=500)] = None,
    ) -> Response:
        """Those that were left in [since, until). Deleted ones only where `state` says so.

        `answer`: of those that are owed one. `overdue`: it came after the promised time, or has not come yet.
        """
        wanted = MessagesWanted(box=box, state=state, since=_ms(since), until=_ms(until), answer=answer)
        page = await store.messages(wanted, after=after, limit=limit)
        return told(with_times(msgspec.to_builtins(page)))

    @router.get("/{message_id}", summary="One message", responses=answers(MESSAGE))
    async def message(message_id: str) -> Response:
        return told(with_times(msgspec.to_builtins(await _known(store, message_id))))

    @router.get("/{message_id}/audio", summary="How it sounds", responses=answers(None) | SOUND)
    async def audio(message_id: str, request: Request) -> Response:
        """A WAV file: 200, or 206 for a range of it; `If-Range` is honoured. That it was asked for is recorded."""
        return await play(store, folder, audit, message_id, request, BY_API)

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
            await to_thread(forget_sound, folder, row.file)  # by the keeper of messages, should we end before this
        return told(with_times(msgspec.to_builtins(_marked(row, asked.state, after.at))))

    return router


async def play(
    store: MessagesStore, folder: Path, audit: sound.Audit, message_id: str, request: Request, by: str
) -> Response:
    """The sound of a message, or the range of it that is asked for; `by` is written down first."""
    row = await _known(store, message_id)
    found = await to_thread(sound_of, folder, row.file)
    if found is None or row.state == MessageMark.DELETED:
        raise RequestError("no-audio", "The sound of this message is not there any more.", message=message_id)
    path, stat = found
    if (refused := sound.refused(request, stat.st_size)) is not None:
        return refused
    await audit.heard(row.id, by, MessageHeard(message=MessageId(row.id), contact=ContactId(row.contact), by=by))
    return sound.sent(path, stat, "audio/wav", path.name)


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


def _ms(moment: AwareDatetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
