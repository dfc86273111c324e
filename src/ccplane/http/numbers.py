"""Numbers that callers dial: which of them, and which advertisement, brings how many calls."""

from __future__ import annotations

from collections.abc import Callable
from types import GenericAlias
from typing import Final

import msgspec
from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime

from ccplane.days import day_of
from ccplane.http.auth import Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import ContactsStore, Plane
from ccplane.http.views import Time, iso, readable, told
from ccplane.postgres.brought import ByAttribution, ByNumber

MEANS: Final = {
    "attribution": "The advertisement that the number stands for (ivr/numbers.toml); empty: none.",
    "arrived": "Contacts that arrived from outside, each counted once.",
    "queued": "Those of them that came into a queue.",
    "answered": "Those that an agent answered.",
    "abandoned": "Those that nobody answered and that hung up while they waited.",
}
_Number: Final = readable(ByNumber, "BroughtByNumber", "What a number brought.", MEANS)
_Attribution: Final = readable(ByAttribution, "BroughtByAttribution", "What an advertisement brought.", MEANS)
_Brought: Final = msgspec.defstruct(
    "Brought",
    [
        ("since", Time),
        ("until", Time),
        ("numbers", GenericAlias(list, (_Number,))),
        ("attributions", GenericAlias(list, (_Attribution,))),
    ],
    namespace={"__doc__": "What callers dialled in [since, until): at most 500 of each, the most first."},
)


def routes(plane: Plane, store: ContactsStore, admin: Guard, clock: Callable[[], int]) -> APIRouter:
    router = APIRouter(prefix="/api/v1/numbers", tags=["contacts"], dependencies=[Depends(admin)])

    @router.get("", summary="Which numbers and advertisements bring calls", responses=answers(_Brought))
    async def numbers(since: AwareDatetime | None = None, until: AwareDatetime | None = None) -> Response:
        """Contacts that arrived in [since, until); without these since the site's midnight."""
        now = clock()
        first = _ms(since) if since else day_of(now, plane.snapshot.state.rules.timezone)[0]
        last = _ms(until) if until else max(now, first) + 1
        found = await store.brought(first, last)
        return told({"since": iso(first), "until": iso(last), **msgspec.to_builtins(found)})

    return router


def _ms(moment: AwareDatetime) -> int:
    return round(moment.timestamp() * 1000)
