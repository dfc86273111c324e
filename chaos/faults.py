"""What goes wrong. Each fault does its harm, and undoes it as the world would; it returns when nothing is broken.

Whether ccplane has got over it is asked afterwards, by facts (`conductor.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import httpx

from ccplane.testing.proxy import Proxy
from chaos.floor import Floor
from chaos.stage import Stage
from chaos.way import DELAY_MS

Do = Callable[["Harm", float], Awaitable[str]]
"""Given what chance says, 0 to 1; tells what it did."""


class Harm:
    """The faults, on this stage and floor."""

    def __init__(self, stage: Stage, floor: Floor) -> None:
        self.stage, self.floor = stage, floor

    async def kill_plane(self, chance: float) -> str:
        """kill -9; sometimes again while it starts."""
        pid = self._plane()
        os.kill(pid, signal.SIGKILL)
        if chance < 0.25:
            await asyncio.sleep(0.5 + chance * 8)
            with contextlib.suppress(AssertionError):
                os.kill(self._plane(), signal.SIGKILL)
            return "twice"
        return ""

    async def stop_10(self, chance: float) -> str:
        return await self._stopped(10.0)

    async def stop_60(self, chance: float) -> str:
        return await self._stopped(60.0)

    async def _stopped(self, seconds: float) -> str:
        pid = self._plane()
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)
        return ""

    async def kill_postgres(self, chance: float) -> str:
        self.stage.postgres.kill()
        away = chance * 5
        await asyncio.sleep(away)
        await self.stage.postgres.start()
        return f"away {away:.1f} s"

    async def postgres_read_only(self, chance: float) -> str:
        await self.stage.administer("ALTER SYSTEM SET default_transaction_read_only = on")
        await self.stage.administer("SELECT pg_reload_conf()")
        try:
            await asyncio.sleep(2 + chance * 6)
        finally:
            await self.stage.administer("ALTER SYSTEM RESET default_transaction_read_only")
            await self.stage.administer("SELECT pg_reload_conf()")
        return ""

    async def cut_ari(self, chance: float) -> str:
        return await self._cut(self.stage.ari, chance)

    async def kill_ami(self, chance: float) -> str:
        return await self._cut(self.stage.ami, chance)

    async def _cut(self, proxy: Proxy, chance: float) -> str:
        """At once there again, or refused for a while."""
        away = max(0.0, chance - 0.3) * 6
        proxy.cut()
        await asyncio.sleep(away)
        proxy.mend()
        return f"away {away:.1f} s"

    async def delay(self, chance: float) -> str:
        """Everything between plane and switch two seconds late."""
        proxies = self.stage.ari, self.stage.ami
        for proxy in proxies:
            proxy.delay = DELAY_MS / 1000
        await asyncio.sleep(3 + chance * 5)
        for proxy in proxies:
            proxy.mend()
        await asyncio.sleep(DELAY_MS / 1000)  # what is on its way keeps its own time
        return ""

    async def stall(self, chance: float) -> str:
        proxies = self.stage.ari, self.stage.ami
        for proxy in proxies:
            proxy.stall()
        await asyncio.sleep(5.0)
        for proxy in proxies:
            proxy.mend()
        return ""

    async def kill_asterisk(self, chance: float) -> str:
        self.stage.node.kill()
        self.floor.switch_died()
        await asyncio.sleep(chance * 2)
        await self.stage.node.start()
        await self.floor.register()
        return ""

    async def disk_full(self, chance: float) -> str:
        """A file that takes all the room there is in the plane's folder."""
        filler = self.stage.runtime / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(1 << 16))
        with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(512))
        try:
            await asyncio.sleep(2 + chance * 4)
        finally:
            filler.unlink()
        return ""

    async def clock_ahead(self, chance: float) -> str:
        return await self._clock(3600, chance)

    async def clock_behind(self, chance: float) -> str:
        return await self._clock(-3600, chance)

    async def _clock(self, seconds: int, chance: float) -> str:
        """A step, sometimes with a restart under the wrong time, and a step back."""
        self.stage.wall.write_text(str(seconds))
        await asyncio.sleep(1.5)
        if chance < 0.4:
            os.kill(self._plane(), signal.SIGKILL)
            await self.stage.until(self.stage.is_whole, 30.0)
        await asyncio.sleep(1.5)
        self.stage.wall.write_text("0")
        return "and killed" if chance < 0.4 else ""

    async def browser_gone(self, chance: float) -> str:
        """One that is talking, if there is one. Back before the caller is given to another, or later."""
        there = [each for each in self.floor.browsers if each.station.lag is not None]
        talking = [each for each in there if each.station.legs]
        browser = (talking or there)[int(chance * 97) % len(talking or there)]
        away = 1 + chance * 20
        await browser.vanish(away, self.floor.secrets[browser.agent])
        return f"{browser.agent} away {away:.1f} s"

    async def slow_reader(self, chance: float) -> str:
        """Two who ask for the wallboard's stream, and an agent's screen, and read nothing of it."""
        async with contextlib.AsyncExitStack() as stack:
            for path in ("/api/v1/wallboard/stream", "/api/v1/wallboard/stream"):
                await stack.enter_async_context(self._deaf("GET " + path))
            with contextlib.suppress(httpx.HTTPError):
                extra = str(int(self.floor.agents[-1]) + 1)
                await self.stage.json("POST", f"/api/v1/agents/{extra}/session", {"state": "paused"})
                upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                key = "Sec-WebSocket-Key: Y2hhb3NjaGFvc2NoYW9zIQ==\r\n"
                await stack.enter_async_context(self._deaf("GET /api/v1/agents/me/socket", upgrade + key))
            await asyncio.sleep(4 + chance * 4)
        return ""

    @contextlib.asynccontextmanager
    async def _deaf(self, request: str, headers: str = "") -> AsyncIterator[None]:
        token = self.stage.authorised["Authorization"]
        reader, writer = await asyncio.open_connection("127.0.0.1", self.stage.port, limit=64)
        writer.write(f"{request} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n{headers}\r\n".encode())
        try:
            yield
        finally:
            writer.transport.abort()
            del reader

    def _plane(self) -> int:
        pid = self.stage.plane.pid
        assert pid is not None, "the plane is being started"
        return pid


FAULTS: Final[dict[str, Do]] = {
    "kill-plane": Harm.kill_plane,
    "stop-10": Harm.stop_10,
    "stop-60": Harm.stop_60,
    "kill-postgres": Harm.kill_postgres,
    "postgres-read-only": Harm.postgres_read_only,
    "cut-ari": Harm.cut_ari,
    "delay": Harm.delay,
    "stall": Harm.stall,
    "kill-ami": Harm.kill_ami,
    "kill-asterisk": Harm.kill_asterisk,
    "disk-full": Harm.disk_full,
    "clock-ahead": Harm.clock_ahead,
    "clock-behind": Harm.clock_behind,
    "browser-gone": Harm.browser_gone,
    "slow-reader": Harm.slow_reader,
}
