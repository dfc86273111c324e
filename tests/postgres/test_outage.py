"""Postgres is killed under us and comes back: nothing is lost, nothing is doubled, nobody had to wait for it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from ccplane.log.outbox import Outbox
from ccplane.log.shipping import Pace, Shipper
from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.postgres.lease import Lease
from ccplane.postgres.pool import Database
from ccplane.postgres.store import PostgresFacts
from tests.postgres.histories import a_history
from tests.postgres.test_projections import all_rows, empty, store
from tests.stack import copy_cluster

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def server(cluster, tmp_path):
    """One that may be killed: its folder is its own, and it keeps what it has acknowledged."""
    server = EmbeddedPostgres(copy_cluster(cluster, tmp_path / "postgres"))
    await server.start()
    yield server
    await server.stop()


async def test_facts_wait_in_the_outbox_while_postgres_is_gone_and_then_are_stored_once(server, tmp_path):
    facts = a_history(11, steps=200, wrap_up_ms=1_000).facts
    database = Database(server.url())
    await database.open()
    box = Outbox(tmp_path / "outbox.db")
    box.open()
    box.begin(1)
    lease = Lease(database, "site", box.id)
    await lease.take(0)
    shipper = Shipper(box, PostgresFacts(database), lambda: 0, pace=Pace(every=0.01, batch=20, retry_first=0.05))
    task = asyncio.create_task(shipper.run())
    async with asyncio.timeout(60):
        box.append(facts[:100])
        await shipper.shipped(40)
        server.kill()
        await server.wait()
        for first in range(100, len(facts), 10):
            await box.committed(box.append(facts[first : first + 10]))
        await lease.renew()
        assert lease.may_send()
        assert box.healthy
        await server.start()
        await shipper.shipped(len(facts))
        await lease.renew()
    assert lease.held
    assert shipper.stats.failures >= 1
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    after_the_outage = await all_rows(database)
    await empty(database)
    await store(database, facts)
    assert await all_rows(database) == after_the_outage
    await lease.release()
    await database.close()
    await box.close()
