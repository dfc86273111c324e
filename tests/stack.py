"""Fixtures of the real things: a private Asterisk and an embedded Postgres, started once for all tests.

Both are plain processes that belong to no event loop, so a session's fixture starts them with `asyncio.run` and each
test uses them from its own loop. What cannot be had fails loudly: a test that was skipped in silence proves nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.asterisk.prompts import render_all
from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.postgres.migrate import migrate
from ccplane.site import parse, read
from tests.asterisk.sounds import cut
from tests.ports import free_port, node_ports

MakeNode = Callable[..., LocalNode]
_count = itertools.count(1)


@pytest.fixture(scope="session")
def asterisk_root() -> Path:
    """The private Debian root; made now if `make test` has not made it yet."""
    root = Path(os.environ.get("CCPLANE_ASTERISK_ROOT", HOME / ".runtime" / "asterisk-root"))
    made = subprocess.run([HOME / "asterisk-docker" / "install.sh", "root", root], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.fail(f"These tests need the private Asterisk root in {root}:\n{made.stdout}{made.stderr}", pytrace=False)
    return root


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all that the demo's site says. Planes find it in their nodes' and need not have it spoken again, for
    two seconds each: a file's name follows from its text."""
    folder = tmp_path_factory.mktemp("spoken")
    asyncio.run(render_all(parse(read(HOME)).all_prompts(), folder, HOME))
    return folder


@pytest.fixture(scope="session")
def make_node(asterisk_root: Path, spoken: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeNode]:
    """Makes nodes (not started) on free ports, each with a folder of its own; all are ended with the session."""
    nodes: list[LocalNode] = []
    queues = parse(read(HOME)).rules.queues.values()

    def make(**options: object) -> LocalNode:
        options.setdefault("ports", node_ports())
        options.setdefault("trunk", f"127.0.0.1:{free_port()}")
        options.setdefault("trunk_qualify_s", 0)  # each test has an outside world of its own
        options.setdefault("directory", tmp_path_factory.mktemp("node"))
        options.setdefault("queues", queues)
        nodes.append(LocalNode(asterisk_root, **options))  # type: ignore[arg-type]
        shutil.copytree(spoken, nodes[-1].sounds_dir, dirs_exist_ok=True)
        return nodes[-1]

    yield make
    for node in nodes:
        asyncio.run(node.stop())


@pytest.fixture(scope="session")
def shared_node(make_node: MakeNode) -> LocalNode:
    """One running Asterisk for all tests that neither stop nor break it; leave it as you found it."""
    node = make_node()
    asyncio.run(node.start())
    return node


@pytest.fixture
def brief(shared_node: LocalNode, spoken: Path) -> Iterator[None]:
    """What is said takes two seconds, where a test but waits for its end; menus, which a caller interrupts, as ever."""
    for path in spoken.rglob("*.wav"):
        cut(path, shared_node.sounds_dir / path.relative_to(spoken), longest=2, unless_over=7)
    yield
    shutil.copytree(spoken, shared_node.sounds_dir, dirs_exist_ok=True)


@pytest.fixture
async def local_node(shared_node: LocalNode) -> LocalNode:
    """The shared Asterisk, running, even if the test before killed it."""
    if not shared_node.running:
        await shared_node.start()
    return shared_node


@pytest.fixture(scope="session")
def embedded_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One running Postgres without durability, for all tests that neither stop nor break it."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), durable=False)
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture(scope="session")
def template_database(embedded_postgres: EmbeddedPostgres) -> str:
    """The name of a database that is migrated once and copied for each test (a copy takes some 30 ms)."""
    name = f"template_{next(_count)}"

    async def make() -> None:
        await _administer(embedded_postgres, f'CREATE DATABASE "{name}"')
        await migrate(embedded_postgres.url(name))

    asyncio.run(make())
    return name


@pytest.fixture
async def database(embedded_postgres: EmbeddedPostgres, template_database: str) -> AsyncIterator[str]:
    """The address of a fresh database of the test's own."""
    async with fresh_database(embedded_postgres, template_database) as address:
        yield address


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a Postgres that was made, migrated and ended once: a copy of it spares a server its initdb."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("cluster"), durable=False)

    async def make() -> None:
        await migrate(await server.start())
        await server.stop()

    asyncio.run(make())
    return server.data_dir / "cluster"


def copy_cluster(cluster: Path, data_dir: Path) -> Path:
    """The folder of a server that finds everything made when it starts."""
    data_dir.mkdir(parents=True)
    subprocess.run(["cp", "-a", cluster, data_dir / "cluster"], check=True)
    return data_dir


@asynccontextmanager
async def a_postgres(cluster: Path, folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A running Postgres with its data in this folder; its database is migrated."""
    server = EmbeddedPostgres(copy_cluster(cluster, folder), durable=False)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@pytest.fixture
async def own_postgres(cluster: Path, tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A running Postgres that the test may ruin."""
    async with a_postgres(cluster, tmp_path / "postgres") as server:
        yield server


@asynccontextmanager
async def fresh_database(server: EmbeddedPostgres, template: str) -> AsyncIterator[str]:
    """The address of a database that is gone afterwards."""
    name = f"test_{next(_count)}"
    await _administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    yield server.url(name)
    await _administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _administer(server: EmbeddedPostgres, statement: str) -> None:
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
