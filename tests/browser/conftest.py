"""One browser, one switch and one plane for all tests of this folder; each test has an agent of its own."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from ccplane.asterisk.node import LocalNode
from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.settings import HOME
from ccplane.testing.rtp import AGENT_TONE
from tests.browser.chromium import Chromium, chromium
from tests.browser.desk import CLAIMS, Desk
from tests.centre import Centre, open_centre
from tests.proxy import Proxy, open_proxy
from tests.stack import MakeNode, fresh_database

_agents = itertools.count(1001)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One Chromium for all tests, whose microphone hears the agents' tone."""
    with chromium(tmp_path_factory.mktemp("chromium"), AGENT_TONE) as running:
        yield running


@pytest.fixture(scope="session")
def pages() -> None:
    """The pages as they are now; made now if `make test` has not made them yet."""
    made = subprocess.run([HOME / "web" / "build.sh"], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.fail(f"These tests need the built pages:\n{made.stdout}{made.stderr}", pytrace=False)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo site, with one number more."""
    site = tmp_path_factory.mktemp("site")
    for folder in ("ari_apps", "ivr", "acd", "recordings"):
        shutil.copytree(HOME / folder, site / folder)
    with (site / "acd" / "queues.toml").open("a") as queues:
        queues.write('\n[claims]\nskills = {}\nwrap_up = { time = "20s", extend = "10s", most = "30s" }\n')
    with (site / "ivr" / "numbers.toml").open("a") as numbers:
        numbers.write(f'\n[{CLAIMS}]\nprogram = "straight_to_queue"\nqueue = "claims"\n')
    return site


@pytest.fixture(scope="session")
def node(make_node: MakeNode, tmp_path_factory: pytest.TempPathFactory) -> LocalNode:
    """An Asterisk with the site's own dialplan and, beside it, numbers that ring a browser without a plane."""
    dialplan = tmp_path_factory.mktemp("dialplan")
    for part in (HOME / "dialplan").glob("*.conf"):
        shutil.copy(part, dialplan)
    (dialplan / "direct.conf").write_text("[from-trunk]\nexten => _5XXX,1,Dial(PJSIP/1${EXTEN:1}-web,20)\n")
    node = make_node(dialplan=dialplan)
    asyncio.run(node.start())
    return node


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def line(node: LocalNode) -> AsyncIterator[Proxy]:
    """The network between browsers and switch."""
    async with open_proxy(node.http_port) as proxy:
        yield proxy


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def centre(
    pages: None,
    node: LocalNode,
    line: Proxy,
    site: Path,
    embedded_postgres: EmbeddedPostgres,
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Centre]:
    """A centre whose browsers reach the switch over the line."""
    runtime = tmp_path_factory.mktemp("centre")
    settings = {"CCPLANE_HTTP_PORT": str(line.port), "CCPLANE_DEMO_AGENTS": "40", "CCPLANE_SITE": str(site)}
    async with (
        fresh_database(embedded_postgres, template_database) as database,
        open_centre(node, database, runtime, audio=True, **settings) as centre,
    ):
        yield centre


@pytest_asyncio.fixture(loop_scope="package")
async def desk(browser: Chromium, centre: Centre, line: Proxy) -> AsyncIterator[Desk]:
    """The desk of an agent whom no other test has; it is left in order."""
    agent = str(next(_agents))
    async with browser.window() as window:
        yield Desk(centre, line, agent, window)
    line.mend()
    await centre.set_state(agent, "offline")
