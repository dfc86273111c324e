"""A test of a whole centre that fails says what the plane had logged and which facts Postgres has: what fails once in a
hundred runs, on somebody else's machine, can be looked into then and there."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest

from tests.centre import Centre

LOG_CHARACTERS, FACTS = 6_000, 200
ASKED_S = 5
LAST_FACTS = f"""
SELECT to_char(to_timestamp(at / 1e3), 'HH24:MI:SS.MS') || ' ' || kind || ' ' || left(body::text, 400)
  FROM (SELECT * FROM fact ORDER BY at DESC, epoch DESC, seq DESC LIMIT {FACTS}) last ORDER BY at, epoch, seq
"""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            if isinstance(value, Centre):
                report.sections.append((f"log of {name}", value.log()[-LOG_CHARACTERS:]))
                report.sections.append((f"facts of {name}", facts_of(value.database)))
    return report


def facts_of(database: str) -> str:
    """The last facts, a line each; why there are none to be had. In a thread: this one may have a loop of its own."""

    async def asked() -> str:
        connection = await asyncpg.connect(database, timeout=ASKED_S)
        try:
            return "\n".join(row[0] for row in await connection.fetch(LAST_FACTS, timeout=ASKED_S))
        finally:
            connection.terminate()

    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(asyncio.run, asked()).result()
        except (asyncpg.PostgresError, OSError, TimeoutError) as why:
            return f"Postgres did not say: {why!r}"
