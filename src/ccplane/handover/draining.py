"""Leaving without a successor: no new call is taken, those there are end in their own time, then the plane ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

from ccplane.contacts.facts import ContactEnded, OfferMissed, OfferWithdrawn
from ccplane.core.inputs import DrainAsked, DrainCancelAsked
from ccplane.errors import RequestError
from ccplane.facts import DrainBegan, DrainCancelled
from ccplane.http.ports import Health, Part
from ccplane.laws import Fact
from ccplane.plane import Plane, Snapshot

log = structlog.get_logger()

PART = "drain"
"""What /readyz calls it."""


class Draining:
    """`now`: ms. `why_not`: why the plane may not leave so just now, or nothing."""

    def __init__(self, plane: Plane, now: Callable[[], int], why_not: Callable[[], str]) -> None:
        self.has_left = False
        self._plane, self._now, self._why_not = plane, now, why_not
        self._news = asyncio.Event()
        plane.follow(self._look)

    async def begin(self, within_s: float | None, by: str) -> None:
        """Take no new calls. Acknowledged when it returns. RequestError if it cannot be just now."""
        if why := self._why_not():
            raise RequestError("cannot-hand-over", f"It cannot leave now: {why}.")
        until = None if within_s is None else self._now() + round(within_s * 1000)
        await self._plane.ask(DrainAsked(by, until))

    async def cancel(self, by: str) -> None:
        """Stay, and take new calls again. Acknowledged when it returns. RequestError if there is nothing to cancel."""
        if self._plane.state.draining is None:
            raise RequestError("not-draining", "It does not drain: it takes new calls.")
        await self._plane.ask(DrainCancelAsked(by))
        if self.has_left:
            raise RequestError("cannot-hand-over", "It is too late: its last call is over, and it leaves.")

    async def run(self) -> None:
        """Returns when the plane may end: with its last call, or when its time is over."""
        while not self._over():
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._left_s()):
                    await self._news.wait()
        self.has_left = True
        log.info("drained; leaving", calls=self._plane.state.calls)

    def _look(self, _: Snapshot, facts: Sequence[Fact], __: int) -> None:
        if any(
            isinstance(fact, DrainBegan | DrainCancelled | ContactEnded | OfferMissed | OfferWithdrawn)
            for fact in facts
        ):
            self._news.set()

    def _over(self) -> bool:
        state = self._plane.state
        if state.draining is None:
            return False
        return not state.calls or self._left_s() == 0

    def _left_s(self) -> float | None:
        draining = self._plane.state.draining
        if draining is None or draining.until is None:
            return None
        return max(0, draining.until - self._now()) / 1000


class HealthWithDrain:
    """A plane that drains is not ready for new calls, and says for how many old ones it is still here."""

    def __init__(self, health: Health, plane: Plane) -> None:
        self._health, self._plane = health, plane

    def parts(self) -> dict[str, Part]:
        state = self._plane.state
        if state.draining is None:
            return self._health.parts()
        age = (self._plane.snapshot.at - state.draining.at) / 1000
        left = Part(False, age, f"takes no new calls, and leaves with the last of {state.calls}")
        return self._health.parts() | {PART: left}
