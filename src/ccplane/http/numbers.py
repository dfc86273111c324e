"""Numbers that callers dial: which of them, and which advertisement, brings how many calls."""

from __future__ import annotations

from collections.abc import Callable
from types import GenericAlias
from typing import Final

import msgspec
from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime

from ccplane.days import day_of
from ccplane.errors import RequestError
from ccplane.http.auth import Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import ContactsStore, Plane
from ccplane.http.views import Time, iso, readable, told
from ccplane.kpi.brought import by_attribution, by_number
from ccplane.postgres.brought import MOST, ByAttribution, ByNumber

LONGEST_DAYS: Final = 400
LONGEST_MS: Final = LONGEST_DAYS * 86_400_000
MEANS: Final = {
    "attribution": "The advertisement that the number stands for (ivr/numbers.toml); empty: none.",
    "arrived": "Contacts that arrived from outside, each counted once.",
    "queued": "Those of them that came into a queue.",
    "answered": "Those that an agent answered.",
    "abandoned": "Those that nobody answered and that hung up while they waited.",
    "self_served": "Those that a program served and that never came into a queue.",
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

    @router.get("/today", summary="The same since the site's midnight, live", responses=answers(_Brought))
    async def today() -> Response:
        """Contacts that arrived today, as the wallboard counts them: also while Postgres is away."""
        now = max(clock(), plane.snapshot.at)
        day = plane.snapshot.board.on_day(now).today
        lines = tuple(day.lines.values())
        numbers, attributions = by_number(lines)[:MOST], by_attribution(lines)[:MOST]
        return told({"since": iso(day.began_at), "until": iso(now), "numbers": numbers, "attributions": attributions})

    @router.get("", summary="Which numbers and advertisements bring calls", responses=answers(_Brought))
    async def numbers(since: AwareDatetime | None = None, until: AwareDatetime | None = None) -> Response:
        """Contacts that arrived in [since, until), 400 days at most; without these since the site's midnight."""
        now = clock()
        first = _ms(since) if since else day_of(now, plane.snapshot.state.rules.timezone)[0]
        last = _ms(until) if until else max(now, first) + 1
        if not 0 < last - first <= LONGEST_MS:
            sentence = f"since is before until, and at most {LONGEST_DAYS} days: ask for a shorter time"
            raise RequestError("bad-range", sentence, since=iso(first), until=iso(last))
        found = await store.brought(first, last)
        return told({"since": iso(first), "until": iso(last), **msgspec.to_builtins(found)})

    return router


def _ms(moment: AwareDatetime) -> int:
    return round(moment.timestamp() * 1000)
