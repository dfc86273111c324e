"""What is asked of the plane alone: what it costs, at rest and under load, and whether its record is whole."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from bench.switching.facts import FactWatch
from bench.switching.measure import milliseconds, usage
from bench.switching.peers import Plane

Result = dict[str, Any]


async def at_rest(plane: Plane, seconds: float) -> Result:
    """Phones registered, agents signed in, nobody calls."""
    before = usage(plane.pid)
    await asyncio.sleep(seconds)
    after = usage(plane.pid)
    share = (after.cpu_s - before.cpu_s) / seconds
    return {"cpu_percent": round(100 * share, 2), "rss_mb": after.rss_mb, "seconds": seconds}


async def with_its_costs(plane: Plane, agents: Sequence[str], scenario: Callable[[], Awaitable[Result]]) -> Result:
    """Runs a scenario and adds what the plane spent on it and stored of it."""
    before, begun = usage(plane.pid), time.monotonic()
    async with FactWatch(plane.postgres.url()) as watch:
        found = await scenario()
    contacts = await watch.contacts(found["dialled"])
    after = usage(plane.pid)
    return {
        **found,
        "contacts_in_postgres": contacts,
        "agents": len(agents),
        "agents_not_ready": len(await plane.not_ready()),
        "facts": len(watch.lags),
        "fact_lag_ms": milliseconds(watch.lags),
        "cpu_s": round(after.cpu_s - before.cpu_s, 2),
        "wall_s": round(time.monotonic() - begun, 1),
        "rss_mb": after.rss_mb,
        "peak_mb": after.peak_mb,
    }
