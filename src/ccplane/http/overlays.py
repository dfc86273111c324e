"""What holds in the place of the site's files, changed while calls go on; and what differs from the files."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, field_validator
from pydantic_core import PydanticCustomError

from ccplane.errors import RequestError
from ccplane.http.auth import By, Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import DiffTold, Overlays, Plane
from ccplane.http.views import Time, iso, told
from ccplane.site.differences import Difference
from ccplane.site.overlays import Overlay

PATH: Final = Field(min_length=5, max_length=500)


class EditWanted(BaseModel):
    """What is to hold at a path: `acd/queues.toml: support.weight`. `value`: as the file would have it, null for no
    such key."""

    model_config = ConfigDict(extra="forbid")

    path: Annotated[str, PATH]
    value: JsonValue

    @field_validator("value")
    @classmethod
    def _can_be_written(cls, value: JsonValue) -> JsonValue:
        """No number beyond what there is, no half of a character."""
        try:
            json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
        except ValueError:
            raise PydanticCustomError("bad-value", "has a number or a text that no file can hold") from None
        return value


class EditsWanted(BaseModel):
    """All of these or none. `until`: when they end by themselves; without it they hold for good. `by`: who wants it so,
    for the record."""

    model_config = ConfigDict(extra="forbid")

    edits: Annotated[list[EditWanted], Field(min_length=1, max_length=200)]
    until: AwareDatetime | None = None
    by: By = ""


class OverlayView(msgspec.Struct, frozen=True, kw_only=True):
    """What holds in a file's place. `value`: null for no such key; `file`: what the file says there; `until`: null for
    good."""

    path: str
    value: Any
    file: Any
    by: str
    since: Time
    until: Time | None


class OverlaysView(msgspec.Struct, frozen=True):
    """All that hold now, by path."""

    overlays: tuple[OverlayView, ...]


class DiffView(msgspec.Struct, frozen=True):
    """What lies over the files; what a reload would change (`folder`), or why it would not (`faults`); and which agents
    are other than acd/agents.toml has them (`people`)."""

    overlays: tuple[OverlayView, ...]
    folder: tuple[Difference, ...]
    people: tuple[Difference, ...]
    faults: tuple[str, ...]


def routes(plane: Plane, overlays: Overlays, admin: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1", tags=["plane"], dependencies=[Depends(admin)])

    @router.get("/overlays", summary="What holds in the files' place", responses=answers(OverlaysView))
    async def all_of_them() -> Response:
        return told(OverlaysView(_views(overlays)))

    @router.put("/overlays", summary="Change what the files say, without writing them", responses=answers(OverlaysView))
    async def put(asked: EditsWanted) -> Response:
        """At once, also for who waits; a reload keeps it, and so does a restart. With a fault nothing is changed: 422,
        and `errors` says the very same that `ccplane check` would of such a file."""
        until = None if asked.until is None else round(asked.until.timestamp() * 1000)
        if until is not None and until <= plane.snapshot.at:
            raise RequestError("invalid-request", "`until` is over already.")
        edits = [Overlay(each.path, each.value) for each in asked.edits]
        await overlays.put(edits, until=until, by=asked.by or "api")
        return told(OverlaysView(_views(overlays)))

    @router.delete("/overlays", summary="Let the file hold again", responses=answers(OverlaysView))
    async def lift(path: Annotated[str, Query(min_length=5, max_length=500)], by: By = "") -> Response:
        """At once. 404 if nothing is laid over the file there."""
        await overlays.lift(path, by=by or "api")
        return told(OverlaysView(_views(overlays)))

    @router.get("/site/diff", summary="What differs from the files", responses=answers(DiffView))
    async def diff() -> Response:
        found: DiffTold = await overlays.differences()
        return told(DiffView(_views(overlays), found.folder, found.people, found.faults))

    return router


def _views(overlays: Overlays) -> tuple[OverlayView, ...]:
    return tuple(
        OverlayView(
            path=each.path,
            value=each.value,
            file=each.file,
            by=each.by,
            since=iso(each.since),
            until=None if each.until is None else iso(each.until),
        )
        for each in overlays.told()
    )
