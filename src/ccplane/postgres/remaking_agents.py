"""Agents' states of some days, made again from the log: beside what is kept, compared with it, and then in its place.

An agent's state follows from all facts of theirs before it; those of the month before are read. Whose state at the
beginning of the days comes out otherwise than it is kept, or of whose wish or phone these tell nothing, is left alone
and told: what it follows from may lie further back, or not be in the log any more.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import asyncpg
import msgspec

from ccplane.errors import RequestError
from ccplane.postgres.history import SliceStore
from ccplane.postgres.pool import DATABASE_ERRORS, Database, as_store_error
from ccplane.postgres.queries import query
from ccplane.postgres.remaking import (
    AT_ONCE,
    LEAD_IN,
    LONG_S,
    Progress,
    Tell,
    alone,
    count_days,
    day_of,
    runs_of_days,
    seen,
)
from ccplane.postgres.store import spoken_of

SCHEMA: Final = "remade_agents"
TABLES: Final = ("agent_interval", "agent_axes", "node_away")
STATEMENT: Final = "apply_agents"
BEFORE: Final = timedelta(days=31)
MAKE: Final = f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA};" + "".join(
    f"CREATE UNLOGGED TABLE {SCHEMA}.{each} (LIKE public.{each} INCLUDING ALL);" for each in TABLES
)


class RemadeAgents(msgspec.Struct, frozen=True, kw_only=True):
    """`differ`: agents whose states were others; `left`: those that can't be told from the log; `figures`: intervals of
    groups whose counters changed, 0 in a trial."""

    facts: int
    agents: int
    differ: tuple[str, ...]
    left: tuple[str, ...]
    figures: int


async def remake_agents(
    database: Database, began_at: int, ends_at: int, now: int, tell: Tell, trial: bool = False
) -> RemadeAgents:
    """Of states that began in [began_at, ends_at), ms UTC, and of the one that was on then; `trial`: only compare.
    RequestError "busy", "not-over"; StoreError: no Postgres. After an interruption it begins anew."""
    if ends_at > now:
        raise RequestError("not-over", "Those days are not over: their figures are counted as they come.")
    connection = await database.connect()
    try:
        await alone(connection)
        await connection.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        await SliceStore(database).count(now)
        await connection.execute(MAKE)
        stands: dict[tuple[object, int], int] = {}
        facts = await _read(connection, began_at, ends_at, stands, tell)
        await connection.execute("; ".join(f"ANALYZE {SCHEMA}.{each}" for each in TABLES))
        first = day_of(began_at) - BEFORE
        told = [row["agent"] for row in await connection.fetch(query("agents_told"), began_at, first, timeout=LONG_S)]
        async with connection.transaction():
            await connection.execute(query("hold_shipping"))
            await _read(connection, began_at, ends_at, stands, None)
            await connection.execute(query("agents_remade"), began_at, ends_at, told, first, timeout=LONG_S)
            left = tuple(row["agent"] for row in await connection.fetch(query("agents_left")))
            differ = tuple(
                row["agent"]
                for row in await connection.fetch(query("agents_that_differ"), began_at, ends_at, timeout=LONG_S)
            )
            agents: int = await connection.fetchval("SELECT count(DISTINCT agent) FROM agent_remade")
            if not trial:
                for name in ("end_state_that_was_on", "drop_states_of_agents", "take_states_of_agents"):
                    await connection.execute(query(name), began_at, ends_at, list(differ), timeout=LONG_S)
        figures = 0 if trial or not differ else await count_days(connection, began_at, ends_at, now)
        await connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
        return RemadeAgents(facts=facts, agents=agents, differ=differ, left=left, figures=figures)
    except DATABASE_ERRORS as error:
        raise as_store_error(error, database.dsn) from error
    finally:
        connection.terminate()


async def _read(
    connection: asyncpg.Connection,
    began_at: int,
    ends_at: int,
    stands: dict[tuple[object, int], int],
    tell: Tell | None,
) -> int:
    """Replay what has not been yet, as `stands` knows; returns how many facts there are."""
    first, last = day_of(began_at) - BEFORE, day_of(ends_at - 1) + LEAD_IN + timedelta(days=1)
    found = await runs_of_days(connection, first, last)
    total: int = sum(run["facts"] for run in found)
    done, ours = 0, spoken_of(STATEMENT)
    for run in found:
        key = run["day"], run["epoch"]
        after = stands.get(key, run["first"] - 1)
        done += max(0, after - run["first"] + 1)
        if after >= run["last"]:
            continue
        async with seen(connection, run["day"], SCHEMA):
            while after < run["last"]:
                until = min(after + AT_ONCE, run["last"])
                kinds = await connection.fetchval(query("kinds_of_batch"), run["epoch"], after, until)
                if not ours.isdisjoint(kinds):
                    await connection.execute(query(STATEMENT), run["epoch"], after, until, timeout=LONG_S)
                done, after = done + until - after, until
                if tell is not None:
                    tell(Progress("reading", min(done, total), total))
        stands[key] = after
    return total
