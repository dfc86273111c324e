"""All that ccplane needs, each part a process of its own that may be killed: Asterisk, Postgres, the plane, its guard.

Between plane and switch lie two proxies; the plane's folder is a small file system of its own, which can be filled.
Who ends the plane and does not start it again is the supervisor here, as systemd would be.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx

from bench.switching.peers import free_port
from ccplane.asterisk.node import HOME, LocalNode
from ccplane.asterisk.ports import NodePorts
from ccplane.child import Child
from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.testing.proxy import Proxy, open_proxy

RTP: Final = (24_000, 30_999)
FOLDERS: Final = ("dialplan", "ari_apps", "ivr", "acd")
ROOM: Final = "192m"
"""Of the plane's folder."""
POLICY: Final = "record = false\nleast_free = 1\n"
"""No phone sends sound here. MB; the plane's folder is small."""
GUARD_S: Final = 20.0
RESTART_S: Final = 0.1
POLL_S: Final = 0.1


class Stage:
    """Made, started, broken at will, stopped."""

    def __init__(self, root: Path, work: Path, agents: int) -> None:
        self.work, self.agents = work, agents
        self.runtime = work / "runtime"
        self.wall = work / "wall"
        ports = NodePorts(sip=free_port(), http=free_port(), ami=free_port(), rtp_first=RTP[0], rtp_last=RTP[1])
        self.node = LocalNode(root, work / "node", ports=ports, rtp_timeout=0, trunk_qualify_s=0)
        self.postgres = EmbeddedPostgres(work / "postgres")
        self.plane = Child(work / "plane.json")
        self.guard = Child(work / "guard.json")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._token = secrets.token_urlsafe(16)
        self._open = AsyncExitStack()
        self._supervising: list[asyncio.Task[None]] = []
        self.restarts = 0
        self.api = httpx.AsyncClient(base_url=self.url, headers=self.authorised, timeout=10.0)

    @property
    def authorised(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    # ── its life ──

    async def start(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        self.runtime.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "chaos", self.runtime], check=True)
        for folder in FOLDERS:
            shutil.copytree(HOME / folder, self.work / "site" / folder)
        (self.work / "site" / "recordings").mkdir()
        (self.work / "site" / "recordings" / "policy.toml").write_text(POLICY)
        await asyncio.gather(self.node.start(), self.postgres.start())
        self.ari: Proxy = await self._open.enter_async_context(open_proxy(self.node.http_port))
        self.ami: Proxy = await self._open.enter_async_context(open_proxy(self.node.ami_port))
        self._supervising.append(asyncio.create_task(self._supervise(self.plane, self._plane_command(), "plane.log")))
        await self.until(self.is_whole, 60.0)
        command = [sys.executable, "-m", "ccplane", "guard"]
        self._supervising.append(asyncio.create_task(self._supervise(self.guard, command, "guard.log")))

    async def _supervise(self, child: Child, command: list[str], log: str) -> None:
        """Started at once and whenever it has ended."""
        while True:
            child.start(command, log=self.work / log, environment=self.environment())
            await child.wait()
            self.restarts += 1
            await asyncio.sleep(RESTART_S)

    async def stop(self) -> None:
        for task in self._supervising:
            task.cancel()
        await asyncio.gather(*self._supervising, return_exceptions=True)
        with suppress(ProcessLookupError):
            if self.plane.pid:
                os.kill(self.plane.pid, signal.SIGCONT)
        await self.api.aclose()
        for child in (self.plane, self.guard):
            await child.stop(signal.SIGTERM)
        await self._open.aclose()
        await self.node.stop()
        await self.postgres.stop()
        subprocess.run(["umount", "--lazy", self.runtime], check=False, stderr=subprocess.DEVNULL)

    def _plane_command(self) -> list[str]:
        return [sys.executable, "-m", "chaos.stepped", str(self.wall), "run"]

    def environment(self) -> dict[str, str]:
        """Of the plane and its guard."""
        node = self.node
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("CCPLANE_")},
            "PYTHONPATH": f"{HOME / 'src'}:{HOME}",
            "CCPLANE_ARI_URL": f"http://127.0.0.1:{self.ari.port}/ari",
            "CCPLANE_ARI_USERNAME": node.ari_username,
            "CCPLANE_ARI_PASSWORD": node.ari_password,
            "CCPLANE_AMI_PORT": str(self.ami.port),
            "CCPLANE_AMI_USERNAME": node.ami_username,
            "CCPLANE_AMI_PASSWORD": node.ami_password,
            "CCPLANE_DATABASE_URL": self.postgres.url(),
            "CCPLANE_RUNTIME": str(self.runtime),
            "CCPLANE_SITE": str(self.work / "site"),
            "CCPLANE_SOUNDS": str(node.sounds_dir),
            "CCPLANE_SPOOL": str(node.spool_dir),
            "CCPLANE_SIP_PORT": str(node.sip_port),
            "CCPLANE_HTTP_PORT": str(node.http_port),
            "CCPLANE_PORT": str(self.port),
            "CCPLANE_QUALIFY_S": "5",
            "CCPLANE_OUTBOX_MB": "64",  # of the small folder's room
            "CCPLANE_DEMO_AGENTS": str(self.agents),
            "CCPLANE_ADMIN_TOKEN": self._token,
            "CCPLANE_GUARD_AMI_USERNAME": node.guard_username,
            "CCPLANE_GUARD_AMI_PASSWORD": node.guard_password,
            "CCPLANE_GUARD_QUEUE_LOG": str(node.log_dir / "queue_log"),
        }

    # ── what it says ──

    async def json(self, method: str, path: str, body: Any = None) -> Any:
        """The answer; httpx.HTTPError if there is none, or a bad one."""
        answer = await self.api.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def is_whole(self) -> bool:
        """Calls are routed, and nothing is degraded."""
        try:
            answer = await self.api.get("/readyz")
        except httpx.HTTPError:
            return False
        return answer.status_code == 200 and answer.json()["status"] == "ready"

    async def ailing(self) -> str:
        """Which parts are not well, and what they say."""
        try:
            parts = (await self.api.get("/readyz")).json()["parts"]
        except httpx.HTTPError as error:
            return repr(error)
        return ", ".join(f"{name}: {part['detail']}" for name, part in parts.items() if not part["ok"])

    async def shown(self) -> dict[str, str]:
        """What the wallboard shows of each agent; nothing while it does not answer."""
        try:
            board = await self.json("GET", "/api/v1/wallboard")
        except httpx.HTTPError:
            return {}
        return {each["id"]: each["state"] for each in board["agents"]}

    async def metric(self, name: str) -> float:
        for line in (await self.api.get("/metrics")).text.splitlines():
            if line.startswith((name + " ", name + "{")):
                return float(line.rpartition(" ")[2])
        return 0.0

    async def last_fact(self) -> int:
        """The seq of the last fact decided."""
        return int(await self.metric("ccplane_outbox_facts_appended_total"))

    async def rows(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.postgres.url())
        try:
            return list(await connection.fetch(statement, *arguments))
        finally:
            await connection.close()

    async def administer(self, statement: str) -> None:
        """Also in a database that is read-only by default."""
        settings = {"default_transaction_read_only": "off"}
        connection = await asyncpg.connect(self.postgres.url(), server_settings=settings)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def until(self, is_so: Callable[[], Awaitable[bool]], within: float) -> bool:
        """Waits for a fact that nothing announces; False if it did not come about."""
        deadline = asyncio.get_running_loop().time() + within
        while not await is_so():
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(POLL_S)
        return True
