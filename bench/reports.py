"""`make bench-reports`: reports of a day of 200,000 contacts, and of a month of 2,000,000.

python -m bench.reports                 about two minutes, and 2 GB of disk
python -m bench.reports --share 0.05 --no-files

The figures that a centre of 1,000 agents, 30 queues and 200 numbers has after such a month are put into a Postgres of
our own as they are kept; how long they take to be made of contacts is `make bench-history`. Measured is what `ccplane
report` does, but for the start of its process: bring the figures up to date, read them, sum, make rates and write, for
each table and group, as text, CSV and JSON. The slowest counts of those of at most 5,000 rows, which would fill a
hundred pages; longer ones are shown beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg

from bench.made import Made, checked, on_machine, promises, verdict
from bench.switching.measure import machine, revision
from ccplane.errors import RequestError
from ccplane.kpi.slices import By
from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.postgres.history import SliceStore
from ccplane.postgres.migrate import migrate
from ccplane.postgres.pool import Database
from ccplane.reports import written
from ccplane.reports.asked import Asked, report
from ccplane.reports.report import Interval
from ccplane.reports.tables import TABLES

MADE: Final = Made("reports", "Reports")
FIRST: Final = date(2026, 10, 1)
DAYS: Final = 31
BUSY: Final = FIRST + timedelta(days=30)
"""The day of 200,000 contacts; the others share what is left of 2,000,000."""
A_MONTH, A_DAY = 2_000_000, 200_000
GROUPS: Final = {"site": 1, "queue": 30, "skill": 30, "number": 200, "team": 40, "agent": 1_000}
GRAINS: Final = {"quarter": 900_000, "hour": 3_600_000, "day": 86_400_000}
DAY_S, MONTH_S = 0.5, 2.0
ROWS_READ: Final = 5_000
WRITERS: Final = {"text": written.as_text, "csv": written.as_csv, "json": written.as_json}
FILL: Final = """
INSERT INTO slice (grain, began_at, by, name, ends_at, entered, answered, answered_within, abandoned, abandoned_short,
    answered_wait_ms, answered_contact_wait_ms, rang, rang_in_time, handled, talk_ms, wrap_up_ms, contacts_arrived,
    contacts_queued, contacts_answered, time_ready_ms, time_talking_ms, time_paused_ms, time_paused_by)
SELECT $1::text, at, $4::text, CASE WHEN $4 = 'site' THEN '' ELSE $4 || '-' || n END, at + $5::bigint,
    e, e * 9 / 10, e * 7 / 10, e - e * 9 / 10, e / 50, e * 15000, e * 16000, e * 95 / 100, e * 8 / 10, e * 9 / 10,
    e * 180000, e * 20000, e, e, e * 9 / 10, $5 / 3, $5 / 2, $5 / 10, '{"lunch": 90000, "meeting": 30000}'
FROM generate_series($2::bigint, $3::bigint - 1, $5) AS at, generate_series(1, $6::int) AS n,
    LATERAL (SELECT greatest(1, $7::bigint * $5 / 86400000 / $6) AS e) AS each
