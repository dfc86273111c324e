"""Figures of the past in intervals of 15 minutes, hours and days, kept from the rows as these change.

What a batch of facts changes is marked in its own transaction (`apply_quarters`); counting takes the marks, counts
those quarters of an hour anew from the rows, and hours and days from the quarters. So facts that come late correct the
past, facts told twice change nothing, and whatever was counted wrongly is put right by counting again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final

import asyncpg
import msgspec

from ccplane.days import HOUR_MS, Calendar, Since, Span
from ccplane.kpi.brought import Brought
from ccplane.kpi.counters import Counters
from ccplane.kpi.slices import QUARTER_MS, By, Grain, Slice
from ccplane.kpi.times import SUMS, Times
from ccplane.postgres.pool import DATABASE_ERRORS, Database, as_store_error
from ccplane.postgres.queries import query

AT_ONCE: Final = 96
"""Quarters that one transaction counts: a day."""
LONG_S: Final = 600.0
SETTLED_MS: Final = HOUR_MS
"""So long after its end an interval is taken to be told whole: what changes it then corrects the past."""

COUNTED: Final = (
    "count_stays",
    "count_offers",
    "count_callbacks",
    "count_surveyed",
    "count_contacts",
)

OF_BROUGHT: Final = {f"contacts_{each}": each for each in Brought.__struct_fields__}
OF_TIMES: Final = {f"time_{each}": each for each in SUMS}
SUMMED: Final = (*Counters.__struct_fields__, *OF_BROUGHT, *OF_TIMES)
"""The columns of `slice` that are added up; each is a field of the same name, or of that behind a prefix."""
VALUES: Final = ("ends_at", *SUMMED, "time_paused_by", "provisional")
NAMES: Final = ", ".join(VALUES)

TAKE_OVER: Final = f"""
INSERT INTO slice AS s (grain, began_at, by, name, {NAMES}, corrected_at)
SELECT grain, began_at, by, name, {NAMES}, CASE WHEN ends_at <= $1 THEN $2::bigint END FROM slice_fresh
ON CONFLICT (grain, by, name, began_at) DO UPDATE SET
    {", ".join(f"{each} = excluded.{each}" for each in VALUES)},
    corrected_at = CASE WHEN s.provisional THEN s.corrected_at ELSE coalesce(excluded.corrected_at, s.corrected_at) END
WHERE ({", ".join(f"s.{each}" for each in VALUES)})
    IS DISTINCT FROM ({", ".join(f"excluded.{each}" for each in VALUES)})
"""
"""What was counted replaces what is kept, where it is something else. Of what had settled before $1 it is told since
when ($2, ms UTC) it is so."""

VANISHED: Final = """
DELETE FROM slice AS s WHERE grain = $1 AND began_at >= $2 AND began_at < $3 AND NOT EXISTS (
    SELECT FROM slice_fresh AS f WHERE (f.grain, f.by, f.name, f.began_at) = (s.grain, s.by, s.name, s.began_at))
"""
"""What is kept, and was not counted again: no fact says it any more."""

ADD_UP: Final = f"""
INSERT INTO slice_fresh (grain, began_at, by, name, {NAMES})
SELECT $1, span.began_at, q.by, q.name, span.ends_at, {", ".join(f"sum(q.{each})" for each in SUMMED)},
    sum_by_key(q.time_paused_by), bool_or(q.provisional)
FROM unnest($2::bigint[], $3::bigint[]) AS span (began_at, ends_at)
    CROSS JOIN LATERAL (
        SELECT * FROM slice AS s WHERE s.grain = 'quarter' AND s.began_at >= span.began_at AND s.began_at < span.ends_at
        OFFSET 0) AS q
