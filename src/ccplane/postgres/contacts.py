"""What happened to contacts, read for the API. Times are integer ms, UTC; durations ms."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import msgspec

from ccplane.errors import RequestError
from ccplane.ids import ContactId
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which contacts: each None means any. Arrived in [since, until)."""

    state: str | None = None
    queue: str | None = None
    agent: str | None = None
    number_dialled: str | None = None
    since: int | None = None
    until: int | None = None


class ContactRow(msgspec.Struct, frozen=True, kw_only=True):
    """One contact. `queue` and `agent`: the last ones. `gap_ms`: for how long nobody watched it."""

    id: str
    node: str | None
    channel: str | None
    number_dialled: str | None
    caller: str | None
    caller_name: str | None
    language: str | None
    attribution: str | None
    site: str | None
    program: str | None
    state: str | None
    queue: str | None
    agent: str | None
    arrived_at: int
    answered_at: int | None
    ended_at: int | None
    ended_by: str | None
    cause: int | None
    gap_ms: int


class Page(msgspec.Struct, frozen=True):
    """Some contacts, the latest first. `next`: the cursor of the page after; None if there is none."""

    contacts: list[ContactRow]
    next: str | None


class ContactDetail(msgspec.Struct, frozen=True):
    """One contact with its stays, offers (each with the trace of why) and facts, in the order they happened."""

    contact: ContactRow
    segments: list[dict[str, Any]]
    offers: list[dict[str, Any]]
    facts: list[dict[str, Any]]


async def contacts(
    database: Database, wanted: Wanted | None = None, *, after: str | None = None, limit: int = 50
) -> Page:
    """A page of contacts. RequestError "bad-cursor" if `after` is none of ours."""
    wanted = wanted or Wanted()
    arrived, contact = _place(after) if after else (None, None)
    async with database.connection() as connection:
        rows = await connection.fetch(
            query("contacts"),
            wanted.state,
            wanted.queue,
            wanted.agent,
            wanted.number_dialled,
            wanted.since,
            wanted.until,
            arrived,
            contact,
            limit + 1,
        )
    found = [ContactRow(**row) for row in rows]
    more = len(found) > limit
    return Page(found[:limit], _cursor(found[limit - 1]) if more else None)


async def contact(database: Database, contact_id: ContactId) -> ContactDetail | None:
    """One contact, or None if Postgres has none of that id."""
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        row = await connection.fetchrow(query("contact"), contact_id)
        if row is None:
            return None
        segments = await connection.fetch(query("segments_of_contact"), contact_id)
        offers = await connection.fetch(query("offers_of_contact"), contact_id)
        facts = await connection.fetch(query("facts_of_contact"), contact_id)
    return ContactDetail(
        contact=ContactRow(**row),
        segments=[dict(each) for each in segments],
        offers=[{**each, "trace": msgspec.json.decode(each["trace"] or "null")} for each in offers],
        facts=[msgspec.json.decode(each["body"]) for each in facts],
    )


def _cursor(last: ContactRow) -> str:
    return urlsafe_b64encode(msgspec.json.encode([last.arrived_at, last.id])).decode()


def _place(cursor: str) -> tuple[int, str]:
    try:
        return msgspec.json.decode(urlsafe_b64decode(cursor), type=tuple[int, str])
    except ValueError as error:
        raise RequestError("bad-cursor", "This cursor is none of ours; begin again without `after`.") from error
