"""The test's database, opened."""

from __future__ import annotations

import pytest

from ccplane.postgres.pool import Database


@pytest.fixture
async def db(database):
    opened = Database(database)
    await opened.open()
    yield opened
    await opened.close()
