"""Customers as the plane knows them: those whose calls are taken otherwise than others' lie in memory, so that no call
waits for Postgres; whoever changes one writes to Postgres first (law 11), and it holds for the next call.

While Postgres is away what is known goes on; a plane that begins without it knows nobody until it answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from msgspec.structs import replace

from ccplane.contacts.customer import Customer
from ccplane.contacts.facts.customers import CallMarked, CustomerChanged, CustomersImported
from ccplane.core.inputs import CallerArrived, CustomersEdited, Input, Late, SwitchSurveyed
from ccplane.errors import RequestError, StoreError
from ccplane.ids import AgentId, ContactId
from ccplane.plane import Plane
from ccplane.postgres.customers import CustomerRow, CustomerStore
from ccplane.routing.dialling import plain

MOST: Final = 200_000
"""Customers that are kept in memory: some 100 MB. That there are more is said in the log."""
AGAIN_S: Final = 2.0
HARASSING: Final = "harassment"

log = structlog.get_logger()


class Known:
    """Those in memory. Where there is no room for all, a mere name gives way to who is taken otherwise than others."""

    def __init__(self) -> None:
        self._otherwise: dict[str, CustomerRow] = {}
        self._named: dict[str, CustomerRow] = {}

    def get(self, number: str) -> CustomerRow | None:
        return self._otherwise.get(number) or self._named.get(number)

    def forget(self, number: str) -> None:
        self._otherwise.pop(number, None)
        self._named.pop(number, None)

    def hold(self, row: CustomerRow) -> bool:
        """In place of what was known of the number; False where there is no room."""
        self.forget(row.number)
        if not (row.matters or row.told):
            return True
        if row.matters and self._named and self._is_full:
            self._named.popitem()
        if self._is_full:
            return False
        (self._otherwise if row.matters else self._named)[row.number] = row
        return True

    @property
    def _is_full(self) -> bool:
        return len(self._otherwise) + len(self._named) >= MOST


class Customers:
    """`now`: ccplane's UTC, ms."""

    def __init__(self, plane: Plane, store: CustomerStore, now: Callable[[], int]) -> None:
        self._plane, self.store, self._now = plane, store, now
        self._known, self._full = Known(), False
        self._one_at_a_time = asyncio.Lock()

    async def load(self) -> None:
        """Once Postgres answers; until then nobody is known."""
        while True:
            try:
                async with self._one_at_a_time:
                    known = Known()
                    async for rows in self.store.with_effect():
                        if not all(known.hold(each) for each in rows):
                            log.error("too many customers with an effect: the others are not known", most=MOST)
                            break
                    self._known = known
                    async for rows in self.store.by_name():
                        if not all(known.hold(each) for each in rows):
                            log.warning("too many customers: the others' names are not known", most=MOST)
                            break
                return
            except StoreError:
                await asyncio.sleep(AGAIN_S)

    def seen(self, what: Input) -> Input:
        """The input, with who it is that calls, where it is an arrival of somebody who is known."""
        match what:
            case CallerArrived():
                customer = self._of(what.caller)
                return replace(what, customer=customer) if customer else what
            case Late(what=CallerArrived() as arrival):
                return replace(what, what=self.seen(arrival))
            case SwitchSurveyed():
                return self._surveyed(what)
        return what

    def _surveyed(self, what: SwitchSurveyed) -> SwitchSurveyed:
        named = {
            channel: replace(seen, arrival=self.seen(seen.arrival))
            for channel, seen in what.channels.items()
            if seen.arrival is not None and self._of(seen.arrival.caller) is not None
        }
        return replace(what, channels={**what.channels, **named}) if named else what

    def _of(self, caller: str) -> Customer | None:
        found = self._known.get(self.number(caller)) if caller else None
        return found.at(self._now()) if found else None

    def number(self, given: str) -> str:
        """As customers are known by it."""
        return plain(self._plane.state.rules.dialling, given)

    async def put(self, rows: Sequence[CustomerRow], by: str, what: tuple[str, ...] = ()) -> None:
        """All or none; for the next call. StoreError without Postgres, and then nothing was changed."""
        async with self._one_at_a_time:
            at = self._now()
            await self.store.put(rows, by, at)
            for each in rows:
                self._hold(replace(each, changed_by=by, changed_at=at))
        one = len(rows) == 1 and what
        fact = (
            CustomerChanged(at=at, number=rows[0].number, what=what, by=by)
            if one
            else CustomersImported(at=at, count=len(rows), by=by)
        )
        await self._plane.ask(CustomersEdited(fact))

    async def delete(self, number: str, by: str) -> None:
        """RequestError `no-such-customer`."""
        async with self._one_at_a_time:
            if not await self.store.delete(number):
                raise RequestError("no-such-customer", "No customer is known by this number.", number=number)
            self._known.forget(number)
        await self._plane.ask(CustomersEdited(CustomerChanged(at=self._now(), number=number, what=("deleted",), by=by)))

    async def mark(self, contact: ContactId, agent: AgentId | None, by: str, note: str) -> CallMarked:
        """This call was harassment, says the `agent` who had it, or (None) somebody else. Who calls so too often is
        blocked for a while, where the site says so. RequestError `no-such-contact`, `not-yours`, `number-withheld`."""
        live = self._plane.state.contacts.get(contact)
        talked_with = live.talk.agent if live and live.talk else None
        found = (live.caller, talked_with) if live else await self.store.between(contact)
        if found is None:
            raise RequestError("no-such-contact", "There is no contact with this id, or none yet.", contact=contact)
        if agent is not None and agent != found[1]:
            raise RequestError("not-yours", "You have not talked in this contact.", contact=contact)
        caller = found[0]
        number, rule, now = self.number(caller), self._plane.state.rules.harassment, self._now()
        if not number:
            raise RequestError("number-withheld", "They showed no number: nobody can be known by it.", contact=contact)
        async with self._one_at_a_time:
            marks = await self.store.mark(contact, number, agent, by, note, now, now - rule.within_ms)
            until = now + rule.block_ms if rule.marks and marks >= rule.marks else None
            if until is not None:
                known = await self.store.customer(number) or CustomerRow(number=number)
                blocked = replace(known, blocked=HARASSING, blocked_until=until)
                await self.store.put([blocked], by, now)
                self._hold(replace(blocked, changed_by=by, changed_at=now))
        marked = CallMarked(
            at=now, contact=contact, number=number, marks=marks, agent=agent, by=by, note=note, blocked_until=until
        )
        await self._plane.ask(CustomersEdited(marked))
        return marked

    def _hold(self, row: CustomerRow) -> None:
        if not self._known.hold(row) and not self._full:
            self._full = True
            log.error("too many customers: what is changed of others has no effect", most=MOST)
