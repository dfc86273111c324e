"""Two databases: that of a place that lives, and an empty one for its copy."""

from __future__ import annotations

import pytest

from tests.backup.places import Place, an_empty_database


@pytest.fixture
async def place(database, tmp_path):
    """A place with a runtime folder and a database of its own."""
    return Place(tmp_path / "place", database)


@pytest.fixture
async def fresh(embedded_postgres, tmp_path):
    """A place in which nothing is yet, not even a schema."""
    async with an_empty_database(embedded_postgres) as dsn:
        yield Place(tmp_path / "fresh", dsn)
