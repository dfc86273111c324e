"""What callers think: surveys after the talk, counted by queue and agent."""

from __future__ import annotations

from collections.abc import Callable
from types import GenericAlias
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from ccplane.days import day_of
from ccplane.errors import RequestError
from ccplane.http.auth import Guard
from ccplane.http.numbers import LONGEST_DAYS, LONGEST_MS
from ccplane.http.openapi import answers
from ccplane.http.ports import ContactsStore, Plane
from ccplane.http.views import Time, iso, told
from ccplane.kpi.wallboard import nps, rate
from ccplane.postgres.surveys import SurveyCounts, SurveysWanted

Text = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """What callers of a queue, or of an agent, said. `name`: whose; null of all, and where no talk went before. `rated`
    gave one answer or more, `partly` of them not all, `declined` none. `satisfaction` and `response_rate` are fractions
    0 to 1, `nps` is -100 to 100; null without data."""

    name: str | None
    asked: int
    rated: int
    partly: int
    declined: int
    response_rate: float | None
    satisfaction_rated: int
    satisfaction: float | None
    nps_rated: int
    nps: float | None


_Surveys: Final = msgspec.defstruct(
    "Surveys",
    [
        ("since", Time),
        ("until", Time),
        ("total", Opinion),
        ("queues", GenericAlias(list, (Opinion,))),
        ("agents", GenericAlias(list, (Opinion,))),
    ],
    namespace={"__doc__": "Surveys that were asked in [since, until): at most 500 of each, the most first."},
)


def routes(plane: Plane, store: ContactsStore, admin: Guard, clock: Callable[[], int]) -> APIRouter:
    router = APIRouter(prefix="/api/v1/surveys", tags=["contacts"], dependencies=[Depends(admin)])

    @router.get("", summary="What callers think of us", responses=answers(_Surveys))
    async def surveys(
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        queue: Text = None,
        agent: Text = None,
        survey: Text = None,
    ) -> Response:
        """Of surveys asked in [since, until), 400 days at most; without these since the site's midnight."""
        now = clock()
        first = _ms(since) if since else day_of(now, plane.snapshot.state.rules.timezone)[0]
        last = _ms(until) if until else max(now, first) + 1
        if not 0 < last - first <= LONGEST_MS:
            sentence = f"since is before until, and at most {LONGEST_DAYS} days: ask for a shorter time"
            raise RequestError("bad-range", sentence, since=iso(first), until=iso(last))
        wanted = SurveysWanted(since=first, until=last, queue=queue, agent=agent, survey=survey)
        found = await store.surveys(wanted)
        shown: dict[str, Any] = {
            "since": iso(first),
            "until": iso(last),
            "total": opinion(found.total),
            "queues": [opinion(each) for each in found.queues],
            "agents": [opinion(each) for each in found.agents],
        }
        return told(shown)

    return router


def opinion(of: SurveyCounts) -> Opinion:
    """The rates, each with what it is made of."""
    return Opinion(
        name=of.name,
        asked=of.asked,
        rated=of.rated,
        partly=of.partly,
        declined=of.asked - of.rated,
        response_rate=rate(of.rated, of.asked),
        satisfaction_rated=of.satisfaction_rated,
        satisfaction=rate(of.satisfaction_top, of.satisfaction_rated),
        nps_rated=of.nps_rated,
        nps=nps(of.nps_promoters, of.nps_detractors, of.nps_rated),
    )


def _ms(moment: AwareDatetime) -> int:
    return round(moment.timestamp() * 1000)
