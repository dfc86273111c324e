"""A database with the schema, per test."""

from __future__ import annotations

import pytest

from ccplane.postgres.migrate import migrate
from ccplane.postgres.pool import Database


@pytest.fixture(scope="session")
def prepare_template():
    return migrate


@pytest.fixture
async def db(database):
    """The database, opened."""
    opened = Database(database)
    await opened.open()
    yield opened
    await opened.close()