"""
"""Every group in every interval: a real month has fewer rows."""


def ms(day: date) -> int:
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


async def fill(dsn: str, share: float) -> int:
    """The rows of the month; how many there are."""
    connection = await asyncpg.connect(dsn)
    on_others = round((A_MONTH - A_DAY) * share / (DAYS - 1))
    for since, until, contacts in ((FIRST, BUSY, on_others), (BUSY, BUSY + timedelta(days=1), round(A_DAY * share))):
        for grain, length in GRAINS.items():
            for by, count in GROUPS.items():
                if grain == "quarter" and since == FIRST and count > GROUPS["skill"]:
                    continue  # no report of a month reads them
                many = max(1, round(count * share)) if count > 1 else 1
                await connection.execute(FILL, grain, ms(since), ms(until), by, length, many, contacts, timeout=600)
    await connection.execute("INSERT INTO quarters_counted (until) VALUES ($1)", ms(BUSY + timedelta(days=1)))
    await connection.execute("ANALYZE slice", timeout=600)
    rows: int = await connection.fetchval("SELECT count(*) FROM slice", timeout=600)
    await connection.close()
    return rows


async def slowest(store: SliceStore, first: date, last: date, intervals: Sequence[Interval]) -> dict[str, Any]:
    """Of all tables, groups and ways to write them: how long it took, and which it was; and how many there were."""
    now = ms(last + timedelta(days=1)) + 60_000
    took: list[tuple[float, str, int]] = []
    for name, table in TABLES.items():
        for by in By:
            for interval in intervals:
                if by not in table.by:
                    continue
                began = time.perf_counter()
                try:
                    made = await report(store, Asked(table=name, first=first, last=last, interval=interval, by=by), now)
                except RequestError:  # longer than anybody reads
                    continue
                built = time.perf_counter() - began
                for kind, write in WRITERS.items():
                    began = time.perf_counter()
                    write(made, "en")
                    what = f"{name} by {by.value} and {interval.value}, {kind}"
                    took.append((built + time.perf_counter() - began, what, len(made.rows)))
    took.sort(reverse=True)
    worst, which, rows = next(each for each in took if each[2] <= ROWS_READ)
    return {
        "s": round(worst, 3),
        "which": which,
        "rows": rows,
        "median_s": round(took[len(took) // 2][0], 3),
        "reports": len(took),
        "longest": {"s": round(took[0][0], 3), "which": took[0][1], "rows": took[0][2]},
        "slowest": [{"s": round(s, 3), "which": what, "rows": rows} for s, what, rows in took[:8]],
    }


async def run(options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="ccplane-bench-", dir=options.work) as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres")
        try:
            await migrate(await server.start())
            rows = await fill(server.url(), options.share)
            database = Database(server.url())
            await database.open()
            store = SliceStore(database)
            day = await slowest(store, BUSY, BUSY, (Interval.QUARTER, Interval.HOUR, Interval.WHOLE))
            month = await slowest(store, FIRST, BUSY, (Interval.DAY, Interval.WEEK, Interval.WHOLE))
            await database.close()
        finally:
            await server.stop()
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "machine": machine(),
        "contacts": round(A_MONTH * options.share),
        "rows": rows,
        "day": day,
        "month": month,
        "checks": checked(
            [
                ("the slowest report of a day of 200,000 contacts, s", DAY_S, day["s"]),
                ("the slowest report of a month of 2,000,000, s", MONTH_S, month["s"]),
            ]
        ),
    }


def said(made: dict[str, Any]) -> str:
    return (
        f"{on_machine(made)}a month of {made['contacts']:,} contacts, {made['rows']:,} rows of figures; "
        f"{made['day']['reports']} reports of a day, {made['month']['reports']} of the month."
    )


def table(made: dict[str, Any]) -> str:
    lines = [*promises(made["checks"]), "", "| | slowest, s | which | rows | half took, s |", "|---|---|---|---|---|"]
    for what in ("day", "month"):
        each = made[what]
        lines.append(f"| {what} | {each['s']} | {each['which']} | {each['rows']:,} | {each['median_s']} |")
        longest = each["longest"]
        lines.append(f"| the same, longer | {longest['s']} | {longest['which']} | {longest['rows']:,} | |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.reports", description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="of contacts, queues, numbers and agents")
    parser.add_argument("--work", default=None, help="where its Postgres is put")
    parser.add_argument("--no-files", action="store_true", help="only print")
    options = parser.parse_args()
    made = asyncio.run(run(options))
    print(said(made), table(made), sep="\n\n")
    for each in (*made["day"]["slowest"], *made["month"]["slowest"]):
        print(f"  {each['s']} s  {each['which']}, {each['rows']:,} rows", file=sys.stderr)
    if not options.no_files:
        MADE.write(made, said(made), table(made))
    return verdict(made["checks"])


if __name__ == "__main__":
    sys.exit(main())