GROUP BY span.began_at, span.ends_at, q.by, q.name
"""
"""Hours, or days, from their quarters: zones are apart from each other by whole quarters of an hour. Each span reads
its own quarters alone (`OFFSET 0`): joined, all that were ever kept may be read for each."""

READ: Final = f"""
SELECT began_at, name, ends_at, {", ".join(SUMMED)}, time_paused_by, corrected_at,
    provisional OR ends_at > coalesce((SELECT until FROM quarters_counted), 0) AS provisional
FROM slice
WHERE grain = $1 AND by = $2 AND began_at >= $3 AND began_at < $4 AND (cardinality($5::text[]) = 0 OR name = ANY ($5))
ORDER BY began_at, name
LIMIT $6
"""


READ_SUMS: Final = f"""
SELECT span.began_at, sums.name, span.ends_at, {", ".join(f"sums.{each}" for each in SUMMED)},
    sums.time_paused_by, sums.corrected_at, sums.provisional
FROM (
    SELECT width_bucket(began_at, $3::bigint[]) AS nth, name,
        {", ".join(f"sum({each})::bigint AS {each}" for each in SUMMED)},
        sum_by_key(time_paused_by) AS time_paused_by, max(corrected_at) AS corrected_at,
        bool_or(provisional OR ends_at > coalesce((SELECT until FROM quarters_counted), 0)) AS provisional
    FROM slice
    WHERE grain = $1 AND by = $2 AND began_at >= ($3::bigint[])[1] AND began_at < $5
        AND (cardinality($6::text[]) = 0 OR name = ANY ($6))
    GROUP BY nth, name
    ORDER BY nth, name
    LIMIT $7) AS sums
    JOIN unnest($3::bigint[], $4::bigint[]) WITH ORDINALITY AS span (began_at, ends_at, nth) ON span.nth = sums.nth
ORDER BY sums.nth, sums.name
"""
"""As READ, added up: of ten years and ten thousand queues there is a row for each that is asked for, and no more."""


class SliceStore:
    """The figures that one database keeps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def slices(
        self, since: int, until: int, grain: Grain, by: By, names: Collection[str] = (), *, most: int | None = None
    ) -> list[Slice]:
        """Those that began in [since, until), ms UTC, in order of time and name, at the most so many; of `names` alone
        if any are given. An interval without anything is not among them. StoreError: no Postgres."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(READ, grain.value, by.value, since, until, list(names), most, timeout=LONG_S)
        return [_slice(by, row) for row in rows]

    async def sums(
        self, spans: Sequence[Span], grain: Grain, by: By, names: Collection[str] = (), *, most: int
    ) -> list[Slice]:
        """Those of `grain` in each of `spans`, [from, to) in ms UTC, which follow on one another, added up by name: in
        order of time and name, at the most so many. StoreError: no Postgres."""
        froms, tos = [each[0] for each in spans], [each[1] for each in spans]
        asked = (grain.value, by.value, froms, tos, tos[-1], list(names), most)
        async with self._database.connection() as connection:
            rows = await connection.fetch(READ_SUMS, *asked, timeout=LONG_S)
        return [_slice(by, row) for row in rows]

    async def calendar(self, otherwise: str = "UTC") -> Calendar:
        """The site's hours and days; those of the time zone `otherwise` where no plane has ever run."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(query("site_clock"))
        return _calendar(rows) if rows else Calendar([Since(0, otherwise)])

    async def count(self, now: int) -> int:
        """Bring it up to date; `now`, ms UTC, is how far agents' times are counted. Returns how many quarters of an
        hour were counted. Who comes second waits for the first. StoreError: no Postgres, or it can only be read."""
        connection = await self._database.connect()
        try:
            return await _count(connection, now)
        except DATABASE_ERRORS as error:
            raise as_store_error(error, self._database.dsn) from error
        finally:
            connection.terminate()


