"""A whole contact centre for a test: a real Asterisk, a real Postgres, a plane in a process of its own, and phones.

The plane is a process because tests kill it. Everything listens on free ports; what is awaited is a fact (an answer of
the API, a row, a ring), never a while that ought to be enough.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import asyncpg
import httpx

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.child import ended
from ccplane.testing.siplab import Lab, open_lab
from tests import forker
from tests.ports import free_port

TOKEN = "test-token"
GONE = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError, OSError)
"""What a question to a Postgres that has been ended is answered with."""
START_S = 90.0
"""For a start that no test is about: the machine may have other things to do."""
END_S = 20


class Centre:
    """One plane beside one node and one database."""

    def __init__(self, node: LocalNode, database: str, runtime: Path, lab: Lab, **settings: str) -> None:
        self.node, self.database, self.runtime, self.lab = node, database, runtime, lab
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = settings
        self.api = httpx.AsyncClient(
            base_url=self.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10, verify=False
        )
        self._process: forker.Process | None = None
        self._asking: asyncpg.Connection | None = None
        """Kept open: what is waited for in Postgres is asked for fifty times a second."""
        self._one_at_a_time = asyncio.Lock()
        self._successor: int | None = None
        """The process that a hand-over has put in its place."""
        self._stands_still = False

    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("CCPLANE_")}
        return own | {
            "CCPLANE_RUNTIME": str(self.runtime),
            "CCPLANE_ARI_URL": self.node.ari_url,
            "CCPLANE_ARI_USERNAME": self.node.ari_username,
            "CCPLANE_ARI_PASSWORD": self.node.ari_password,
            "CCPLANE_AMI_HOST": self.node.bind,
            "CCPLANE_AMI_PORT": str(self.node.ami_port),
            "CCPLANE_AMI_USERNAME": self.node.ami_username,
            "CCPLANE_AMI_PASSWORD": self.node.ami_password,
            "CCPLANE_SIP_PORT": str(self.node.sip_port),
            "CCPLANE_HTTP_PORT": str(self.node.http_port),
            "CCPLANE_SOUNDS": str(self.node.sounds_dir),
            "CCPLANE_SPOOL": str(self.node.spool_dir),
            "CCPLANE_DATABASE_URL": self.database,
            "CCPLANE_PORT": str(self.port),
            "CCPLANE_ADMIN_TOKEN": TOKEN,
            "CCPLANE_DEMO_AGENTS": "20",
            "CCPLANE_SITE": str(HOME),
            **self.settings,
        }

    # ----------------------------------------------------------------------------------------------- the plane

    async def spawn(self) -> None:
        """Start the plane; do not wait for it."""
        self._process = forker.begin(["run"], self.environment(), self.runtime / "plane.log")

    async def start(self) -> None:
        """Start the plane and wait until it routes calls."""
        await self.spawn()
        await self.whole()

    async def whole(self) -> None:
        """Wait until calls are routed and the phones' accounts are at the switch."""
        await self.until(self.routes, within=START_S)
        await self.until(self._phones_are_pushed, within=START_S)

    async def routes(self) -> bool:
        """Whether /readyz says that calls are routed; the plane's last words if it has died."""
        if self._process and self._process.returncode is not None and self._successor is None:
            raise AssertionError(f"the plane ended ({self._process.returncode}):\n{self.log()[-3000:]}")
        try:
            return (await self.api.get("/readyz")).status_code == 200
        except httpx.TransportError:
            return False

    async def _phones_are_pushed(self) -> bool:
        return bool((await self.get("/readyz"))["parts"]["phones"]["ok"])

    async def hand_over(self, within: float = START_S) -> dict[str, Any]:
        """To a new process; what it says of it. AssertionError if it failed."""
        before = (await self.api.post("/api/v1/handover")).json()
        told = dict(before)

        async def is_done() -> bool:
            with suppress(httpx.TransportError):  # the old one's connections end with it
                told.update((await self.api.get("/api/v1/handover")).json())
            assert told["stage"] != "failed", told["why"] + self.log()[-3000:]
            return bool(told["stage"] == "done" and told["pid"] != before["pid"])

        self._successor = before["successor"]
        await self.until(is_done, within, lambda: "the hand-over")
        return told

    async def kill(self, at_once: bool = False) -> None:
        """kill -9, as a crash; unless `at_once`, when all that was decided so far is on disk: what a test has seen in
        the API may be there a moment earlier, on a busy machine a long one."""
        assert self._process
        if not (at_once or self._stands_still):
            await self.until(self._all_is_on_disk, 20, lambda: "all facts to be on disk")
        self._stands_still = False
        if self._successor is not None:
            os.kill(self._successor, signal.SIGKILL)
            await ended(self._successor)
            self._successor = None
            return
        self._process.kill()
        await self._process.wait()

    async def terminate(self) -> None:
        """SIGTERM; returns when it has ended."""
        assert self._process
        self._process.terminate()
        await asyncio.wait_for(self._process.wait(), 20)

    async def _all_is_on_disk(self) -> bool:
        try:
            told = (await self.api.get("/metrics")).text
        except httpx.TransportError:  # it does not serve yet, or no more
            return True
        return "\nccplane_outbox_depth 0.0\n" in told

    async def pause(self) -> None:
        assert self._process
        self._stands_still = True
        self._process.send_signal(signal.SIGSTOP)

    async def resume(self) -> None:
        assert self._process
        self._stands_still = False
        self._process.send_signal(signal.SIGCONT)

    async def ends(self, within: float = 20) -> int:
        """The exit code of a plane that ends by itself."""
        assert self._process
        return await asyncio.wait_for(self._process.wait(), within)

    async def stop(self) -> None:
        """SIGTERM; returns when it is gone. AssertionError if that had to be by SIGKILL."""
        await self.api.aclose()
        if self._asking:
            self._asking.terminate()
        pids = [self._successor] if self._successor is not None else []
        if self._process and self._process.returncode is None:
            pids.append(self._process.pid)
        late = [pid for pid in pids if not await _ends(pid)]
        if self._process:
            await self._process.wait()
        assert not late, f"the plane did not end within {END_S} s after SIGTERM; it said:\n{self.log()[-3000:]}"

    @property
    def pid(self) -> int:
        assert self._process
        return self._successor or self._process.pid

    def log(self) -> str:
        path = self.runtime / "plane.log"
        return path.read_text() if path.exists() else ""

    # ---------------------------------------------------------------------------------------------- what it says

    async def get(self, path: str) -> Any:
        answer = await self.api.get(path)
        answer.raise_for_status()
        return answer.json()

    async def set_state(self, agent: str, state: str, reason: str = "") -> dict[str, Any]:
        answer = await self.api.put(f"/api/v1/agents/{agent}/state", json={"state": state, "reason": reason})
        answer.raise_for_status()
        return answer.json()

    async def sign_in(self, *agents: str) -> None:
        """Register the agents' phones and make them ready; returns once each may be offered a call."""
        await self.register(*agents)
        for agent in agents:
            await self.set_state(agent, "ready")
        for agent in agents:
            await self.agent_is(agent, "ready")

    async def register(self, *agents: str) -> None:
        """Register the agents' phones."""
        secrets = {agent: (await self.get(f"/api/v1/agents/{agent}/phone"))["secret"] for agent in agents}
        await self.lab.phones.register(secrets)

    async def agent(self, agent: str) -> dict[str, Any]:
        board = await self.get("/api/v1/wallboard")
        return next(each for each in board["agents"] if each["id"] == agent)

    async def agent_is(self, agent: str, state: str, within: float = 20) -> None:
        """Wait until the wallboard shows the agent so."""

        async def is_so() -> bool:
            return (await self.agent(agent))["state"] == state

        await self.until(is_so, within, lambda: f"agent {agent} to be {state}")

    async def queue(self, name: str) -> dict[str, Any]:
        board = await self.get("/api/v1/wallboard")
        return next(each for each in board["queues"] if each["name"] == name)

    async def waiting(self, queue: str, count: int, within: float = 20) -> None:
        """Wait until so many wait in the queue."""

        async def is_so() -> bool:
            return (await self.queue(queue))["waiting"] == count

        await self.until(is_so, within, lambda: f"{count} waiting in {queue}")

    async def contact_of(self, caller: str, within: float = 20) -> dict[str, Any]:
        """The contact of this caller as Postgres has it, once it has ended."""
        rows: list[dict[str, Any]] = []

        async def is_so() -> bool:
            rows[:] = await self.rows("SELECT * FROM contact WHERE caller = $1 AND ended_at IS NOT NULL", caller)
            return bool(rows)

        await self.until(is_so, within, lambda: f"the contact of {caller} to have ended in Postgres")
        return await self.get(f"/api/v1/contacts/{rows[0]['id']}")

    async def rows(self, statement: str, *arguments: Any) -> list[dict[str, Any]]:
        """What Postgres has."""
        async with self._one_at_a_time:
            try:
                return await self._rows(statement, *arguments)
            except GONE:  # it was killed since it was asked last; if it is back, it answers a new connection
                return await self._rows(statement, *arguments)

    async def _rows(self, statement: str, *arguments: Any) -> list[dict[str, Any]]:
        if self._asking is None or self._asking.is_closed():
            self._asking = await asyncpg.connect(self.database)
        try:
            return [dict(row) for row in await self._asking.fetch(statement, *arguments)]
        except GONE:
            self._asking.terminate()
            raise

    async def repairs(self) -> list[str]:
        """What was repaired of this centre's own contacts; other tests leave rooms at the switch."""
        rows = await self.rows(
            "SELECT body FROM fact WHERE kind = 'RepairMade' "
            "AND EXISTS (SELECT FROM contact WHERE position(contact.id IN fact.body::text) > 0)"
        )
        return [row["body"] for row in rows]

    async def command(self, *arguments: str, within: float = START_S) -> tuple[int, str]:
        """`ccplane …` as somebody types it: its exit code, and what it says."""
        with NamedTemporaryFile(dir=self.runtime) as said:
            process = forker.begin(arguments, self.environment(), Path(said.name))
            try:
                code = await asyncio.wait_for(process.wait(), within)
            finally:
                process.kill()  # does nothing to one that has ended
            return code, said.read().decode()

    def follow(self, successor: int) -> None:
        """This process stands in the place of the one that was started here."""
        self._successor = successor

    async def facts_of(self, contact: str) -> list[dict[str, Any]]:
        rows = await self.rows("SELECT body FROM fact WHERE contact = $1 ORDER BY epoch, seq", contact)
        return [json.loads(row["body"]) for row in rows]

    async def until(
        self,
        is_so: Callable[[], Awaitable[bool]],
        within: float = 20,
        what: Callable[[], str] = lambda: "it",
    ) -> None:
        """Wait for a fact; AssertionError with the plane's log if it does not come."""
        try:
            async with asyncio.timeout(within):
                while not await is_so():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"waited {within} s for {what()}; the plane said:\n{self.log()[-3000:]}") from None


async def _ends(pid: int) -> bool:
    """Whether it ended by SIGTERM, also one that a failed test has left stopped. It is gone in any case."""
    for number in (signal.SIGTERM, signal.SIGCONT):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    try:
        async with asyncio.timeout(END_S):
            await ended(pid)
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        await ended(pid)
        return False
    return True


@asynccontextmanager
async def open_centre(
    node: LocalNode, database: str, runtime: Path, *, audio: bool = False, start: bool = True, **settings: str
) -> AsyncIterator[Centre]:
    """A centre with a running plane; leaving ends its calls and the plane."""
    for left in node.spool_dir.rglob("*"):  # by calls of other tests, which this plane would find
        if left.is_file():
            left.unlink()
    async with open_lab(("127.0.0.1", node.sip_port), audio=audio) as lab:
        centre = Centre(node, database, runtime, lab, **settings)
        try:
            if start:
                await centre.start()
            yield centre
        finally:
            await centre.stop()
