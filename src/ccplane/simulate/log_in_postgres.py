"""Days of our own log, out of Postgres."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import asyncpg

from ccplane.days import zone
from ccplane.errors import RequestError
from ccplane.facts import AnyFact, decode
from ccplane.postgres.pool import DATABASE_ERRORS, as_store_error, connect
from ccplane.postgres.queries import query
from ccplane.routing.rules import RulesLoaded
from ccplane.simulate.own_log import BEFORE, KINDS, recorded_day
from ccplane.simulate.recorded import RecordedDay

AFTERWARDS_MS = 6 * 3_600_000
"""So much later it is known what became of those who came on a day."""
LONG_S = 600.0


def days_in_postgres(dsn: str, first: date, last: date) -> list[RecordedDay]:
    """Each day from the first to the last, in the site's time zone; those on which nobody queued are left out."""
    return asyncio.run(read_days(dsn, first, last))


async def read_days(dsn: str, first: date, last: date) -> list[RecordedDay]:
    """As `days_in_postgres`. RequestError if the log has no rules from before the end of that time."""
    connection = await connect(dsn)
    try:
        days = []
        for number in range((last - first).days + 1):
            day = await _day(connection, first + timedelta(days=number))
            if day is not None and day.stays:
                days.append(day)
    except DATABASE_ERRORS as error:
        raise as_store_error(error, dsn) from error
    finally:
        connection.terminate()
    return days


async def _day(connection: asyncpg.Connection, day: date) -> RecordedDay | None:
    timezone = await _timezone(connection, day)
    if timezone is None:
        return None
    begins, ends = _midnight(day, timezone), _midnight(day + timedelta(days=1), timezone)
    before = await connection.fetch(
        query("facts_before_replay"), _utc(begins), begins, [each.__name__ for each in BEFORE], timeout=LONG_S
    )
    until = ends + AFTERWARDS_MS
    facts = await connection.fetch(
        query("facts_to_replay"),
        _utc(begins),
        _utc(until),
        begins,
        until,
        [each.__name__ for each in KINDS],
        timeout=LONG_S,
    )
    return recorded_day(day.isoformat(), begins, ends, _decoded(before), _decoded(facts))


async def _timezone(connection: asyncpg.Connection, day: date) -> str | None:
    """Of the rules that held then; None if there were none."""
    body = await connection.fetchval(query("rules_before_replay"), day + timedelta(days=1), timeout=LONG_S)
    loaded = decode(body) if body else None
    return loaded.rules.timezone if isinstance(loaded, RulesLoaded) else None


def _decoded(rows: list[asyncpg.Record]) -> list[AnyFact]:
    return [decode(row["body"]) for row in rows]


def _midnight(day: date, timezone: str) -> int:
    return round(datetime(day.year, day.month, day.day, tzinfo=zone(timezone)).timestamp() * 1000)


def _utc(at: int) -> date:
    return datetime.fromtimestamp(at / 1000, UTC).date()


def as_date(text: str) -> date:
    """A day as it is typed; RequestError says how."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RequestError("bad-day", f"{text} is no day; write it like 2026-11-23.") from None
