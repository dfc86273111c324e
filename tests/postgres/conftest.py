"""The test's database, opened."""

from __future__ import annotations

import asyncpg
import pytest

from ccplane.postgres.pool import Database, place


@pytest.fixture
async def db(database):
    """The database, opened."""
    opened = Database(database)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def for_reading(db):
    """Makes the test's database take no writes, for connections made from now on."""
    name = place(db.dsn).rpartition("/")[2]
    server = await asyncpg.connect(db.dsn)

    async def switch(on=True):
        await server.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {"on" if on else "off"}')

    yield switch
    await server.close()


@pytest.fixture
async def without_create(db):
    """Makes the test's database take us for a role that may read and write and create nothing, from the next
    connection on."""
    name = place(db.dsn).rpartition("/")[2]
    role = f"limited_{name}"
    server = await asyncpg.connect(db.dsn)

    async def switch(on=True):
        await server.execute(f'ALTER DATABASE "{name}" {f"SET role = {role}" if on else "RESET role"}')
        await db.close()  # sessions of before keep what they were told
        await db.open()

    await server.execute(f"CREATE ROLE {role}")
    await server.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    await server.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    yield switch
    await switch(False)
    await server.execute(f"DROP OWNED BY {role}")
    await server.execute(f"DROP ROLE {role}")
    await server.close()
