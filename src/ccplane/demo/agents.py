"""A played agent: comes and goes by a shift, takes breaks, and picks up the phone, mostly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from math import inf
from random import Random
from typing import Final

import httpx

from ccplane.demo.centre import Centre
from ccplane.demo.people import BREAKS, HANGS_UP_FIRST, REACTIONS, Intent, Reaction, Shift, Span, by_the_clock, one_of
from ccplane.demo.voices import Frames
from ccplane.testing.siplab import Phone, Ring

LOOKS_EVERY: Final = 1.0
NOTICES_AFTER: Final = 12.0
"""Seconds until an agent notices that they are not what they asked to be: paused after missed offers, say."""

TALKS: Final = Span(8.0, 40.0, 180.0)
"""After so long the agent ends a talk, where it is the agent who does."""

LONGEST: Final = 240.0
"""No talk of the demo is longer: the switch has died, and nobody will say that it is over."""


class PlayedAgent:
    """One of them. `hour` tells the hour of the day that is played."""

    def __init__(
        self,
        agent: str,
        shift: Shift,
        centre: Centre,
        phone: Phone,
        voice: Frames,
        hour: Callable[[], float],
        seed: str,
    ) -> None:
        self.id = agent
        self._shift, self._centre, self._phone, self._voice, self._hour = shift, centre, phone, voice, hour
        self._random = Random(f"{seed} {agent}")
        self._asked: Intent | None = None  # an earlier demo may have left them in any state
        self._asked_at = 0.0
        self._break, self._break_until = "", 0.0

    async def live(self) -> None:
        """Never returns."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._come_and_go())
            group.create_task(self._pick_up())

    async def go_home(self) -> None:
        """Sign out. httpx.HTTPError if nobody hears."""
        if self._asked != Intent("offline"):
            await self._ask(Intent("offline"))

    # ── intent ──

    async def _come_and_go(self) -> None:
        while True:
            wants = self._wants()
            if wants != self._asked or self._was_overruled():
                with suppress(httpx.HTTPError):  # the plane is away: asked again when we look next
                    await self._ask(wants)
            await asyncio.sleep(LOOKS_EVERY)

    def _wants(self) -> Intent:
        by_shift = by_the_clock(self._shift, self._hour())
        if by_shift.state == "ready" and self._now() < self._break_until:
            return Intent("paused", self._break)
        return by_shift

    def _was_overruled(self) -> bool:
        overruled = self._asked == Intent("ready") and self._centre.shown(self.id) in ("paused", "offline")
        return overruled and self._now() - self._asked_at > NOTICES_AFTER

    async def _ask(self, intent: Intent) -> None:
        await self._centre.set_state(self.id, intent.state, intent.reason)
        self._asked, self._asked_at = intent, self._now()

    # ── calls ──

    async def _pick_up(self) -> None:
        while True:
            ring = await self._phone.next_ring(None)
            await self._react(ring, one_of(REACTIONS, self._random))
            taken = one_of(BREAKS, self._random)
            if ring.answered.done() and taken.reason:  # asked for while they talk, else the next call is there first
                self._break, self._break_until = taken.reason, inf
            await asyncio.wait({ring.ended}, timeout=LONGEST)
            ring.hang_up()
            if self._break_until == inf:
                self._break_until = self._now() + taken.lasts.draw(self._random)

    async def _react(self, ring: Ring, reaction: Reaction) -> None:
        if not reaction.hears:
            return
        await asyncio.wait({ring.ended}, timeout=reaction.after.draw(self._random))
        if reaction.rejects is not None:
            ring.reject(reaction.rejects)
            return
        ring.answer()
        if ring.audio and not ring.ended.done():
            ring.audio.loop(self._voice)
            if self._random.random() < HANGS_UP_FIRST:
                ring.after(TALKS.draw(self._random), ring.hang_up)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
