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
