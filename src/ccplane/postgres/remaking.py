"""Figures of some days, made again from their facts: beside what is kept, compared with it, and then in its place.

The facts are replayed into tables of their own (the schema `remade`), by the very statements that shipping uses;
nothing that is kept is touched meanwhile. How far it has come lies beside them, so it goes on after an interruption.
Then, day by day, in one transaction that holds up shipping for as long: what came meanwhile is replayed too, rows of
contacts that differ are replaced, and what is counted from them is counted anew.

A contact that isn't over, or of whose facts the first are not in the log any more, keeps its rows. Agents' states are
made again apart (`remaking_agents`): they follow from facts that may lie long before.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Final

import asyncpg
import msgspec

from ccplane.errors import RequestError
from ccplane.kpi.slices import QUARTER_MS
from ccplane.postgres.history import SliceStore, count_anew, runs
from ccplane.postgres.pool import DATABASE_ERRORS, Database, as_store_error
from ccplane.postgres.queries import query
from ccplane.postgres.store import DAY_MS, EPOCH_DAY, look_at, spoken_of

SCHEMA: Final = "remade"
ROWS: Final = ("contact", "segment", "offer", "survey", "survey_answer")
"""What is replaced, by contact: each table and the column that names it."""
KEY: Final = {"contact": "id"}
OTHERS: Final = ("queue_rule", "site_rule", "agent_team", "callback", "promise", "gap")
"""What the statements need beside them, and what is replaced as a whole where it differs: callbacks, gaps."""
STATEMENTS: Final = (
    "apply_queue_rules",
    "apply_site_rules",
    "apply_teams",
    "apply_contacts",
    "apply_segments",
    "apply_offers",
    "apply_gaps",
    "apply_callbacks",
    "apply_surveys",
)
LOCK: Final = 0x72656D616465  # "remade"
WAIT: Final = "3s"
AT_ONCE: Final = 20_000
LEAD_IN: Final = timedelta(days=1)
"""Facts of so long before and after are read too: contacts that ran over midnight."""
EXAMPLES: Final = 10
LONG_S: Final = 3_600.0

MAKE: Final = "".join(
    (
        f"CREATE SCHEMA {SCHEMA};",
        *(f"CREATE UNLOGGED TABLE {SCHEMA}.{each} (LIKE public.{each} INCLUDING ALL);" for each in (*ROWS, *OTHERS)),
        f"CREATE TABLE {SCHEMA}.job (began_at bigint NOT NULL, ends_at bigint NOT NULL);",
        f"CREATE TABLE {SCHEMA}.progress (day date, epoch bigint, last bigint NOT NULL, PRIMARY KEY (day, epoch));",
    )
)
"""Unlogged: a crash of Postgres empties them, and the work begins again from its beginning, as `progress` says."""


class Remade(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. `differ`: contacts whose rows were others; some of them, for `ccplane why` and the log."""

    facts: int
    contacts: int
    differ: int
    examples: tuple[str, ...]
    figures: int
    """Intervals of groups whose counters changed; 0 in a trial."""


class Progress(msgspec.Struct, frozen=True):
    """How far it has come. `what`: reading, comparing."""

    what: str
    done: int
    of: int


Tell = Callable[[Progress], None]


async def remake(database: Database, began_at: int, ends_at: int, now: int, tell: Tell, trial: bool = False) -> Remade:
    """Of what arrived in [began_at, ends_at), ms UTC; `trial`: only compare. RequestError "busy": another is at it, or
    "not-over": that time is not. StoreError: no Postgres; to begin again goes on where it was."""
    if ends_at > now:
        raise RequestError("not-over", "Those days are not over: their figures are counted as they come.")
    connection = await database.connect()
    try:
        await alone(connection)
        await connection.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        await SliceStore(database).count(now)
        await _begin(connection, began_at, ends_at)
        facts = await _read(connection, began_at, ends_at, tell)
        await connection.execute("; ".join(f"ANALYZE {SCHEMA}.{each}" for each in ROWS), timeout=LONG_S)
        found = await _compare(connection, began_at, ends_at, now, tell, trial)
        await connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
        return msgspec.structs.replace(found, facts=facts)
    except DATABASE_ERRORS as error:
        raise as_store_error(error, database.dsn) from error
    finally:
        connection.terminate()


