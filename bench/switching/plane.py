"""The plane as a peer, and what is asked of it alone: what it costs, and whether its record is whole."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

import httpx

from bench.switching.facts import SERVER, FactWatch
from bench.switching.measure import usage
from bench.switching.peers import QUEUE, RTP, a_node, free_port, until
from bench.switching.pool import Seen
from ccplane.asterisk.node import HOME
from ccplane.child import Child
from ccplane.errors import SetupError
from ccplane.postgres.embedded import EmbeddedPostgres

SITE_QUEUES: Final = (QUEUE, "sales", "anyone")
SITE_QUEUE: Final = """[{queue}]
strategy = "longest-idle"
wrap_up  = "0s"
answer   = {{ percent = 80, within = "20s" }}
skills   = {{}}
"""


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
        self.node = a_node(root, directory / "node", RTP[self.name])
        self.postgres = EmbeddedPostgres(directory / "postgres", settings=SERVER)
        self._directory, self._agents = directory, list(agents)
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._token = secrets.token_urlsafe(16)
        self._child = Child(directory / "plane.json")
        self._log = directory / "plane.log"
        self._ready: set[str] = set()
        self.http = httpx.AsyncClient(
            base_url=self.url, headers={"Authorization": f"Bearer {self._token}"}, timeout=30.0
        )

    @property
    def pid(self) -> int:
        if self._child.pid is None:
            words = "\n".join(self._log.read_text(errors="replace").splitlines()[-10:])
            raise SetupError(
                "bench-plane-ended", f"The plane has ended; it said (all of it is in {self._log}):\n{words}"
            )
        return self._child.pid

    @property
    def pids(self) -> Sequence[int | None]:
        return [self.node.pid, self.postgres.pid, self._child.pid]

    async def start(self) -> None:
        for left in ("postgres", "runtime"):
            shutil.rmtree(self._directory / left, ignore_errors=True)
        await self.node.start()
        await self.postgres.start()
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
            "CCPLANE_AMI_PORT": str(node.ami_port),
            "CCPLANE_AMI_USERNAME": node.ami_username,
            "CCPLANE_AMI_PASSWORD": node.ami_password,
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
            answer = await self.http.get("/readyz")
        except httpx.TransportError:
            return False
        return answer.status_code == 200 and bool(answer.json()["parts"]["phones"]["ok"])

    async def secrets(self, agents: Sequence[str]) -> dict[str, str]:
        found = [await self._json("GET", f"/api/v1/agents/{agent}/phone") for agent in agents]
        return {phone["username"]: phone["secret"] for phone in found}

    async def sign_in(self, agents: Sequence[str]) -> None:
        for agent in sorted(set(agents) ^ self._ready):
            state = "ready" if agent in agents else "offline"
            await self._json("PUT", f"/api/v1/agents/{agent}/state", {"state": state})
        self._ready = set(agents)

    async def session(self, agent: str, state: str) -> str:
        """The token of a new session of this agent, who is `ready` or `paused` from now on."""
        token: str = (await self._json("POST", f"/api/v1/agents/{agent}/session", {"state": state}))["token"]
        return token

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


async def at_rest(plane: Plane, seconds: float) -> Seen:
    """Phones registered, agents signed in, nobody calls."""
    before = usage(plane.pid)
    await asyncio.sleep(seconds)
    after = usage(plane.pid)
    share = (after.cpu_s - before.cpu_s) / seconds
    return Seen(levels={"cpu_percent": 100 * share, "rss_mb": after.rss_mb, "seconds": seconds})


async def with_its_costs(plane: Plane, agents: Sequence[str], scenario: Callable[[], Awaitable[Seen]]) -> Seen:
    """Runs a scenario and adds what the plane spent on it and stored of it."""
    before = usage(plane.pid)
    async with FactWatch(plane.postgres.url()) as watch:
        found = await scenario()
        contacts = await watch.contacts(int(found.counts["dialled"]))
        after = usage(plane.pid)
        lags = await watch.lags()
    counts = {
        "contacts_in_postgres": contacts,
        "agents_not_ready": len(await plane.not_ready()),
        "facts": len(lags),
        "cpu_s": after.cpu_s - before.cpu_s,
    }
    levels = {"agents": len(agents), "rss_mb": after.rss_mb, "peak_mb": after.peak_mb}
    return found.with_more(Seen({"fact_lag": lags}, counts, levels=levels))
