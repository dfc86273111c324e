"""Messages as the API shows them: lists, the latest first, with cursors; one; and those of a contact.

Instants are integer ms UTC, `ms` and `bytes` were measured; None where there is none yet.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ccplane.contacts.owed import Owed, OwedState
from ccplane.ids import AgentId, MessageId
from ccplane.postgres.cursors import cursor, place
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query

MOST = 500
MOST_OWED: Final = 10_000


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message. `source`: ivr or fallback; `state`: new, heard or deleted; `file`: in the folder of messages.
    `answer`: new, taken or answered; "" where none is owed. `queue`, `agent`, `owner`: "" is none."""

    id: str
    contact: str
    box: str
    caller: str
    number_dialled: str
    source: str
    left_at: int
    ms: int
    bytes: int
    file: str
    state: str
    heard_at: int | None
    heard_by: str | None
    queue: str = ""
    agent: str = ""
    answer: str = ""
    owner: str = ""
    answer_until: int | None = None
    taken_at: int | None = None
    overdue_at: int | None = None
    answered_at: int | None = None
    answered_by: str | None = None


class MessagesWanted(msgspec.Struct, frozen=True, kw_only=True):
    """A filter; what is None is not asked for, but without a state nothing that is deleted. `since`, `until`: ms."""

    box: str | None = None
    state: str | None = None
    since: int | None = None
    until: int | None = None
    answer: str | None = None


class MessagePage(msgspec.Struct, frozen=True):
    """A list, and the cursor of what follows; None on the last page."""

    messages: list[MessageRow]
    next: str | None


async def messages(
    database: Database, wanted: MessagesWanted | None = None, *, after: str | None = None, limit: int = 50
) -> MessagePage:
    """A page of at most `limit` (1 to 500); `after` is the `next` of the page before. RequestError `bad-cursor`."""
    limit = max(1, min(limit, MOST))
    asked = msgspec.structs.astuple(wanted or MessagesWanted())
    from_there = place(after) if after is not None else (None, None)
    async with database.connection() as connection:
        rows = await connection.fetch(query("list_messages"), *asked, *from_there, limit + 1)
    found = [MessageRow(**row) for row in rows[:limit]]
    return MessagePage(found, cursor(found[-1].left_at, found[-1].id) if len(rows) > limit else None)


async def owed(database: Database) -> list[Owed]:
    """Those without an answer, at most MOST_OWED. StoreError: no Postgres."""
    async with database.connection() as connection:
        rows = await connection.fetch(query("list_owed_messages"), MOST_OWED)
    return [_owed(**row) for row in rows]


def _owed(owner: str, **row: Any) -> Owed:
    state = OwedState.TAKEN if owner else OwedState.NEW
    return Owed(**row, owner=AgentId(owner), state=state)


async def message(database: Database, wanted: MessageId) -> MessageRow | None:
    """One message; None if there is no such one."""
    async with database.connection() as connection:
        row = await connection.fetchrow(query("read_message"), wanted)
    return None if row is None else MessageRow(**row)
