"""What is copied is every table of ours, and nothing else."""

from __future__ import annotations

import asyncpg
import pytest

from ccplane.postgres import copying

pytestmark = pytest.mark.postgres


def test_what_is_copied_is_every_table_that_our_migrations_make():
    """None of them counts by itself: a sequence would have to be copied, too."""
    tables, routines = copying.made_by_migrations()
    assert {"fact", "watermark", "lease", "contact", "agent", "recording", "migration"} <= set(tables)
    assert {"instant", "ms", "latter", "last_known"} <= set(routines)


async def test_every_table_of_a_migrated_database_is_one_that_is_copied(database):
    connection = await asyncpg.connect(database)
    try:
        kinds = await connection.fetch(
            "SELECT relname::text AS name, relkind::text AS kind FROM pg_class "
            "WHERE relnamespace = 'public'::regnamespace AND NOT relispartition AND relkind NOT IN ('i', 'I')"
        )
        routines = await connection.fetch(
            "SELECT DISTINCT proname::text AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        )
    finally:
        await connection.close()
    tables, ours = copying.made_by_migrations()
    assert {(row["name"], row["kind"] in "rp") for row in kinds} == {(name, True) for name in tables}
    assert {row["name"] for row in routines} == set(ours)
