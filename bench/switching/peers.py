"""Who is measured. Each peer gets an Asterisk of its own with the same base configuration and nothing left over.

All are asked for the same: callers who dial 4002 wait with music, the longest idle agent's phone rings.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import httpx

from ccplane.asterisk.node import HOME, LocalNode, NodePorts
from ccplane.child import Child
from ccplane.errors import SetupError
from ccplane.postgres.embedded import EmbeddedPostgres

NUMBER: Final = "4002"
QUEUE: Final = "support"
RTP: Final = (10_000, 19_999)
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

SITE_QUEUES: Final = (QUEUE, "sales", "anyone")
SITE_QUEUE: Final = """[{queue}]
strategy = "longest-idle"
wrap_up  = "0s"
answer   = {{ percent = 80, within = "20s" }}
skills   = {{}}
"""

DIALPLAN: Final = {
    "app_queue": f"[from-trunk]\nexten => {NUMBER},1,Answer(0,i)\n same => n,Queue({QUEUE})\n same => n,Hangup(16)\n",
    "floor": f"[from-trunk]\nexten => {NUMBER},1,Stasis(floor)\n same => n,Hangup(16)\n",
}


class Peer(Protocol):
    """What the bench needs of whatever stands behind the switch."""

    name: str
    node: LocalNode

    async def start(self) -> None: ...

    async def secrets(self, agents: Sequence[str]) -> dict[str, str]:
        """The phones' accounts."""
        ...

    async def sign_in(self, agents: Sequence[str]) -> None:
        """From now on these, and only these, take calls."""
        ...

    async def stop(self) -> None: ...


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


def a_node(root: Path, directory: Path, extra: dict[str, str] | None = None, dialplan: str = "") -> LocalNode:
    """A node with the base configuration; `extra` is added to its files by name, `dialplan` replaces the site's."""
    ports = NodePorts(sip=free_port(), http=free_port(), ami=free_port(), rtp_first=RTP[0], rtp_last=RTP[1])
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
        self.node = a_node(root, directory, extra, DIALPLAN[self.name])
        self._members: set[str] = set()

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
        self.node = a_node(root, directory, {"pjsip.conf": _pjsip(self._accounts)}, DIALPLAN[self.name])
        self._child = Child(directory / "floor.json")
        self._log = directory / "floor.log"

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


def a_site(directory: Path) -> Path:
    """The demo site with queues of the bench's own: wrap-up 0, whatever the demo's may become."""
    shutil.rmtree(directory, ignore_errors=True)
    for folder in ("dialplan", "ari_apps", "ivr", "acd"):
        shutil.copytree(HOME / folder, directory / folder)
    (directory / "acd" / "queues.toml").write_text("".join(SITE_QUEUE.format(queue=queue) for queue in SITE_QUEUES))
    return directory


class Plane:
    """ccplane as an operator runs it, with its facts going to a Postgres that really syncs to disk."""

    name = "ccplane"

    def __init__(self, root: Path, directory: Path, agents: Sequence[str]) -> None:
        self.node = a_node(root, directory / "node")
        self.postgres = EmbeddedPostgres(directory / "postgres")
        self._directory, self._agents = directory, list(agents)
        self._port = free_port()
        self._token = secrets.token_urlsafe(16)
        self._child = Child(directory / "plane.json")
        self._log = directory / "plane.log"
        self._ready: set[str] = set()
        self.http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self._port}", headers={"Authorization": f"Bearer {self._token}"}, timeout=30.0
        )

    @property
    def pid(self) -> int:
        assert self._child.pid is not None, "the plane has ended"
        return self._child.pid

    async def start(self) -> None:
        shutil.rmtree(self._directory / "postgres", ignore_errors=True)
        await asyncio.gather(self.node.start(), self.postgres.start())
        self._log.unlink(missing_ok=True)
        self._child.start([sys.executable, "-m", "ccplane", "run"], log=self._log, environment=self._environment())
        await until(self._is_ready, self._child)

    def _environment(self) -> dict[str, str]:
        node = self.node
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("CCPLANE_")},
            "CCPLANE_ARI_URL": node.ari_url,
            "CCPLANE_ARI_USERNAME": node.ari_username,
            "CCPLANE_ARI_PASSWORD": node.ari_password,
            "CCPLANE_DATABASE_URL": self.postgres.url(),
            "CCPLANE_RUNTIME": str(self._directory / "runtime"),
            "CCPLANE_SITE": str(a_site(self._directory / "site")),
            "CCPLANE_SOUNDS": str(node.sounds_dir),
            "CCPLANE_SIP_PORT": str(node.sip_port),
            "CCPLANE_PORT": str(self._port),
            "CCPLANE_DEMO_AGENTS": str(len(self._agents)),
            "CCPLANE_ADMIN_TOKEN": self._token,
        }

    async def _is_ready(self) -> bool:
        try:
            return (await self.http.get("/readyz")).status_code == 200
        except httpx.TransportError:
            return False

    async def secrets(self, agents: Sequence[str]) -> dict[str, str]:
        found = [await self._json("GET", f"/api/v1/agents/{agent}/phone") for agent in agents]
        return {phone["username"]: phone["secret"] for phone in found}

    async def sign_in(self, agents: Sequence[str]) -> None:
        for agent in sorted(set(agents) ^ self._ready):
            state = "ready" if agent in agents else "offline"
            await self._json("PUT", f"/api/v1/agents/{agent}/state", {"state": state})
        self._ready = set(agents)

    async def _json(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.http.request(method, path, json=body)
        if answer.is_error:
            raise SetupError("bench-plane", f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    async def not_ready(self, within: float = 5.0) -> list[str]:
        """Agents who are signed in but not shown as ready, when all calls should be over."""
        deadline = asyncio.get_running_loop().time() + within
        while True:
            board = await self._json("GET", "/api/v1/wallboard")
            left = [each["id"] for each in board["agents"] if each["id"] in self._ready and each["state"] != "ready"]
            if not left or asyncio.get_running_loop().time() > deadline:
                return left
            await asyncio.sleep(0.2)

    async def metrics(self) -> dict[str, float]:
        """The plane's own `/metrics`, plain samples by name."""
        text = (await self.http.get("/metrics")).text
        lines = (line.rpartition(" ") for line in text.splitlines() if line and line[0] != "#")
        return {name: float(value) for name, _, value in lines}

    async def stop(self) -> None:
        await self.http.aclose()
        await self._child.stop(signal.SIGTERM)
        await self.node.stop()
        await self.postgres.stop()


MakePeer = Callable[[Path, Path, Sequence[str]], Peer]
PEERS: Final[dict[str, MakePeer]] = {
    "floor": BareLoop,
    "app_queue": AppQueue,
    "ccplane": Plane,
}


async def until(ready: Any, child: Child) -> None:
    """Polls what nothing tells us; raises as soon as the process has ended."""
    deadline = asyncio.get_running_loop().time() + READY_WITHIN
    while True:
        answer = ready()
        if await answer if asyncio.iscoroutine(answer) else answer:
            return
        if not child.running or asyncio.get_running_loop().time() > deadline:
            raise SetupError("bench-peer", f"a peer did not get ready: see the log beside {child.record}")
        await asyncio.sleep(0.05)
