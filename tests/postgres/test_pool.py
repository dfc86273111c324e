"""Every way in which Postgres can't be reached says what is wrong."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from ccplane.errors import StoreError
from ccplane.postgres.pool import Database, as_store_error, is_away, place
from tests.ports import free_ports


async def refused(dsn):
    database = Database(dsn)
    await database.open()
    try:
        with pytest.raises(StoreError) as caught:
            await database.check()
        assert not database.reachable
        return caught.value
    finally:
        await database.close()


async def test_a_socket_that_is_not_there(tmp_path):
    error = await refused(f"postgresql:///x?host={tmp_path}")
    assert error.code == "postgres-unreachable"
    assert str(tmp_path) in error.sentence


async def test_a_port_where_nobody_listens():
    [port] = free_ports()
    error = await refused(f"postgresql://u:secret@127.0.0.1:{port}/x")
    assert error.code == "postgres-unreachable"
    assert f"127.0.0.1:{port}/x" in error.sentence
    assert "secret" not in error.sentence


async def test_a_server_that_says_nothing(monkeypatch):
    monkeypatch.setattr("ccplane.postgres.pool.CONNECT_WITHIN", 0.2)
    silent = []
    server = await asyncio.start_server(lambda reader, writer: silent.append(writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    error = await refused(f"postgresql://u@127.0.0.1:{port}/x")
    assert error.code == "postgres-unreachable"
    assert error.sentence.endswith("cannot be reached: it does not answer (TimeoutError)")
    for writer in silent:
        writer.close()
    server.close()
    await server.wait_closed()


@pytest.mark.postgres
async def test_a_database_that_does_not_exist(embedded_postgres):
    error = await refused(embedded_postgres.url("nowhere"))
    assert error.code == "postgres-refuses-us"
    assert "does not exist" in error.sentence


@pytest.mark.postgres
async def test_the_pool_lives_through_the_loss_of_its_connections(db):
    async with db.connection() as connection:
        own = await connection.fetchval("SELECT pg_backend_pid()")
    other = await db.connect()

    async def lose():
        async with db.connection() as connection:
            await other.execute("SELECT pg_terminate_backend($1)", own)
            await connection.execute("SELECT pg_sleep(5)")

    with pytest.raises(StoreError) as caught:
        await lose()
    assert caught.value.code == "postgres-unreachable"
    await db.check()
    assert db.reachable
    await other.close()


@pytest.mark.postgres
async def test_a_statement_that_fails_is_refused_and_not_unreachable(db):
    with pytest.raises(StoreError) as caught:
        async with db.connection() as connection:
            await connection.execute("SELECT 1 / 0")
    assert (caught.value.code, caught.value.facts["sqlstate"]) == ("postgres-refused", "22012")
    assert db.reachable


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (asyncpg.TooManyConnectionsError, "postgres-unreachable"),
        (asyncpg.OutOfMemoryError, "postgres-unreachable"),
        (asyncpg.QueryCanceledError, "postgres-unreachable"),
        (asyncpg.CannotConnectNowError, "postgres-unreachable"),
        (asyncpg.AdminShutdownError, "postgres-unreachable"),
        (asyncpg.PostgresIOError, "postgres-unreachable"),
        (asyncpg.DeadlockDetectedError, "postgres-unreachable"),
        (asyncpg.IdleInTransactionSessionTimeoutError, "postgres-unreachable"),
        (asyncpg.InterfaceError, "postgres-unreachable"),
        (ConnectionResetError, "postgres-unreachable"),
        (asyncpg.ReadOnlySQLTransactionError, "postgres-read-only"),
        (asyncpg.DiskFullError, "postgres-full"),
        (asyncpg.InvalidPasswordError, "postgres-refuses-us"),
        (asyncpg.InvalidAuthorizationSpecificationError, "postgres-refuses-us"),
        (asyncpg.InsufficientPrivilegeError, "postgres-refuses-us"),
        (asyncpg.InvalidCatalogNameError, "postgres-refuses-us"),
    ],
)
def test_a_postgres_that_cannot_do_it_now_is_away_for_us(fault, code):
    """It said no, but not to what we asked: the same may go well in a moment, or at another server."""
    error = as_store_error(fault("so it is"), "postgresql:///x")
    assert (error.code, is_away(error)) == (code, True)


@pytest.mark.parametrize(
    "fault",
    [asyncpg.UndefinedTableError, asyncpg.DivisionByZeroError, ValueError],
)
def test_a_postgres_that_says_no_to_what_we_asked_is_not_away(fault):
    error = as_store_error(fault("so it is"), "postgresql:///x")
    assert (error.code, is_away(error)) == ("postgres-refused", False)


@pytest.mark.postgres
async def test_a_postgres_that_hangs_is_away_within_seconds(db, monkeypatch):
    """Whoever asks over the pool is told in time, and the connection on which it hung is not used again."""
    monkeypatch.setattr("ccplane.postgres.pool.ANSWER_WITHIN", 0.1)
    other = Database(db.dsn, max_size=1)
    await other.open()
    with pytest.raises(StoreError) as caught:
        async with other.connection() as connection:
            await connection.execute("SELECT pg_sleep(60)")
    assert caught.value.code == "postgres-unreachable"
    assert not other.reachable
    await other.check()
    assert other.reachable
    await other.close()


async def test_a_database_that_was_not_opened_says_so():
    with pytest.raises(StoreError) as caught:
        await Database("postgresql:///x").check()
    assert caught.value.code == "postgres-not-opened"


def test_an_address_is_shown_without_its_password():
    assert place("postgresql://user:secret@db.example:5433/ccplane") == "db.example:5433/ccplane"
    assert place("postgresql:///ccplane?host=%2Frun%2Fpg&user=x") == "/run/pg/ccplane"
    assert place("postgresql://user:secret@one:5432,two:5433/ccplane") == "one:5432,two:5433/ccplane"
    assert "secret" not in place("postgresql://user:secret#1@db.example/ccplane")