async def _count(connection: asyncpg.Connection, now: int) -> int:
    await connection.execute("SET statement_timeout = 0")
    await connection.execute(query("changed_one_by_one"))
    marked = await connection.fetch(query("changed_quarters"))
    before = await connection.fetchval(query("counted_until"))
    quarters = {row["began_at"] for row in marked}
    if quarters or before is not None:
        first = min(quarters) if before is None else before
        quarters.update(range(_quarter(first), now, QUARTER_MS))
    for began_at, ends_at in runs(quarters):
        async with connection.transaction():
            await connection.execute(query("one_counts"))
            await connection.execute(query("take_changed"), began_at, ends_at)
            await count_anew(connection, began_at, ends_at, now, before)
    if quarters:
        await connection.execute(query("count_until"), now)
    return len(quarters)


async def count_anew(connection: asyncpg.Connection, began_at: int, ends_at: int, now: int, before: int | None) -> int:
    """The quarters of an hour in [began_at, ends_at), and the hours and days that they are in. `before`: how far had
    been counted; in the caller's transaction. Returns how many figures are others than they were."""
    settled = 0 if before is None else before - SETTLED_MS
    await connection.execute("TRUNCATE slice_fresh")
    for name in COUNTED:
        await connection.execute(query(name), began_at, ends_at, timeout=LONG_S)
    await connection.execute(query("count_times"), began_at, ends_at, now, timeout=LONG_S)
    await connection.execute(query("gaps_in_quarters"))
    changed = await _take_over(connection, Grain.QUARTER, (began_at, ends_at), settled, now)
    calendar = _calendar(await connection.fetch(query("site_clock")))
    for grain, span_of in ((Grain.HOUR, calendar.hour), (Grain.DAY, calendar.day)):
        spans = sorted({span_of(at) for at in range(began_at, ends_at, QUARTER_MS)})
        await connection.execute("TRUNCATE slice_fresh")
        froms, tos = [each[0] for each in spans], [each[1] for each in spans]
        await connection.execute(ADD_UP, grain.value, froms, tos, timeout=LONG_S)
        changed += await _take_over(connection, grain, (froms[0], tos[-1]), settled, now)
    return changed


async def _take_over(connection: asyncpg.Connection, grain: Grain, span: Span, settled: int, now: int) -> int:
    gone = await connection.execute(VANISHED, grain.value, *span, timeout=LONG_S)
    written = await connection.execute(TAKE_OVER, settled, now, timeout=LONG_S)
    return int(gone.rpartition(" ")[2]) + int(written.rpartition(" ")[2])


def runs(quarters: Iterable[int]) -> Iterator[Span]:
    """Quarters that follow on one another, as [from, to), AT_ONCE of them at the most."""
    began_at = ends_at = None
    for each in sorted(quarters):
        if began_at is not None and (each != ends_at or each - began_at >= AT_ONCE * QUARTER_MS):
            yield began_at, ends_at or each
            began_at = None
        began_at = each if began_at is None else began_at
        ends_at = each + QUARTER_MS
    if began_at is not None and ends_at is not None:
        yield began_at, ends_at


def _quarter(at: int) -> int:
    return at // QUARTER_MS * QUARTER_MS


def _calendar(rows: Iterable[asyncpg.Record]) -> Calendar:
    return Calendar([Since(row["at"], row["timezone"]) for row in rows])


def _slice(by: By, row: asyncpg.Record) -> Slice:
    return Slice(
        began_at=row["began_at"],
        ends_at=row["ends_at"],
        by=by,
        name=row["name"],
        counters=Counters(**_picked(row, Counters.__struct_fields__)),
        brought=Brought(**{field: row[column] for column, field in OF_BROUGHT.items()}),
        times=Times(
            **{field: row[column] for column, field in OF_TIMES.items()},
            paused_by=msgspec.json.decode(row["time_paused_by"], type=dict[str, int]),
        ),
        provisional=row["provisional"],
        corrected_at=row["corrected_at"],
    )


def _picked(row: asyncpg.Record, names: Sequence[str]) -> dict[str, Any]:
    return {each: row[each] for each in names}
