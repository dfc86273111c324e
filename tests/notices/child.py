"""A process that tells of messages until it is killed: `python -m tests.notices.child DSN SMTP_URL`."""

from __future__ import annotations

import asyncio
import sys

from ccplane.postgres.pool import Database
from tests.notices.telling import Desk


async def main(dsn: str, url: str) -> None:
    database = Database(dsn)
    await database.open()
    async with Desk(database, url).at_work():
        await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
