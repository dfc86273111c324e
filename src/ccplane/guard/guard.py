"""Carries callers whom an absent plane has left alone to the dialplan's fallback, and stops the moment it is back.

It reads the heartbeat every two seconds, and again before each single caller. Nobody who talks is touched (`whom`),
nobody is touched before the term is over (`watch`), and nobody is sent to a context that is not there: the switch says
yes to that, and hangs them up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, Protocol

import structlog

from ccplane.asterisk.actions import Action, Actions, Message
from ccplane.asterisk.agreed import (
    AT_DOOR,
    CARRIED,
    CARRIED_IN,
    FALLBACK,
    GUARD,
    HEARTBEAT,
    OUTBOUND,
    PHONE_FALLBACK,
    SERVED,
    SINCE,
    TO_FALLBACK,
)
from ccplane.asterisk.ami_events import Events
from ccplane.asterisk.outcomes import Done, Gone, Outcome, Refused
from ccplane.guard.served import Served
from ccplane.guard.watch import EVERY_S, Watch
from ccplane.guard.whom import Fate, Left, left_alone

log = structlog.get_logger()

CHANNELS: Final = {"Action": "Status", "Variables": f"{SINCE},{AT_DOOR}"}
SAID: Final = {
    Fate.CARRIED: "a caller was carried to the fallback",
    Fate.THANKED: "a caller whose agent had hung up heard a goodbye",
    Fate.TOLD: "somebody whom we had called was told that there is nobody",
    Fate.HUNG_UP: "a leg without anybody was hung up",
}


QUIET_S: Final = 4.0
"""So long without a sign of life is nothing special; from then on it is noted who talks, for whoever is alone later
because their agent has hung up is not to be carried anywhere."""
UNREAD_TO_TELL: Final = 2
GOODBYE: Final = f"{TO_FALLBACK},{SERVED}"
NOT_RECORDED: Final = "Could not stop monitoring channel"
"""Asterisk's word for a channel that nothing records."""


class Node(Actions, Protocol):
    """The switch's AMI: what it answers, and what it says by itself."""

    @property
    def events(self) -> Events: ...


@dataclass(slots=True)
class Counts:
    """What was done, since it began."""

    absences: int = 0
    done: dict[Fate, int] = field(default_factory=lambda: dict.fromkeys(Fate, 0))


