"""Recordings: which there are, the sound itself, and the present talk's pause. Every listening is a fact."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Final, Literal, cast

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict

from ccplane.contacts import recordings as contacts
from ccplane.contacts.recordings import RecordingState, begun
from ccplane.core.inputs import RecordingHeard, RecordingPauseWanted
from ccplane.errors import RequestError, SwitchError
from ccplane.http import sound
from ccplane.http.auth import Credentials, Guard, MayListen
from ccplane.http.cursors import cursor_of, position_of
from ccplane.http.openapi import answers
from ccplane.http.ports import Plane, RecordingsStore, Snapshot
from ccplane.http.views import readable, told, with_times
from ccplane.ids import ContactId, RecordingId
from ccplane.postgres.recordings import RecordingRow, Sought

Text = Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
MEDIA: Final = {"opus": "audio/ogg; codecs=opus", "wav": "audio/wav"}
HEARD: Final = sound.described("audio/ogg", "audio/wav")
CHANGE_S: Final = 4.0
LATEST: Final = 1 << 52

Recording: Final = readable(
    RecordingRow,
    "Recording",
    "The recording of a talk: what the caller said on the left, what they heard on the right.",
    {
        "state": "asked recording paused failed ended stored lost",
        "segment": "Of the contact: its stay with the agent.",
        "expected_ms": "How long it ought to be: the talk from when the recording began.",
        "ms": "How long it is; while it was paused there is silence.",
        "incomplete": "Shorter than it ought to be; `reason` says why.",
        "wav": "Its file in the store of recordings; empty for none.",
        "opus": "Its file in the store of recordings; empty for none.",
        "plays": "How often it was listened to.",
    },
)
_Page: Final = msgspec.defstruct(
    "Recordings",
    [("recordings", GenericAlias(list, (Recording,))), ("next", str | None)],
    namespace={"__doc__": "A page of recordings. `next`: the cursor of the following page, null on the last."},
)


class RecordingNow(msgspec.Struct, frozen=True):
    """The recording of the present talk. `state`: recording or paused; asked or failed while it has not begun, and then
    it begins as was wanted last."""

    recording: RecordingId
    contact: ContactId
    state: str


class StateWanted(BaseModel):
    """What the recording of the present talk is to be."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["paused", "recording"]


class Kept:
    """What is kept: rows in Postgres, files in a folder."""

    def __init__(self, store: RecordingsStore, folder: Path) -> None:
        self.store, self._folder = store, folder.resolve()

    async def row(self, recording: str) -> RecordingRow:
        """RequestError "no-such-recording"."""
        found = await self.store.recording(RecordingId(recording)) if recording.startswith("r-") else None
        if found is None:
            raise RequestError("no-such-recording", "There is no recording with this id.", recording=recording)
        return found

    async def file(self, row: RecordingRow, kind: str) -> Path:
        """RequestError "recording-not-stored" while it is not converted; "recording-gone" if its file is not there."""
        if row.stored_at is None:
            raise RequestError("recording-not-stored", f"This recording is {row.state}, and not in the store.")
        within = row.opus if kind == "opus" else row.wav
        if not within:
            raise RequestError("recording-gone", f"This recording is not kept as {kind}.")
        path = self._folder / within
        if not (await asyncio.to_thread(path.is_file) and path.is_relative_to(self._folder)):
            raise RequestError("recording-gone", "The file of this recording is not in the store any more.")
        return path


