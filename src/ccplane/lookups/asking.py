"""Asks for the look-ups that programs await: follows the facts, and tells the core what came of each.

Whoever hangs up has their request ended. After a crash an open look-up is asked again where that does no harm, else it
failed (`interrupted`): nobody knows whether it was done.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx
import structlog

from ccplane.callflow.told import named
from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.look_ups import Found, LookUp, LookUpFailed, LookUpResult, NotFound
from ccplane.core.inputs import LookUpAnswered
from ccplane.errors import CcplaneError
from ccplane.facts import SwitchFound
from ccplane.histogram import Histogram
from ccplane.ids import ContactId
from ccplane.laws import Fact
from ccplane.lookups import circuit as circuits
from ccplane.lookups.circuit import CLOSED, Circuit
from ccplane.lookups.request import Clients, again, answer, clients, request, sick
from ccplane.plane import Plane, Snapshot
from ccplane.site import Site
from ccplane.site.faults import listed
from ccplane.site.look_up import LookUpRule, backoff_ms

AT_ONCE: Final = 100
"""Requests of one look-up under way at the same time: what is more is refused at once, and said to the program."""

log = structlog.get_logger()
logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells each URL, and those have customers' numbers in them


@dataclass(slots=True)
class Seen:
    """What is measured of one look-up."""

    results: Counter[str] = field(default_factory=Counter)
    """By what came of it: found, not-found, or why it failed."""
    seconds: Histogram = field(default_factory=Histogram)
    under_way: int = 0

    def leaves(self) -> None:
        """One of those under way is over."""
        self.under_way -= 1


@dataclass(slots=True)
class _Asked:
    step: int
    attempt: int
    task: asyncio.Task[None] | None = None


class LookUps:
    """The look-ups under way. `site_of`: the site that a hash stands for; `environment`: where secrets are."""

    def __init__(
        self,
        plane: Plane,
        site_of: Callable[[str], Site],
        environment: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plane, self._site_of, self._environment, self._clock = plane, site_of, environment, clock
        self._asked: dict[ContactId, _Asked] = {}
        self._circuits: dict[str, Circuit] = {}
        self._http: asyncio.Task[Clients] | None = None
        self.seen: dict[str, Seen] = {}
        plane.follow(self.follow)

    def follow(self, snapshot: Snapshot, facts: Sequence[Fact], _: int) -> None:
        """Ask for what these facts begin, and end what they end; after a switch was found ask for all that is open."""
        for fact in facts:
            match fact:
                case c.StepStarted(verb=LookUp() as verb):
                    self._begin(snapshot, fact.contact, fact.step, fact.attempt, verb)
                case c.StepEnded() | c.ContactEnded() | c.ProgramFailed():
                    self._end(fact.contact)
                case SwitchFound():
                    for each in snapshot.state.contacts.values():
                        self._take_up(snapshot, each)

    async def close(self) -> None:
        """What is under way is left; programs are told nothing."""
        tasks = [each.task for each in self._asked.values() if each.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._http is not None:
            await (await self._http).aclose()

    def circuit(self, name: str) -> str:
        """`closed`, `open` or `half-open`."""
        return self._circuits.get(name, CLOSED).state(self._now())

    def trouble(self) -> str:
        """For people; empty if every service that was asked does what it should."""
        ill = [name for name in sorted(self._circuits) if self.circuit(name) != "closed"]
        return f"look-ups that fail, and are not asked for a while: {listed(ill)}" if ill else ""

    def _take_up(self, snapshot: Snapshot, contact: Contact) -> None:
        if isinstance(contact.verb, LookUp) and contact.id not in self._asked:
            self._begin(snapshot, contact.id, contact.step, max(contact.attempt, 2), contact.verb)

    def _begin(self, snapshot: Snapshot, of: ContactId, step: int, attempt: int, verb: LookUp) -> None:
        contact = snapshot.state.contacts.get(of)
        if contact is None or contact.step != step or contact.verb is None:
            return None  # over in the same decision
        asked = self._asked.get(of)
        if asked is not None and asked.step == step:
            asked.attempt = contact.attempt  # begun again as the switch was found again: its request goes on
            return None
        self._end(of)
        asked = self._asked[of] = _Asked(step, contact.attempt)
        seen = self.seen.setdefault(verb.name, Seen())
        try:
            rule = self._site_of(contact.site).look_up(verb.name)
        except (CcplaneError, KeyError):
            return self._tell(of, asked, self._counted(verb.name, LookUpFailed("not-configured")))
        if attempt > 1 and not rule.repeatable:
            return self._tell(of, asked, self._counted(verb.name, LookUpFailed("interrupted")))
        if seen.under_way >= AT_ONCE:
            return self._tell(of, asked, self._counted(verb.name, LookUpFailed("busy")))
        seen.under_way += 1
        asked.task = task = asyncio.get_running_loop().create_task(self._ask(of, asked, rule, verb), name="look-up")
        task.add_done_callback(lambda _: seen.leaves())
        return None

    def _end(self, of: ContactId) -> None:
        asked = self._asked.pop(of, None)
        if asked is not None and asked.task is not None:
            asked.task.cancel()

    def _tell(self, of: ContactId, asked: _Asked, result: LookUpResult) -> None:
        self._plane.post(LookUpAnswered(of, asked.step, asked.attempt, result))

    async def _ask(self, of: ContactId, asked: _Asked, rule: LookUpRule, verb: LookUp) -> None:
        seen, began = self.seen[rule.name], self._clock()
        try:
            result = await self._tried(rule, dict(verb.given), f"{of}-{asked.step}")
        except Exception as fault:  # a fault of ours: the caller's program is told all the same
            log.exception("a look-up could not be made", look_up=rule.name, exc_info=fault)
            result = LookUpFailed("not-configured")
        seen.seconds.observe(self._clock() - began)
        asked.task = None  # what follows from the answer may end it: it is over
        self._tell(of, asked, self._counted(rule.name, result))

    async def _tried(self, rule: LookUpRule, given: Mapping[str, str], key: str) -> LookUpResult:
        http = (await self._clients()).of(rule)
        result: LookUpResult = LookUpFailed("circuit-open")
        for after in range(rule.tries):
            if after:
                await asyncio.sleep(backoff_ms(after) / 1000)
            if not self._circuits.get(rule.name, CLOSED).lets_through(self._now()):
                return result
            asked = request(http, rule, given, self._environment, key)
            if isinstance(asked, LookUpFailed):
                return asked
            result = await self._one(http, rule, asked)
            if not again(rule, result):
                return result
        return result

    async def _one(self, http: httpx.AsyncClient, rule: LookUpRule, asked: httpx.Request) -> LookUpResult:
        """One request, and what the circuit makes of it."""
        name = rule.name
        self._circuits[name] = mine = circuits.asked(self._circuits.get(name, CLOSED))
        try:
            result = await answer(http, rule, asked)
        except BaseException:
            if mine.trying:
                self._circuits[name] = circuits.left(self._circuits[name])
            raise
        before = self._circuits[name]
        if not sick(result):
            self._circuits[name] = circuits.answered(before)
        elif mine.trying or before.open_until is None:
            self._circuits[name] = circuits.failed(before, self._now(), rule.failures, rule.rest_ms)
        if before.open_until is None and self._circuits[name].open_until is not None:
            log.error("a look-up fails again and again: it is not asked for a while", look_up=name, result=result)
        elif before.open_until is not None and self._circuits[name].open_until is None:
            log.warning("a look-up works again", look_up=name)
        return result

    def _counted(self, name: str, result: LookUpResult) -> LookUpResult:
        match result:
            case LookUpFailed(why=why, status=status):
                log.warning("a look-up failed", look_up=name, why=why, status=status)
                self.seen[name].results[why] += 1
            case Found() | NotFound():
                self.seen[name].results[named(type(result))] += 1
        return result

    async def _clients(self) -> Clients:
        if self._http is None:
            self._http = asyncio.create_task(clients(), name="look-ups")
        return await asyncio.shield(self._http)

    def _now(self) -> int:
        return int(self._clock() * 1000)
