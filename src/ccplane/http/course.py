"""How today went by the quarter of an hour: what the wallboard's charts draw. Many screens ask for the same, so an
answer holds for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Annotated, Final, Protocol

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from ccplane.http.auth import Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import Plane
from ccplane.http.views import Time, iso, told
from ccplane.postgres.course import Quarter

HOLDS_MS: Final = 15_000
KEPT_MOST: Final = 100
QUEUES_MOST: Final = 500
LETTERS_MOST: Final = 20_000


class CourseStore(Protocol):
    async def course(self, since: int, until: int, queues: Sequence[str], /) -> list[Quarter]:
        """StoreError without Postgres."""


class QuarterTold(msgspec.Struct, frozen=True):
    """The counters of fifteen minutes. `provisional`: they may still change; the present quarter always may."""

    began_at: Time
    offered: int
    answered: int
    abandoned: int
    answered_within: int
    provisional: bool


class Course(msgspec.Struct, frozen=True):
    """Today until `at`, since the site's midnight. A quarter in which nobody entered a queue may be missing."""

    at: Time
    counted_from: Time
    queues: tuple[str, ...]
    quarters: tuple[QuarterTold, ...]


class Courses:
    """The last answers."""

    def __init__(self, plane: Plane, store: CourseStore, clock: Callable[[], int]) -> None:
        self._plane, self._store, self._clock = plane, store, clock
        self._kept: OrderedDict[tuple[str, ...], tuple[int, Course]] = OrderedDict()

    async def today(self, queues: Sequence[str]) -> Course:
        """Of these queues together, or (none) of the site. StoreError."""
        named = tuple(sorted(set(queues)))
        snapshot = self._plane.snapshot
        now = max(self._clock(), snapshot.at)
        at, course = self._kept.get(named, (0, None))
        if course is None or not at <= now < at + HOLDS_MS:
            began_at = snapshot.board.on_day(now).today.began_at
            found = await self._store.course(began_at, now, named)
            course = Course(iso(now), iso(began_at), named, tuple(map(_told, found)))
            self._keep(named, now, course)
        return course

    def _keep(self, named: tuple[str, ...], now: int, course: Course) -> None:
        self._kept[named] = now, course
        self._kept.move_to_end(named)
        while len(self._kept) > KEPT_MOST:
            self._kept.popitem(last=False)


def _told(quarter: Quarter) -> QuarterTold:
    return QuarterTold(
        iso(quarter.began_at),
        quarter.offered,
        quarter.answered,
        quarter.abandoned,
        quarter.answered_within,
        quarter.provisional,
    )


def routes(courses: Courses, guard: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/wallboard", tags=["wallboard"], dependencies=[Depends(guard)])

    @router.get("/course", summary="Today by the quarter of an hour", responses=answers(Course))
    async def course(queues: Annotated[str, Query(max_length=LETTERS_MOST)] = "") -> Response:
        """Of all queues together, or of those that are named (`?queues=sales,support`). Counted each minute."""
        named = [each for each in queues.split(",") if each][:QUEUES_MOST]
        return told(await courses.today(named), headers={"Cache-Control": "no-store"})

    return router
