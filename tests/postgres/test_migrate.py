"""A database is brought to the schema of this version, once, and never half."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from ccplane.errors import StoreError
from ccplane.postgres import migrate as runner
from ccplane.postgres.migrate import Migration, migrate, migrations, pending

pytestmark = pytest.mark.postgres


@pytest.fixture
async def bare(embedded_postgres):
    """A database without a schema."""
    connection = await asyncpg.connect(embedded_postgres.url("postgres"))
    await connection.execute("DROP DATABASE IF EXISTS bare")
    await connection.execute("CREATE DATABASE bare")
    yield embedded_postgres.url("bare")
    await connection.execute("DROP DATABASE bare WITH (FORCE)")
    await connection.close()


async def value(dsn, sql):
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_all_are_applied_in_order_and_then_none(bare):
    names = [each.name for each in migrations()]
    assert names == sorted(names)
    assert await pending(bare) == names
    assert await migrate(bare) == names
    assert await migrate(bare) == []
    assert await pending(bare) == []


async def test_where_nothing_is_missing_no_right_to_create_is_needed(db, without_create):
    await without_create()
    assert await migrate(db.dsn) == []


async def test_a_right_that_is_missing_is_no_fault_of_the_file(db, without_create, monkeypatch):
    """It counts as away, like every refusal of us: a plane goes on without what that file brings."""
    more = Migration("9999_more.sql", "CREATE TABLE more (id int);\n")
    all_of_them = [*migrations(), more]
    monkeypatch.setattr(runner, "migrations", lambda: all_of_them)
    await without_create()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await migrate(db.dsn)
    await without_create(False)
    assert await migrate(db.dsn) == ["9999_more.sql"]


async def test_two_planes_may_do_it_at_once(bare):
    done = await asyncio.gather(migrate(bare), migrate(bare), migrate(bare))
    assert sorted(map(len, done)) == [0, 0, len(migrations())]


async def test_a_failing_one_says_file_line_and_statement_and_leaves_nothing(bare, monkeypatch):
    bad = Migration(
        "9999_bad.sql", "CREATE TABLE good (id int);\n\nCREATE TABLE bad (\n    id nonsense\n);\nSELECT 1;\n"
    )
    monkeypatch.setattr(runner, "migrations", lambda: [bad])
    with pytest.raises(StoreError, match=r'9999_bad.sql:4: type "nonsense" does not exist') as caught:
        await migrate(bare)
    assert caught.value.facts["statement"].startswith("CREATE TABLE bad")
    assert await value(bare, "SELECT to_regclass('good')") is None
    assert await value(bare, "SELECT count(*) FROM migration") == 0


async def test_a_file_changed_afterwards_is_refused(bare, monkeypatch):
    await migrate(bare)
    first, *rest = migrations()
    monkeypatch.setattr(runner, "migrations", lambda: [Migration(first.name, first.sql + "-- more\n"), *rest])
    with pytest.raises(StoreError, match=f"{first.name} was changed") as caught:
        await migrate(bare)
    assert caught.value.code == "migration-changed"


async def test_the_database_of_a_newer_version_is_refused(bare, monkeypatch):
    await migrate(bare)
    monkeypatch.setattr(runner, "migrations", lambda: migrations()[:1])
    with pytest.raises(StoreError, match="newer ccplane") as caught:
        await migrate(bare)
    assert caught.value.code == "migration-unknown"


async def test_no_postgres_is_said_in_one_sentence(tmp_path):
    with pytest.raises(StoreError, match=f"Postgres at {tmp_path}/x cannot be reached") as caught:
        await migrate(f"postgresql:///x?host={tmp_path}")
    assert caught.value.code == "postgres-unreachable"