async def alone(connection: asyncpg.Connection) -> None:
    """RequestError "busy". One that was interrupted may hold on for a moment, until Postgres has seen that."""
    await connection.execute(f"SET lock_timeout = '{WAIT}'")
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
    except asyncpg.LockNotAvailableError:
        raise RequestError("busy", "Figures are being made again already; wait until that is done.") from None
    await connection.execute("SET lock_timeout = 0")


async def _begin(connection: asyncpg.Connection, began_at: int, ends_at: int) -> None:
    """Empty tables, or those of an interrupted work of the same days."""
    if await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", SCHEMA):
        job = await connection.fetchrow(f"SELECT began_at, ends_at FROM {SCHEMA}.job")
        whole = await connection.fetchval(f"SELECT EXISTS (SELECT FROM {SCHEMA}.site_rule)")
        if job is not None and tuple(job) == (began_at, ends_at) and whole:
            return
        await connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
    async with connection.transaction():
        await connection.execute(MAKE)
        await connection.execute(f"INSERT INTO {SCHEMA}.job VALUES ($1, $2)", began_at, ends_at)
        await _rules_before(connection, day_of(began_at) - LEAD_IN)


async def _rules_before(connection: asyncpg.Connection, first: date) -> None:
    """What the site's rules were when the reading begins: from the log, all that is left of it before."""
    for run in await runs_of_days(connection, date.min, first):
        async with seen(connection, run["day"]):
            for name in STATEMENTS[:3]:
                await connection.execute(query(name), run["epoch"], run["first"] - 1, run["last"], timeout=LONG_S)
    for each in OTHERS[:3]:  # and what it has no longer
        await connection.execute(f"INSERT INTO {SCHEMA}.{each} TABLE public.{each} ON CONFLICT DO NOTHING")


async def runs_of_days(connection: asyncpg.Connection, first: date, last: date) -> list[asyncpg.Record]:
    """The facts of days in [first, last), by day and epoch, in the order in which they happened."""
    found: list[asyncpg.Record] = await connection.fetch(query("runs_of_days"), first, last, timeout=LONG_S)
    return found


@asynccontextmanager
async def seen(connection: asyncpg.Connection, day: date, schema: str = SCHEMA) -> AsyncIterator[None]:
    """The statements read the facts of this day, and write to the tables of this schema."""
    await connection.execute("SET search_path = public")
    await look_at(connection, day)
    await connection.execute(f"SET search_path = {schema}, public")
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute("SET search_path = public")


async def _read(connection: asyncpg.Connection, began_at: int, ends_at: int, tell: Tell | None) -> int:
    """Replay what has not been yet; returns how many facts there are."""
    found = await runs_of_days(
        connection, day_of(began_at) - LEAD_IN, day_of(ends_at - 1) + LEAD_IN + timedelta(days=1)
    )
    stands = {(row["day"], row["epoch"]): row["last"] for row in await connection.fetch(f"TABLE {SCHEMA}.progress")}
    total: int = sum(run["facts"] for run in found)
    done = 0
    for run in found:
        after = stands.get((run["day"], run["epoch"]), run["first"] - 1)
        done += max(0, after - run["first"] + 1)
        if after >= run["last"]:
            continue
        async with seen(connection, run["day"]):
            while after < run["last"]:
                until = min(after + AT_ONCE, run["last"])
                async with connection.transaction():
                    kinds = await connection.fetchval(query("kinds_of_batch"), run["epoch"], after, until)
                    for name in STATEMENTS:
                        if not spoken_of(name).isdisjoint(kinds):
                            await connection.execute(query(name), run["epoch"], after, until, timeout=LONG_S)
                    await connection.execute(
                        f"INSERT INTO {SCHEMA}.progress VALUES ($1, $2, $3) "
                        "ON CONFLICT (day, epoch) DO UPDATE SET last = excluded.last",
                        run["day"], run["epoch"], until,
                    )  # fmt: skip
                done, after = done + until - after, until
                if tell is not None:
                    tell(Progress("reading", min(done, total), total))
    return total


