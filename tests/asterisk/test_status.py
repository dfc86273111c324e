"""`ccplane status` while a part is away and after it is back, beside real ones: it says what is so, and no more."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.testing.siplab import rings_for_ever
from tests.asterisk.test_switch_trouble import on_disk
from tests.centre import Centre, open_centre
from tests.postgres.failing import killed
from tests.proxy import Proxy, open_proxy
from tests.stack import MakeNode

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

PART = re.compile(r"^  (\w+) +(ok|AWAY) +([\d.]+) s(?:  (.*))?$", re.MULTILINE)
NO_REASON = re.compile(r"\b(?:reason|why|error|trouble)=(?:''|\"\")?(?=\s|$)", re.MULTILINE)
"""A line of the log that promises words and has none."""


@dataclass
class Parts:
    """What a centre stands on, each of its own, so that it may be ruined."""

    node: LocalNode
    server: EmbeddedPostgres
    ami: Proxy


@asynccontextmanager
async def asterisk_killed(parts: Parts) -> AsyncIterator[None]:
    parts.node.kill()
    await parts.node.wait()
    yield
    await parts.node.start()


@asynccontextmanager
async def postgres_killed(parts: Parts) -> AsyncIterator[None]:
    async with killed(parts.server):
        yield


@asynccontextmanager
async def ami_killed(parts: Parts) -> AsyncIterator[None]:
    parts.ami.cut()
    yield
    parts.ami.mend()


Killed = Callable[[Parts], AbstractAsyncContextManager[None]]
WAYS: dict[str, tuple[Killed, dict[str, str], int]] = {
    "asterisk": (
        asterisk_killed,
        {"ari": "not connected", "ami": "does not answer", "phones": "once Asterisk is connected"},
        1,
    ),
    "postgres": (postgres_killed, {"database": "facts wait in the outbox"}, 0),
    "ami": (ami_killed, {"ami": "does not answer"}, 0),
}
"""How it is killed, which parts are away then and what of them is said, and the command's exit code."""


@pytest.fixture
def server(own_postgres: EmbeddedPostgres) -> EmbeddedPostgres:
    return own_postgres


@pytest.fixture
async def node(make_node: MakeNode) -> AsyncIterator[LocalNode]:
    node = make_node()
    await node.start()
    yield node
    await node.stop()


async def told(centre: Centre) -> tuple[int, dict[str, str], str]:
    """The exit code; what is said of each part that is away, or to be remarked on; all that is said."""
    code, said = await centre.command("status")
    return code, {name: words for name, ok, _, words in PART.findall(said) if ok == "AWAY"}, said


@pytest.mark.parametrize("way", WAYS)
async def test_each_part_that_was_killed_is_named_and_forgotten_once_it_is_back(
    node: LocalNode, server: EmbeddedPostgres, tmp_path: Path, way: str
) -> None:
    """In mid-talk, and the talk was recorded."""
    parts_killed, away, code_while_away = WAYS[way]
    async with (
        open_proxy(node.ami_port) as ami,
        open_centre(node, server.url(), tmp_path, CCPLANE_AMI_PORT=str(ami.port), CCPLANE_QUALIFY_S="2") as centre,
    ):
        await centre.sign_in("1001", "1002")
        phone = centre.lab.phones.phone("1001")
        phone.behaviour = rings_for_ever()
        centre.lab.phones.phone("1002").behaviour = rings_for_ever()
        await centre.set_state("1002", "paused", "a word")
        call = centre.lab.callers.dial("4002", "13800138000")
        (await phone.next_ring()).answer()
        await call.up()
        await centre.agent_is("1001", "talking")
        said: list[tuple[int, dict[str, str], str]] = []

        async def says(code: int, parts: dict[str, str]) -> bool:
            said[:] = [await told(centre)]
            exit_code, shown, _ = said[0]
            same = exit_code == code and shown.keys() == parts.keys()
            return same and all(words in shown[name] for name, words in parts.items())

        def now() -> str:
            return said[0][2] + centre.log()

        await centre.until(lambda: says(0, {}), 20, now)
        await centre.until(lambda: on_disk(node, "1001", "1002"))
        async with parts_killed(Parts(node, server, ami)):
            await centre.until(lambda: says(code_while_away, away), 30, now)
        await centre.until(lambda: says(0, {}), 60, now)
        await centre.agent_is("1001", "ready" if way == "asterisk" else "talking", within=30)
        call.hang_up()
        await centre.contact_of("13800138000", within=30)
        await centre.until(lambda: says(0, {}), 30, now)
        assert "unreachable" not in said[0][2], now()
        assert not (empty := NO_REASON.findall(centre.log())), (empty, centre.log())
