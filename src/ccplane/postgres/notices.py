"""Notices: claimed and marked here, each in one statement; and as the API shows them. StoreError if Postgres can't be
asked. Instants are integer ms UTC, None where there is none yet.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ccplane.contacts.notice import Notice, NoticeKind, NoticeState
from ccplane.ids import AgentId, ContactId, MessageId, NoticeId, QueueName
from ccplane.postgres.cursors import cursor, place
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query

MOST: Final = 500
LONGEST_ERROR: Final = 300


class NoticeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A notice. `kind`: email or webhook; `target`: an address, or a webhook's name; `state`: due, sent, failed
    (refused for good) or given-up; `since`: when it became due; `next_at`: not tried before."""

    id: str
    message: str
    kind: str
    target: str
    state: str
    tries: int
    last_error: str | None
    since: int
    next_at: int
    sent_at: int | None


class NoticesWanted(msgspec.Struct, frozen=True, kw_only=True):
    """A filter; what is None is not asked for."""

    state: str | None = None
    message: str | None = None


class NoticePage(msgspec.Struct, frozen=True):
    """A list, and the cursor of what follows; None on the last page."""

    notices: list[NoticeRow]
    next: str | None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """All that are due: when the next one of a kind is, since when the oldest of all is, and how many they are."""

    next_at: int | None
    oldest: int | None
    due: int


class Notices:
    """The notices of a site's messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, kind: NoticeKind, now: int, most: int, lease_ms: int) -> list[Notice]:
        """At most `most` that are due; whoever dies with them leaves them due again after `lease_ms`."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(query("claim_due_notices"), now, most, lease_ms, kind.value)
        return [_notice(**row) for row in rows]

    async def sent(self, notice: Notice, now: int) -> None:
        async with self._database.connection() as connection:
            await connection.execute(query("notice_was_sent"), notice.id, now)

    async def not_sent(self, notice: Notice, state: NoticeState, next_at: int | None, why: str) -> None:
        """`next_at`: when it is tried again; None if it is not."""
        given = notice.id, notice.tries, next_at, state.value, why[:LONGEST_ERROR]
        async with self._database.connection() as connection:
            await connection.execute(query("notice_was_not_sent"), *given)

    async def standing(self, kind: NoticeKind) -> Standing:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(query("notices_standing"), kind.value)
        assert row is not None
        return Standing(**row)

    async def forget(self, before: int) -> None:
        """Those that are over, and became due before then; 1,000 at most."""
        async with self._database.connection() as connection:
            await connection.execute(query("forget_notices"), before)

    async def notices(self, wanted: NoticesWanted, *, after: str | None = None, limit: int = 50) -> NoticePage:
        """A page of at most `limit` (1 to 500), the latest first. RequestError `bad-cursor`."""
        limit = max(1, min(limit, MOST))
        given = wanted.state, wanted.message, *(place(after) if after is not None else (None, None))
        async with self._database.connection() as connection:
            rows = await connection.fetch(query("list_notices"), *given, limit + 1)
        found = [NoticeRow(**row) for row in rows[:limit]]
        return NoticePage(found, cursor(found[-1].since, found[-1].id) if len(rows) > limit else None)

    async def notice(self, wanted: NoticeId) -> NoticeRow | None:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(query("read_notice"), wanted)
        return None if row is None else NoticeRow(**row)

    async def retry(self, wanted: NoticeId, now: int) -> bool:
        """Due now, as if it were new; False if it was sent, or there is none."""
        async with self._database.connection() as connection:
            return await connection.fetchval(query("retry_notice"), wanted, now) is not None

    async def give_up(self, wanted: NoticeId, by: str) -> bool:
        """Not tried any more; False if it is not due."""
        async with self._database.connection() as connection:
            return await connection.fetchval(query("give_up_notice"), wanted, f"given up by {by}") is not None


def _notice(kind: str, message: str, contact: str | None, queue: str, agent: str, **row: Any) -> Notice:
    return Notice(
        kind=NoticeKind(kind),
        message=MessageId(message),
        contact=ContactId(contact or ""),
        queue=QueueName(queue),
        agent=AgentId(agent),
        **row,
    )
