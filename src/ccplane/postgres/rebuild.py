"""Makes the projections anew from the facts: after a query of theirs was changed, or to prove that they say no more.

They can say more than the facts that are left, once retention has dropped days: then only what those facts say is
made. In one transaction, with shipping held up (facts wait in the outbox): all is as before or all is new.
"""

from __future__ import annotations

from typing import Final

import asyncpg

from ccplane.postgres.pool import DATABASE_ERRORS, Database, as_store_error
from ccplane.postgres.queries import query
from ccplane.postgres.store import PROJECTIONS, look_at

ROWS: Final = tuple(each for each in PROJECTIONS if each != "apply_quarters")
"""What made rows say is counted once all of them are there."""
AT_ONCE: Final = 100_000
"""Facts. All happens in one transaction, in which what is replaced is not cleared away: of a row that each batch
changes (an agent's axes) as many lie there as there were batches, and each is stepped over."""
LONG: Final = 3_600.0


async def rebuild(database: Database) -> int:
    """Returns how many facts were read."""
    connection = await database.connect()
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL statement_timeout = 0")
            await connection.execute(query("hold_shipping"))
            await connection.execute(query("empty_projections"))
            runs = await connection.fetch(query("runs_of_facts"), timeout=LONG)
            for run in runs:
                await _replay(connection, run)
            await connection.execute(query("all_quarters"))
    except DATABASE_ERRORS as error:
        raise as_store_error(error, database.dsn) from error
    finally:
        connection.terminate()
    return sum(run["facts"] for run in runs)


async def _replay(connection: asyncpg.Connection, run: asyncpg.Record) -> None:
    """The facts of one day and epoch."""
    await look_at(connection, run["day"])
    for after in range(run["first"] - 1, run["last"], AT_ONCE):
        for name in ROWS:
            await connection.execute(query(name), run["epoch"], after, min(after + AT_ONCE, run["last"]))