CHUNK: Final = f"""
CREATE TEMPORARY TABLE chunk ON COMMIT DROP AS
SELECT c.id FROM {SCHEMA}.contact AS c
WHERE c.ended_at IS NOT NULL AND c.node IS NOT NULL
    AND c.arrived_at >= instant($1) AND c.arrived_at < instant($2)
    AND (c.arrived_at >= instant($3) OR EXISTS (
        SELECT FROM {SCHEMA}.segment AS s WHERE s.contact = c.id AND s.started_at >= instant($3)))
"""
DIFFERENT: Final = " UNION ".join(
    f"SELECT {KEY.get(each, 'contact')} AS id FROM ("
    f"(SELECT r.* FROM {SCHEMA}.{each} AS r JOIN chunk ON chunk.id = r.{KEY.get(each, 'contact')} "
    f"EXCEPT ALL SELECT r.* FROM public.{each} AS r JOIN chunk ON chunk.id = r.{KEY.get(each, 'contact')}) "
    f"UNION ALL (SELECT r.* FROM public.{each} AS r JOIN chunk ON chunk.id = r.{KEY.get(each, 'contact')} "
    f"EXCEPT ALL SELECT r.* FROM {SCHEMA}.{each} AS r JOIN chunk ON chunk.id = r.{KEY.get(each, 'contact')})"
    ") AS other"
    for each in ROWS
)


async def _compare(
    connection: asyncpg.Connection, began_at: int, ends_at: int, now: int, tell: Tell, trial: bool
) -> Remade:
    """Day by day, by when contacts arrived; the lead-in first, since its contacts may have waited into these days."""
    contacts, differ, figures = 0, 0, 0
    examples: list[str] = []
    lead_in = began_at - DAY_MS
    days = range(lead_in, ends_at, DAY_MS)
    for n, day in enumerate(days, 1):
        until = min(day + DAY_MS, ends_at)
        async with connection.transaction():
            await connection.execute(query("hold_shipping"))
            await _read(connection, began_at, ends_at, None)
            await connection.execute(CHUNK, day, until, began_at, timeout=LONG_S)
            await connection.execute("ANALYZE chunk")
            others = [row["id"] for row in await connection.fetch(DIFFERENT, timeout=LONG_S)]
            contacts += await connection.fetchval("SELECT count(*) FROM chunk")
            if not trial:
                await _replace(connection, others)
                if n == len(days):
                    await _replace_callbacks(connection, began_at, ends_at)
        differ += len(others)
        examples = (examples + sorted(others))[:EXAMPLES]
        tell(Progress("comparing", n, len(days)))
    if not trial:
        figures = await count_days(connection, began_at, ends_at, now)
    return Remade(facts=0, contacts=contacts, differ=differ, examples=tuple(examples), figures=figures)


async def _replace(connection: asyncpg.Connection, contacts: list[str]) -> None:
    for each in ROWS:
        key = KEY.get(each, "contact")
        names = ", ".join(await _columns(connection, each))
        await connection.execute(f"DELETE FROM public.{each} WHERE {key} = ANY ($1)", contacts, timeout=LONG_S)
        await connection.execute(
            f"INSERT INTO public.{each} ({names}) SELECT {names} FROM {SCHEMA}.{each} WHERE {key} = ANY ($1)",
            contacts,
            timeout=LONG_S,
        )


async def _replace_callbacks(connection: asyncpg.Connection, began_at: int, ends_at: int) -> None:
    """Callbacks that were asked for in these days and are over; and what of gaps and rules was not kept."""
    names = await _columns(connection, "callback")
    sets = ", ".join(f"{each} = excluded.{each}" for each in names)
    listed = ", ".join(names)
    await connection.execute(
        f"INSERT INTO public.callback ({listed}) SELECT {listed} FROM {SCHEMA}.callback "
        "WHERE asked_at >= instant($1) AND asked_at < instant($2) AND ended_at IS NOT NULL "
        f"ON CONFLICT (id) DO UPDATE SET {sets}",
        began_at,
        ends_at,
    )
    for each in ("gap", *OTHERS[:3]):
        await connection.execute(f"INSERT INTO public.{each} SELECT * FROM {SCHEMA}.{each} ON CONFLICT DO NOTHING")


async def _columns(connection: asyncpg.Connection, table: str) -> list[str]:
    """Those that are written; a generated one is not."""
    return [row["name"] for row in await connection.fetch(query("columns_written"), table)]


async def count_days(connection: asyncpg.Connection, began_at: int, ends_at: int, now: int) -> int:
    """Count those days anew; returns how many figures are others than before."""
    changed = 0
    await connection.execute("SET search_path = public")
    for first, last in runs(range(began_at // QUARTER_MS * QUARTER_MS, ends_at, QUARTER_MS)):
        async with connection.transaction():
            await connection.execute(query("one_counts"))
            await connection.execute(query("take_changed"), first, last)
            changed += await count_anew(connection, first, last, now, now)
    return changed


def day_of(at: int) -> date:
    """The day of the log (UTC) that `at`, ms UTC, is in."""
    return EPOCH_DAY + timedelta(days=at // DAY_MS)
