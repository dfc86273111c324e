"""Contacts as the API shows them: lists newest first with cursors, and one with all that is known of it.

All instants are integer ms UTC, all durations integer ms; None where there is none yet.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import msgspec

from ccplane.ids import ContactId
from ccplane.postgres.cursors import cursor, place
from ccplane.postgres.messages import MessageRow
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query
from ccplane.postgres.recordings import RecordingRow

MOST: Final = 500
OF_ONE: Final = (None, None, None)
EVER: Final = (None, None, None, None)
"""The filters of list_recordings before the contact, and after it."""
LATEST: Final = 1 << 52
"""No cursor is of a later ms than this: beyond it Postgres has no timestamps."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A filter; what is None is not asked for. `since`, `until`: ms of arrival, [since, until)."""

    state: str | None = None
    queue: str | None = None
    agent: str | None = None
    number_dialled: str | None = None
    since: int | None = None
    until: int | None = None


class ContactRow(msgspec.Struct, frozen=True, kw_only=True):
    """A contact. `state`: its phase. `queue`, `agent`: the last ones. `gap_ms`: how long it went on unwatched.
    `self_served`: a program served it, and it never came into a queue. `fallback`: the switch's own queues had it,
    wholly or in the end, while ccplane was away. `provisional`: it goes on, or some of its times were found out only
    after a gap."""

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
    direction: str
    fallback: bool = False
    self_served: bool = False
    provisional: bool = False


class SegmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A stay in a queue (`outcome`, `waited_ms` there, `contact_waited_ms` by their clock, `estimate_ms` what
    we thought at entry) or with an agent
    (`ended_by`, `talk_ms`, `wrap_up_ms`), or an agent's own call (`ended_by`, `talk_ms`). `provisional`: it goes on, or
    a gap is where it began or ended."""

    segment: int
    kind: str
    queue: str | None
    agent: str | None
    offer: str | None
    started_at: int | None
    ended_at: int | None
    outcome: str | None
    ended_by: str | None
    waited_ms: int | None
    talk_ms: int | None
    wrap_up_ms: int | None
    provisional: bool
    contact_waited_ms: int | None = None
    estimate_ms: int | None = None


class OfferRow(msgspec.Struct, frozen=True, kw_only=True):
    """An offer; `trace` says why this agent."""

    id: str
    agent: str
    queue: str | None
    segment: int | None
    attempt: int | None
    leg: str | None
    state: str
    made_at: int | None
    ringing_at: int | None
    answered_at: int | None
    ended_at: int | None
    cause: str | None
    sip: int | None
    rang: bool | None
    ring_ms: int | None
    trace: dict[str, Any] | None


class Page(msgspec.Struct, frozen=True):
    """A list, and the cursor of what follows; None on the last page."""

    contacts: list[ContactRow]
    next: str | None


class ContactDetail(msgspec.Struct, frozen=True):
    """One contact. `facts`: as they were decided, with `epoch` and `seq`, in order."""

    contact: ContactRow
    segments: list[SegmentRow]
    offers: list[OfferRow]
    facts: list[dict[str, Any]]
    recordings: list[RecordingRow] = []
    messages: list[MessageRow] = []


async def contacts(
    database: Database, wanted: Wanted | None = None, *, after: str | None = None, limit: int = 50
) -> Page:
    """A page of at most `limit` (1 to 500), newest first; `after` is the `next` of the page before.

    RequestError `bad-cursor` for one that is none of ours.
    """
    limit = max(1, min(limit, MOST))
    asked = msgspec.structs.astuple(wanted or Wanted())
    from_there = place(after) if after is not None else (None, None)
    async with database.connection() as connection:
        rows = await connection.fetch(query("list_contacts"), *asked, *from_there, limit + 1)
    found = [ContactRow(**row) for row in rows[:limit]]
    return Page(found, cursor(found[-1].arrived_at, found[-1].id) if len(rows) > limit else None)


async def contact(database: Database, contact_id: ContactId) -> ContactDetail | None:
    """Everything about one contact, as of one moment; None if there is no such one."""
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        row = await connection.fetchrow(query("read_contact"), contact_id)
        if row is None:
            return None
        found = ContactRow(**row)
        segments = await connection.fetch(query("read_segments"), contact_id)
        offers = await connection.fetch(query("read_offers"), contact_id)
        recorded = await connection.fetch(query("list_recordings"), *OF_ONE, contact_id, *EVER, MOST)
        left = await connection.fetch(query("read_messages_of_contact"), contact_id)
        first = _moment(found.arrived_at).date()
        ended_at = None if found.fallback else found.ended_at  # of the fallback is told later, perhaps days
        last = (datetime.now(UTC) if ended_at is None else _moment(ended_at)).date()
        facts = await connection.fetch(query("read_facts"), contact_id, first, last + timedelta(days=1))
    return ContactDetail(
        contact=found,
        segments=[SegmentRow(**each) for each in segments],
        offers=[_offer(each) for each in offers],
        facts=[{"epoch": each["epoch"], "seq": each["seq"], **msgspec.json.decode(each["body"])} for each in facts],
        recordings=[RecordingRow(**each) for each in reversed(recorded)],
        messages=[MessageRow(**each) for each in left],
    )


def _offer(row: asyncpg.Record) -> OfferRow:
    values = dict(row)
    values["trace"] = msgspec.json.decode(values["trace"]) if values["trace"] else None
    return OfferRow(**values)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
