"""Whether what happened is in Postgres, and how soon: asked of Postgres itself, not of the plane.

A fact's `at` is the plane's clock; when its transaction was committed Postgres remembers (`track_commit_timestamp`).
One machine, so the difference is the lag, to the millisecond, but for the flush of the commit itself. Nothing is asked
while calls are running: a reader that polls is late when the machine is busy, and makes it busier.
"""

from __future__ import annotations

import asyncio
from typing import Final

import asyncpg

POLL: Final = 0.02
SERVER: Final = {"track_commit_timestamp": "on"}
LATEST: Final = "SELECT epoch, seq FROM fact ORDER BY epoch DESC, seq DESC LIMIT 1"
LAGS: Final = """
SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 - at / 1000.0::float8 AS lag
FROM fact WHERE day >= CURRENT_DATE - 1 AND epoch = $1 AND seq > $2
"""
CONTACTS: Final = "SELECT count(*) FROM contact"


class FactWatch:
    """What came into Postgres since it was entered."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    async def __aenter__(self) -> FactWatch:
        self._connection = await asyncpg.connect(self._url)
        self._contacts_before: int = await self._connection.fetchval(CONTACTS)
        latest = await self._connection.fetchrow(LATEST)
        self._epoch: int = latest["epoch"] if latest else 0
        self._seq: int = latest["seq"] if latest else 0
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._connection.close()

    async def contacts(self, expected: int, within: float = 5.0) -> int:
        """Contacts stored; waits a while for the expected number."""
        deadline = asyncio.get_running_loop().time() + within
        while True:
            found = int(await self._connection.fetchval(CONTACTS)) - self._contacts_before
            if found == expected or asyncio.get_running_loop().time() > deadline:
                return found
            await asyncio.sleep(POLL)

    async def lags(self) -> list[float]:
        """Seconds from `at` to committed, of each fact."""
        return [row["lag"] for row in await self._connection.fetch(LAGS, self._epoch, self._seq)]
