from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bench.rtp import AGENT_TONE
from ccplane.asterisk.node import LocalNode
from ccplane.settings import HOME
from tests.browser.chromium import Chromium, chromium
from tests.centre import Centre, open_centre
from tests.proxy import Proxy, open_proxy
from tests.stack import MakeNode


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One Chromium for all tests, whose microphone hears the agents' tone."""
    with chromium(tmp_path_factory.mktemp("chromium"), AGENT_TONE) as running:
        yield running


@pytest.fixture(scope="session")
def node(make_node: MakeNode, tmp_path_factory: pytest.TempPathFactory) -> LocalNode:
    """An Asterisk with the site's own dialplan and, beside it, a number that rings a browser without a plane."""
    dialplan = tmp_path_factory.mktemp("dialplan")
    for part in (HOME / "dialplan").glob("*.conf"):
        shutil.copy(part, dialplan)
    (dialplan / "direct.conf").write_text("[from-trunk]\nexten => 5001,1,Dial(PJSIP/1001-web,20)\n")
    node = make_node(dialplan=dialplan)
    asyncio.run(node.start())
    return node


@pytest.fixture
async def centre(pages: None, node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(node, database, tmp_path, audio=True) as centre:
        yield centre


@pytest.fixture
async def proxy(node: LocalNode) -> AsyncIterator[Proxy]:
    """The network between browser and switch."""
    async with open_proxy(node.http_port) as proxy:
        yield proxy


@pytest.fixture
async def remote(pages: None, node: LocalNode, proxy: Proxy, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    """A centre whose browsers reach the switch through the proxy."""
    async with open_centre(node, database, tmp_path, audio=True, CCPLANE_HTTP_PORT=str(proxy.port)) as centre:
        yield centre


@pytest.fixture(scope="session")
def pages() -> None:
    """The pages as they are now; made now if `make test` has not made them yet."""
    made = subprocess.run([HOME / "web" / "build.sh"], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.fail(f"These tests need the built pages:\n{made.stdout}{made.stderr}", pytrace=False)
