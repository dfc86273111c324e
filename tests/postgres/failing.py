"""Ways for a real Postgres to fail."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import asyncpg

from ccplane.postgres.embedded import EmbeddedPostgres

REFUSING = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'as on a bad day' USING ERRCODE = '{state}'; END $$;
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION refuse();
"""
"""Whoever writes to this table is refused with this SQLSTATE."""


@asynccontextmanager
async def hanging(server: EmbeddedPostgres) -> AsyncIterator[None]:
    """It accepts and never answers, as on a disk that does not come back; then it goes on where it was."""
    with stopped(server):
        yield


@contextmanager
def stopped(server: EmbeddedPostgres) -> Iterator[None]:
    assert server.pid
    os.kill(server.pid, signal.SIGSTOP)  # first the one that makes the others
    family = [server.pid, *_children(server.pid)]
    for pid in family:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@asynccontextmanager
async def killed(server: EmbeddedPostgres) -> AsyncIterator[None]:
    """A crash; then it is started again."""
    server.kill()
    await server.wait()
    yield
    await server.start()


@asynccontextmanager
async def read_only(server: EmbeddedPostgres) -> AsyncIterator[None]:
    """It takes no writes, in no session, as providers do to a database whose disk is almost full."""
    await _tell(server, "ALTER SYSTEM SET default_transaction_read_only = on")
    yield
    await _tell(server, "ALTER SYSTEM RESET default_transaction_read_only")


async def _tell(server: EmbeddedPostgres, statement: str) -> None:
    connection = await asyncpg.connect(server.url("postgres"), server_settings={"default_transaction_read_only": "off"})
    try:
        await connection.execute(statement)
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()


WAYS = {"killed": killed, "hanging": hanging, "read-only": read_only}

PASSWORD = "host"


async def by_password(server: EmbeddedPostgres) -> str:
    """The database's address for a role that needs a password, has the rights of ours, and can be refused."""
    rules = server.data_dir / "cluster" / "pg_hba.conf"
    rules.write_text("local all plane scram-sha-256\n" + rules.read_text())
    await _administer(
        server, f"CREATE ROLE plane LOGIN PASSWORD '{PASSWORD}'", "GRANT ccplane TO plane", "SELECT pg_reload_conf()"
    )
    return f"{server.url().rpartition('&')[0]}&user=plane&password={PASSWORD}"


@asynccontextmanager
async def password_rotated(server: EmbeddedPostgres) -> AsyncIterator[None]:
    """And nobody told us the new one."""
    await _administer(server, "ALTER ROLE plane PASSWORD 'another'", CUT)
    yield
    await _administer(server, f"ALTER ROLE plane PASSWORD '{PASSWORD}'")


@asynccontextmanager
async def rights_revoked(server: EmbeddedPostgres) -> AsyncIterator[None]:
    """It lets us in, and nothing more."""
    await _administer(server, "REVOKE ccplane FROM plane")
    yield
    await _administer(server, "GRANT ccplane TO plane")


@asynccontextmanager
async def database_renamed(server: EmbeddedPostgres) -> AsyncIterator[None]:
    await _administer(server, "ALTER DATABASE ccplane ALLOW_CONNECTIONS off", CUT, RENAME.format("ccplane", "old"))
    yield
    await _administer(server, RENAME.format("old", "ccplane"), "ALTER DATABASE ccplane ALLOW_CONNECTIONS on")


CUT = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"""
RENAME = "ALTER DATABASE {} RENAME TO {}"


async def _administer(server: EmbeddedPostgres, *statements: str) -> None:
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        for each in statements:
            await connection.execute(each)
    finally:
        await connection.close()


REFUSALS = {"password": password_rotated, "rights": rights_revoked, "renamed": database_renamed}
"""A Postgres that is there, and refuses us: the role is that of `by_password`."""
