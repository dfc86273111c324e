"""Who is measured. Each peer has an Asterisk of its own with the same base configuration; all are up at once.

All are asked for the same: callers who dial 4002 wait with music, the longest idle agent's phone rings.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.asterisk.ports import NodePorts
from ccplane.child import Child
from ccplane.errors import SetupError

NUMBER: Final = "4002"
QUEUE: Final = "support"
RTP: Final = {"floor": (10_000, 16_999), "app_queue": (17_000, 23_999), "ccplane": (24_000, 30_999)}
"""First and last port. 3,000 callers may wait at once, each with two ports; the kernel's own choices begin above."""
READY_WITHIN: Final = 60.0

PHONE: Final = """
[{user}]
type = endpoint
context = from-phones
disallow = all
allow = ulaw
direct_media = no
dtmf_mode = rfc4733
rtp_symmetric = yes
rewrite_contact = yes
auth = {user}
aors = {user}

[{user}]
type = auth
auth_type = userpass
username = {user}
password = {secret}

[{user}]
type = aor
max_contacts = 1
remove_existing = yes
qualify_frequency = 15
"""

APP_QUEUE: Final = f"""
[{QUEUE}]
strategy = rrmemory
autofill = yes
ringinuse = no
timeout = 15
retry = 0
wrapuptime = 0
joinempty = yes
leavewhenempty = no
announce-frequency = 0
"""

DIALPLAN: Final = {
    "app_queue": f"[from-trunk]\nexten => {NUMBER},1,Answer(0,i)\n same => n,Queue({QUEUE})\n same => n,Hangup(16)\n",
    "floor": f"[from-trunk]\nexten => {NUMBER},1,Stasis(floor)\n same => n,Hangup(16)\n",
}


class Peer(Protocol):
    """What the bench needs of whatever stands behind the switch."""

    name: str
    node: LocalNode

    @property
    def pids(self) -> Sequence[int | None]:
        """All that it runs on: its Asterisk, and what steers that. Their children are counted with them."""
        ...

    async def start(self) -> None: ...

    async def secrets(self, agents: Sequence[str]) -> dict[str, str]:
        """The phones' accounts."""
        ...

    async def sign_in(self, agents: Sequence[str]) -> None:
        """From now on these, and only these, take calls."""
        ...

    async def stop(self) -> None:
        """Whatever of it was started; harmless if nothing was, or a second time."""
        ...


def free_port() -> int:
    """One that was free a moment ago, for UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            try:
                tcp.bind(udp.getsockname())
            except OSError:
                continue
            return int(udp.getsockname()[1])


def a_node(
    root: Path, directory: Path, rtp: tuple[int, int], extra: dict[str, str] | None = None, dialplan: str = ""
) -> LocalNode:
    """A node with the base configuration; `extra` is added to its files by name, `dialplan` replaces the site's."""
    ports = NodePorts(sip=free_port(), http=free_port(), ami=free_port(), rtp_first=rtp[0], rtp_last=rtp[1])
    shutil.rmtree(directory, ignore_errors=True)
    if not dialplan:
        return LocalNode(root, directory, ports=ports, rtp_timeout=0)
    templates, own = directory / "templates", directory / "dialplan"
    shutil.copytree(HOME / "asterisk-docker" / "etc", templates)
    for name, text in (extra or {}).items():
        with (templates / name).open("a") as file:
            file.write(text)
    own.mkdir()
    (own / "bench.conf").write_text(dialplan)
    return LocalNode(root, directory, ports=ports, rtp_timeout=0, templates=templates, dialplan=own)


async def channels_left(node: LocalNode, within: float = 5.0) -> int:
    """What the switch itself still holds when all calls should be over."""
    deadline = asyncio.get_running_loop().time() + within
    while True:
        if not node.running:
            raise SetupError("bench-asterisk-ended", f"Asterisk has ended; see {node.log_dir}, and dmesg for a crash.")
        said = await node.cli("core show channels count")
        left = int(said.split(" active channel")[0].split()[-1])
        if not left or asyncio.get_running_loop().time() > deadline:
            return left
        await asyncio.sleep(0.2)


def _accounts(agents: Sequence[str]) -> dict[str, str]:
    return {agent: secrets.token_hex(8) for agent in agents}


def _pjsip(accounts: dict[str, str]) -> str:
    return "".join(PHONE.format(user=user, secret=secret) for user, secret in accounts.items())


class AppQueue:
    """Asterisk's own queue, set up as fast as it goes: autofill, no retry pause, members that are plain phones."""

    name = "app_queue"

    def __init__(self, root: Path, directory: Path, agents: Sequence[str]) -> None:
        self._accounts = _accounts(agents)
        extra = {"pjsip.conf": _pjsip(self._accounts), "queues.conf": APP_QUEUE}
        self.node = a_node(root, directory, RTP[self.name], extra, DIALPLAN[self.name])
        self._members: set[str] = set()

    @property
    def pids(self) -> Sequence[int | None]:
        return [self.node.pid]

    async def start(self) -> None:
        await self.node.start()

    async def secrets(self, agents: Sequence[str]) -> dict[str, str]:
        return {agent: self._accounts[agent] for agent in agents}

    async def sign_in(self, agents: Sequence[str]) -> None:
        for agent in sorted(set(agents) - self._members):
            await self._cli(f"queue add member PJSIP/{agent} to {QUEUE}")
        for agent in sorted(self._members - set(agents)):
            await self._cli(f"queue remove member PJSIP/{agent} from {QUEUE}")
        self._members = set(agents)

    async def _cli(self, command: str) -> None:
        said = await self.node.cli(command)
        if "Added" not in said and "Removed" not in said:
            raise SetupError("bench-app-queue", f"`{command}` said: {said}")

    async def stop(self) -> None:
        await self.node.stop()


class BareLoop:
    """bench.switching.floor, in a process of its own."""

    name = "floor"

    def __init__(self, root: Path, directory: Path, agents: Sequence[str]) -> None:
        self._accounts = _accounts(agents)
        extra = {"pjsip.conf": _pjsip(self._accounts)}
        self.node = a_node(root, directory, RTP[self.name], extra, DIALPLAN[self.name])
        self._child = Child(directory / "floor.json")
        self._log = directory / "floor.log"

    @property
    def pids(self) -> Sequence[int | None]:
        return [self.node.pid, self._child.pid]

    async def start(self) -> None:
        await self.node.start()

    async def secrets(self, agents: Sequence[str]) -> dict[str, str]:
        return {agent: self._accounts[agent] for agent in agents}

    async def sign_in(self, agents: Sequence[str]) -> None:
        await self._child.stop()
        self._log.unlink(missing_ok=True)
        node = self.node
        self._child.start(
            [sys.executable, "-m", "bench.switching.floor", node.ari_url, node.ari_username, node.ari_password,
             ",".join(agents)],
            log=self._log,
        )  # fmt: skip
        await until(lambda: "ready" in self._log.read_text(), self._child)

    async def stop(self) -> None:
        await self._child.stop()
        await self.node.stop()


async def until(ready: Callable[[], bool | Awaitable[bool]], child: Child) -> None:
    """Polls what nothing tells us; raises as soon as the process has ended."""
    deadline = asyncio.get_running_loop().time() + READY_WITHIN
    while True:
        answer = ready()
        if answer if isinstance(answer, bool) else await answer:
            return
        if not child.running or asyncio.get_running_loop().time() > deadline:
            raise SetupError("bench-peer", f"a peer did not get ready: see the log beside {child.record}")
        await asyncio.sleep(0.05)