class Guard:
    """Watches one node by its AMI. `run` it until cancelled."""

    def __init__(self, ami: Node, term: float, now: Callable[[], float] = monotonic) -> None:
        self._ami, self._term, self._now = ami, term, now
        self.watch = Watch(term)
        self.counts = Counts()
        self._acting = False
        self._served = Served(ami.events)
        self._looks = 0
        self._unread = 0
        """Readings in a row that failed."""
        self._missing: frozenset[str] = frozenset()

    async def run(self) -> None:
        while True:
            began = self._now()
            await self.look()
            await asyncio.sleep(max(0.0, began + EVERY_S - self._now()))

    async def look(self) -> None:
        """One look: is it there? If not, whoever is alone now is carried."""
        self._looks += 1
        sign = asyncio.ensure_future(self._ami.ask({"Action": "Setvar", "Variable": GUARD, "Value": str(self._looks)}))
        if await self._away():
            await self._act()
        elif self.watch.still_for >= QUIET_S:
            await self._listed()
        elif self._acting:
            self._acting = False
            if not self._unread:
                log.warning("ccplane's heartbeat moves again; nobody else is carried", heartbeat=self.watch.value)
        await sign

    async def _away(self) -> bool:
        """By a fresh reading."""
        asked_at = self._now()
        said = await self._ami.ask({"Action": "Getvar", "Variable": HEARTBEAT})
        if isinstance(said, Done):
            before = self.watch.value
            self.watch.read(said.value.get("value", ""), asked_at, self._now())
            if self.watch.value != before:
                self._served.begin_anew()
            self._can_read(True)
        else:
            self.watch.unread()
            self._can_read(False, str(said))
        return self.watch.away

    async def _act(self) -> None:
        if not self._acting:
            self._acting = True
            self.counts.absences += 1
            log.error(
                "ccplane's heartbeat stands still; whoever is left alone is carried to the fallback",
                seconds=round(self.watch.still_for, 1),
                heartbeat=self.watch.value or "never set",
            )
        await self._look_for_places()
        tried: set[str] = set()
        while not await self._carry_all(tried):
            pass

    async def _carry_all(self, tried: set[str]) -> bool:
        """Whether nobody is left to be tried. The heartbeat is read right before each one, and the list anew when it is
        as old as a look: many callers at a slow switch take longer than that."""
        alone = [each for each in await self._alone() if each.channel not in tried]
        listed_at = self._now()
        for each in alone:
            if not await self._away():
                return True
            if each is not alone[0] and self._now() - listed_at >= EVERY_S:
                return False
            tried.add(each.channel)
            await self._carry(each)
        return True

    async def _alone(self) -> list[Left]:
        """Where no plane has ever been, only those whom nobody has fetched for the whole term."""
        channels = await self._listed()
        alone = left_alone(channels, self._served.over, goodbye=GOODBYE not in self._missing)
        alone = [each for each in alone if each.channel not in self._served.unclear]
        return alone if self.watch.value else [each for each in alone if each.age >= self._term]

    async def _listed(self) -> Sequence[Message]:
        """All channels; who of them talks is noted."""
        found = await self._ami.collect(CHANNELS, "StatusComplete")
        if not isinstance(found, Done):
            log.warning("the channels could not be listed; trying again", reason=str(found))
            return ()
        self._served.see(found.value)
        return found.value

    async def _carry(self, left: Left) -> None:
        if left.fate is Fate.HUNG_UP:
            said = await self._ami.ask({"Action": "Hangup", "Channel": left.channel, "Cause": "16"})
        elif (place := self._place(left)) is None:
            return
        else:
            said = await self._redirect(left, *place)
        if isinstance(said, Done):
            self.counts.done[left.fate] += 1
            log.warning(SAID[left.fate], channel=left.channel)
        elif not isinstance(said, Gone):
            log.warning("one who is alone could not be helped; trying again", channel=left.channel, reason=str(said))

    async def _redirect(self, left: Left, context: str, exten: str) -> Outcome[Message]:
        """The marks go first, on the same connection: a plane that lives reads the one where the channel leaves it, one
        that comes back later finds it on the channel, and the other if that has ended meanwhile. A talk's
        recording ends with the talk."""
        channel = left.channel
        actions: list[Action] = [
            {"Action": "Setvar", "Channel": channel, "Variable": "CHANNEL(accountcode)", "Value": CARRIED},
            {"Action": "Setvar", "Variable": f"{CARRIED_IN}{channel}", "Value": "1"},
            {"Action": "StopMixMonitor", "Channel": channel},
            {"Action": "Redirect", "Channel": channel, "Context": context, "Exten": exten, "Priority": "1"},
        ]
        *_, stopped, redirected = await asyncio.gather(*(self._ami.ask(each) for each in actions))
        if not (isinstance(stopped, Done | Gone) or (isinstance(stopped, Refused) and stopped.message == NOT_RECORDED)):
            log.warning("a talk's recording may run on", channel=channel, reason=str(stopped))
        return redirected

    # --------------------------------------------------------------------------------------------------- the dialplan

    def _place(self, left: Left) -> tuple[str, str] | None:
        """Where to; the next best place if the dialplan has no such context, None if it has none at all."""
        places: Sequence[tuple[str, str]] = [(left.context, left.exten)]
        if left.exten not in (OUTBOUND, SERVED):
            digits = left.exten.replace("*", "") or "s"
            places = [*places, (TO_FALLBACK, digits), (FALLBACK, digits)]
        return next((place for place in places if place[0] not in self._missing), None)

    async def _look_for_places(self) -> None:
        before, self._missing = self._missing, await missing_places(self._ami)
        if self._missing - before:
            log.error(
                "the dialplan lacks contexts of the fallback: put ccplane's dialplan/*.conf in place and reload it; "
                "callers go to the next best, and with no place to go stay where they are",
                missing=sorted(self._missing),
            )

    def _can_read(self, can: bool, reason: str = "") -> None:
        """Said at the second in a row: the first look may come before AMI is connected."""
        if can and self._unread >= UNREAD_TO_TELL:
            log.info("the heartbeat can be read again; the count begins afresh")
        self._unread = 0 if can else self._unread + 1
        if self._unread == UNREAD_TO_TELL:
            log.warning("the heartbeat cannot be read, so nobody is carried", reason=reason)


async def missing_places(ami: Actions) -> frozenset[str]:
    """Those of the fallback's contexts that are surely not there, and the goodbye's extension, which came later than
    its context."""
    return frozenset(
        [
            *[each for each in (TO_FALLBACK, FALLBACK, PHONE_FALLBACK) if await _lacks(ami, {"Context": each})],
            *([GOODBYE] if await _lacks(ami, {"Context": TO_FALLBACK, "Extension": SERVED}) else []),
        ]
    )


async def _lacks(ami: Actions, place: Action) -> bool:
    found = await ami.collect({"Action": "ShowDialPlan", **place}, "ShowDialPlanComplete")
    return isinstance(found, Refused) and bool(found.status)
