"""Compare with the switch now: what the reconciler does every 15 s anyway, for somebody who does not want to wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from fastapi import APIRouter, Depends, Response

from ccplane.facts import RepairMade
from ccplane.http.auth import Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import Plane, Snapshot
from ccplane.http.views import Time, iso, told
from ccplane.laws import Fact


class Repair(msgspec.Struct, frozen=True):
    """What was found in disagreement with the switch and put right; `why`: by what that was seen."""

    at: Time
    what: str
    subject: str
    why: str


class Reconciled(msgspec.Struct, frozen=True):
    """What was repaired since it was asked for; nothing, if all is as it should be."""

    repaired: tuple[Repair, ...]


class Repairs:
    """Those that happen while somebody asks."""

    def __init__(self, plane: Plane) -> None:
        self._asking: list[list[RepairMade]] = []
        plane.follow(self._happened)

    def begin(self) -> list[RepairMade]:
        noted: list[RepairMade] = []
        self._asking.append(noted)
        return noted

    def end(self, noted: list[RepairMade]) -> None:
        self._asking[:] = [each for each in self._asking if each is not noted]

    def _happened(self, snapshot: Snapshot, facts: Sequence[Fact], first: int) -> Any:
        if self._asking:
            made = [fact for fact in facts if isinstance(fact, RepairMade)]
            for noted in self._asking:
                noted.extend(made)


def routes(plane: Plane, look_now: Callable[[], Awaitable[None]], admin: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/reconcile", tags=["operation"], dependencies=[Depends(admin)])
    repairs = Repairs(plane)

    @router.post("", summary="Compare with Asterisk now", responses=answers(Reconciled))
    async def post() -> Response:
        """Looks twice, half a second apart, since a contradiction counts once two looks in a row show it; what began
        less than three seconds ago is left for the next time. Takes about a second."""
        noted = repairs.begin()
        try:
            await look_now()
        finally:
            repairs.end(noted)
        return told(Reconciled(tuple(Repair(iso(each.at), each.what, each.subject, each.why) for each in noted)))

    return router