def routes(plane: Plane, kept: Kept, known: Guard, may_listen: MayListen, clock: Callable[[], int]) -> APIRouter:
    """`known`: who may ask at all. `may_listen`: who may look at, and hear, this one."""
    router = APIRouter(prefix="/api/v1/recordings", tags=["recordings"], dependencies=[Depends(known)])
    audit = sound.Audit(plane, clock)

    @router.get("", summary="Recordings, the latest first", responses=answers(_Page))
    async def recordings(
        state: Text = None,
        queue: Text = None,
        agent: Text = None,
        contact: Text = None,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        after: Annotated[str | None, Query(max_length=500)] = None,
    ) -> Response:
        """Those of talks in [since, until). `after` is the `next` of the page before."""
        sought = Sought(state=state, queue=queue, agent=agent, contact=contact, since=_ms(since), until=_ms(until))
        rows = await kept.store.recordings(sought, after=_place(after), limit=limit + 1)
        page = rows[:limit]
        more = cursor_of(f"{page[-1].first_at}:{page[-1].id}") if len(rows) > limit else None
        return told({"recordings": with_times(msgspec.to_builtins(page)), "next": more})

    @router.get("/{recording_id}", summary="One recording", responses=answers(Recording))
    async def recording(recording_id: str, credentials: Credentials) -> Response:
        row = await kept.row(recording_id)
        await may_listen(credentials, row)
        return told(with_times(msgspec.to_builtins(row)))

    @router.get("/{recording_id}/audio", summary="Listen to it", responses=answers(None) | HEARD)
    async def audio(
        request: Request,
        recording_id: str,
        credentials: Credentials,
        kind: Annotated[Literal["opus", "wav"], Query(alias="format")] = "opus",
    ) -> Response:
        """The sound: 200, or 206 for a range of it; `If-Range` is honoured. That it was asked for is recorded."""
        row = await kept.row(recording_id)
        by = await may_listen(credentials, row)
        path = await kept.file(row, kind)
        found = await asyncio.to_thread(path.stat)
        if (refused := sound.refused(request, found.st_size)) is not None:
            return refused
        heard = RecordingHeard(contact=ContactId(row.contact), recording=RecordingId(row.id), by=by)
        await audit.heard(row.id, by, heard)
        return sound.sent(path, found, MEDIA[kind], f"{row.id}.{kind}")

    return router


def control(plane: Plane, admin: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/contacts", tags=["recordings"], dependencies=[Depends(admin)])

    @router.put("/{contact_id}/recording", summary="Pause or resume", responses=answers(RecordingNow))
    async def put_state(contact_id: str, wanted: StateWanted) -> Response:
        """Answers once the switch writes silence, or voices again: what is said before that may be kept.

        A recording that has not begun, or has failed and is tried again, is silenced as soon as it begins.
        """
        return told(await changed(plane, ContactId(contact_id), wanted.state == "paused", by="api"))

    return router


async def changed(plane: Plane, contact_id: ContactId, paused: bool, by: str) -> RecordingNow:
    """Pause or resume the recording of a contact's present talk. RequestError, or SwitchError if it was not done."""
    contact = plane.snapshot.state.contacts.get(contact_id)
    if contact is None:
        raise RequestError("no-such-contact", "There is no live contact with this id.", contact=contact_id)
    recording = contact.tape
    if recording is None:
        raise RequestError("not-recorded", "This contact is not being recorded.", contact=contact_id)
    if begun(recording) and recording.wanted is not None:
        raise RequestError("recording-being-changed", "It is being paused or resumed just now; ask again.")
    await plane.ask(RecordingPauseWanted(contact=contact_id, paused=paused, by=by))
    try:
        async with asyncio.timeout(CHANGE_S):
            now = await _settled(plane, contact_id, recording.id)
    except TimeoutError:
        raise SwitchError("recording-not-changed", "The switch did not answer in time; ask again.") from None
    if begun(now) and (now.state is RecordingState.PAUSED) is not paused:
        raise SwitchError("recording-not-changed", "The switch did not do it: it goes on as before. Is AMI up?")
    return RecordingNow(recording.id, contact_id, now.state.value)


async def _settled(plane: Plane, contact_id: ContactId, recording: RecordingId) -> contacts.Recording:
    """The recording once nothing is being changed about it, or that has to wait for a next try to begin it.

    RequestError "not-recorded" if it ended meanwhile.
    """
    async with aclosing(cast("AsyncGenerator[Snapshot]", plane.subscribe())) as snapshots:
        async for snapshot in snapshots:
            contact = snapshot.state.contacts.get(contact_id)
            now = contact.tape if contact else None
            if now is None or now.id != recording:
                break
            if now.wanted is None or now.state is RecordingState.FAILED:
                return now
    raise RequestError("not-recorded", "The talk ended before that.", contact=contact_id)


def _place(cursor: str | None) -> tuple[int, str] | None:
    """RequestError "bad-cursor" for one that is none of ours."""
    if cursor is None:
        return None
    at, _, name = position_of(cursor).partition(":")
    if not (at.isdecimal() and at.isascii() and int(at) < LATEST and name and "\0" not in name):
        raise RequestError("bad-cursor", "This cursor is none of ours: take `next` of the page before.")
    return int(at), name


def _ms(moment: AwareDatetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
