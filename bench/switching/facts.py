"""Whether what happened is in Postgres, and how soon: read by a client of its own, not asked of the plane.

A fact's `at` is the plane's clock, this reader's is the machine's: one machine, so the difference is the lag, with up
to one poll's length on top. It is an upper bound: the fact may have been visible before we looked.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

import asyncpg

POLL: Final = 0.02
FACTS_SINCE: Final = "SELECT seq, at FROM fact WHERE day >= CURRENT_DATE - 1 AND epoch = $1 AND seq > $2 ORDER BY seq"
LATEST: Final = "SELECT epoch, seq FROM fact ORDER BY epoch DESC, seq DESC LIMIT 1"
CONTACTS: Final = "SELECT count(*) FROM contact"


class FactWatch:
    """Looks every 20 ms for facts that weren't there before, while it is entered."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self.lags: list[float] = []  # seconds
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> FactWatch:
        self._connection = await asyncpg.connect(self._url)
        self._contacts_before: int = await self._connection.fetchval(CONTACTS)
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._connection.close()
        if not self._task.cancelled():
            self._task.result()

    async def contacts(self, expected: int, within: float = 5.0) -> int:
        """Contacts stored since we began; waits a while for the expected number."""
        deadline = asyncio.get_running_loop().time() + within
        connection = await asyncpg.connect(self._url)
        try:
            while True:
                found = int(await connection.fetchval(CONTACTS)) - self._contacts_before
                if found == expected or asyncio.get_running_loop().time() > deadline:
                    return found
                await asyncio.sleep(POLL)
        finally:
            await connection.close()

    async def _watch(self) -> None:
        latest = await self._connection.fetchrow(LATEST)
        epoch, seq = (latest["epoch"], latest["seq"]) if latest else (0, 0)
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            rows = await self._connection.fetch(FACTS_SINCE, epoch, seq)
            now = time.time()
            self.lags += [now - row["at"] / 1000 for row in rows]
            seq = rows[-1]["seq"] if rows else seq
            due = max(due + POLL, loop.time())
            await asyncio.sleep(due - loop.time())
