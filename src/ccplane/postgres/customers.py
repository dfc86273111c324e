"""Customers known by their number, and calls that were marked as harassment (law 11: people live in Postgres).

Instants are integer ms UTC; None where there is none. StoreError wherever Postgres can't be asked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec

from ccplane.contacts.customer import Customer
from ccplane.ids import AgentId, ContactId
from ccplane.postgres.cursors import cursor, place
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query

PIECE: Final = 500
"""Rows at once: the loop is not held for longer than law 13 allows."""


class CustomerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A customer. `credit_s`: their priority, in seconds of waiting; `blocked`: why their calls are not taken, "" if
    they are; `blocked_until`: None: for good."""

    number: str
    name: str = ""
    language: str | None = None
    credit_s: int = 0
    note: str = ""
    blocked: str = ""
    blocked_until: int | None = None
    changed_by: str = ""
    changed_at: int = 0

    @property
    def matters(self) -> bool:
        """Whether their calls are taken otherwise than others'."""
        return bool(self.blocked or self.credit_s or self.language)

    @property
    def told(self) -> bool:
        """Whether who takes their call is told anything of them."""
        return bool(self.name or self.note)

    def at(self, now: int) -> Customer:
        """What is known of them when they call now."""
        over = self.blocked_until is not None and self.blocked_until <= now
        return Customer(
            number=self.number,
            name=self.name,
            language=self.language,
            credit_s=self.credit_s,
            note=self.note,
            blocked="" if over else self.blocked,
        )


class MarkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A call that was harassment. `agent`: who had it; `by`: who says so."""

    contact: str
    number: str
    agent: str | None
    by: str
    note: str
    at: int


class MarkPage(msgspec.Struct, frozen=True):
    """A list, and the cursor of what follows; None on the last page."""

    marks: list[MarkRow]
    next: str | None


class CustomerStore:
    """Customers and marks, as Postgres has them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def with_effect(self) -> AsyncIterator[list[CustomerRow]]:
        """All whose calls are taken otherwise than others', in pieces."""
        return self._in_pieces("customers_with_effect")

    def by_name(self) -> AsyncIterator[list[CustomerRow]]:
        """All others of whom there is a name or a note, in pieces."""
        return self._in_pieces("customers_by_name")

    async def _in_pieces(self, which: str) -> AsyncIterator[list[CustomerRow]]:
        after = ""
        while True:
            async with self._database.connection() as connection:
                rows = await connection.fetch(query(which), after, PIECE)
            if not rows:
                return
            yield [CustomerRow(**row) for row in rows]
            after = rows[-1]["number"]

    async def customers(self, after: str, limit: int, *, blocked: bool = False) -> list[CustomerRow]:
        """A page, by number."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(query("list_customers"), after, blocked, limit)
        return [CustomerRow(**row) for row in rows]

    async def customer(self, number: str) -> CustomerRow | None:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(query("read_customer"), number)
        return CustomerRow(**row) if row else None

    async def put(self, rows: Sequence[CustomerRow], by: str, at: int) -> None:
        """All or none, in place of what was known of them; each number once."""
        columns = tuple([getattr(each, name) for each in rows] for name in COLUMNS)
        async with self._database.connection() as connection:
            await connection.execute(query("put_customers"), *columns, by, at)

    async def delete(self, number: str) -> bool:
        """Whether there was one."""
        async with self._database.connection() as connection:
            return await connection.fetchval(query("delete_customer"), number) is not None

    async def mark(
        self, contact: ContactId, number: str, agent: AgentId | None, by: str, note: str, at: int, since: int
    ) -> int:
        """Note it; how many calls of this number were marked after `since`."""
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(query("mark_call"), contact, number, agent, by, note, at)
            return int(await connection.fetchval(query("count_marks"), number, since))

    async def marks(self, number: str | None, *, after: str | None, limit: int) -> MarkPage:
        """The latest first. RequestError `bad-cursor`."""
        from_there = place(after) if after is not None else (None, None)
        async with self._database.connection() as connection:
            rows = await connection.fetch(query("list_marks"), number, *from_there, limit + 1)
        found = [MarkRow(**row) for row in rows[:limit]]
        return MarkPage(found, cursor(found[-1].at, found[-1].contact) if len(rows) > limit else None)

    async def between(self, contact: ContactId) -> tuple[str, AgentId | None] | None:
        """Who called, and whom they talked with last, of a contact that is over; None if there is no such contact."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(query("called_from"), contact)
        return None if row is None else (row["caller"] or "", row["agent"])


COLUMNS: Final = ("number", "name", "language", "credit_s", "note", "blocked", "blocked_until")
