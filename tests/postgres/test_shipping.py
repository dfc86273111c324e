"""Exactly once into a real Postgres, whatever happens to the connection."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest

from ccplane.errors import StoreError
from ccplane.facts import encode
from ccplane.log.outbox import Outbox
from ccplane.log.shipping import Pace, Shipper
from ccplane.postgres.store import PostgresFacts, as_rows
from tests.postgres.histories import a_history
from tests.postgres.test_projections import SEEDS, all_rows, empty, store

pytestmark = pytest.mark.postgres


class Wire:
    """A connection that is cut before or after any of its statements, by chance."""

    def __init__(self, connection, chance, risk):
        self._connection, self._chance, self._risk = connection, chance, risk

    def _maybe_cut(self):
        if self._chance.random() < self._risk:
            self._connection.terminate()
            raise asyncpg.ConnectionDoesNotExistError("cut")

    def __getattr__(self, name):
        found = getattr(self._connection, name)
        if name not in ("execute", "fetchval", "fetchrow", "copy_records_to_table"):
            return found

        async def risky(*given, **named):
            self._maybe_cut()
            result = await found(*given, **named)
            self._maybe_cut()
            return result

        return risky

    @asynccontextmanager
    async def transaction(self):
        async with self._connection.transaction():
            yield
            self._maybe_cut()
        self._maybe_cut()  # committed, and we shall never know


class Chance:
    """A database whose connections are wires."""

    def __init__(self, database, seed, risk):
        self.dsn, self._database = database.dsn, database
        self._chance, self._risk = random.Random(seed), risk

    async def connect(self):
        return Wire(await self._database.connect(), self._chance, self._risk)


@asynccontextmanager
async def an_outbox(path):
    box = Outbox(path)
    box.open()
    box.begin(1)
    yield box
    await box.close()


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_fact_is_stored_once_wherever_the_connection_is_cut(db, tmp_path, seed):
    """Before, between and after all statements, and between commit and acknowledgement: the rows are as undisturbed."""
    facts = a_history(seed + 100, steps=60, wrap_up_ms=2_000).facts
    await store(db, facts, outbox="undisturbed")
    expected = await all_rows(db)
    await empty(db)
    async with an_outbox(tmp_path / "outbox.db") as box:
        cut = PostgresFacts(Chance(db, seed, risk=0.04))
        shipper = Shipper(box, cut, lambda: 0, pace=Pace(every=0, batch=9, rest=0, retry_first=0, retry_most=0))
        task = asyncio.create_task(shipper.run())
        async with asyncio.timeout(60):
            await shipper.shipped(box.append(facts))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert shipper.stats.failures > 3
    assert await all_rows(db) == expected
    async with db.connection() as connection:
        assert await connection.fetchval("SELECT array_agg(seq ORDER BY seq) FROM fact") == list(
            range(1, len(facts) + 1)
        )


async def test_a_transaction_that_was_given_up_and_commits_after_all_does_not_double(db):
    """Its successor waits for the watermark's row, finds it moved, and stores nothing."""
    facts = [(seq, encode(fact)) for seq, fact in enumerate(a_history(1, steps=10).facts, 1)]
    given_up = await db.connect()
    first, second = PostgresFacts(db), PostgresFacts(db)
    await first.ship("box", 1, 0, facts[:5])
    held = given_up.transaction()
    await held.start()
    await first._advance(given_up, "box", 1, 5, 9)
    waiting = asyncio.create_task(second.ship("box", 1, 5, facts[5:9]))
    async with asyncio.timeout(5):
        while not await _blocked(db):
            await asyncio.sleep(0.01)
    await given_up.copy_records_to_table("fact", records=as_rows(1, facts[5:9]))
    await held.commit()
    with pytest.raises(StoreError) as caught:
        await waiting
    assert caught.value.code == "watermark-moved"
    assert await second.watermark("box") == 9
    await second.ship("box", 1, 9, facts[9:])
    async with db.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM fact") == len(facts)
    for each in (first, second):
        await each.close()
    await given_up.close()


async def _blocked(db):
    async with db.connection() as connection:
        return await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")


async def test_an_epoch_of_another_outbox_is_refused_with_its_name(db):
    facts = [(1, encode(a_history(1, steps=1).facts[0]))]
    target = PostgresFacts(db)
    await target.ship("theirs", 3, 0, facts)
    with pytest.raises(StoreError, match="Epoch 3 is of the outbox theirs") as caught:
        await target.ship("ours", 3, 0, facts)
    assert caught.value.code == "epoch-taken"
    assert (await target.watermark("ours"), await target.watermark("theirs")) == (0, 1)
    await target.close()


async def test_a_batch_is_all_or_nothing(db):
    """Rows, watermark and projections: what fails at the last of them leaves none."""
    facts = [(seq, encode(fact)) for seq, fact in enumerate(a_history(1, steps=10).facts, 1)]
    async with db.connection() as connection:
        await connection.execute("ALTER TABLE agent_axes RENAME TO away")
    target = PostgresFacts(db)
    with pytest.raises(StoreError, match="agent_axes") as caught:
        await target.ship("box", 1, 0, facts)
    assert caught.value.code == "postgres-refused"
    assert await target.watermark("box") == 0
    async with db.connection() as connection:
        await connection.execute("ALTER TABLE away RENAME TO agent_axes")
    assert not any((await all_rows(db)).values())
    await target.ship("box", 1, 0, facts)
    assert await target.watermark("box") == len(facts)
    await target.close()


async def test_a_fact_that_a_projection_cannot_take_holds_up_no_other(db):
    """It is stored as it is; those around it are projected as if it were not there."""
    facts = [encode(fact) for fact in a_history(4, steps=40).facts]
    beyond = b'{"type":"ContactEnded","at":1800000000000,"contact":"c-x","by":"caller","cause":99999999999}'
    target = PostgresFacts(db)
    await target.ship("box", 1, 0, [*enumerate(facts[:20], 1), (21, beyond), *enumerate(facts[20:], 22)])
    assert await target.watermark("box") == len(facts) + 1
    async with db.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM fact") == len(facts) + 1
        assert await connection.fetchval("SELECT count(*) FROM contact WHERE id = 'c-x'") == 0
    found = {table: [without_seq(row) for row in rows] for table, rows in (await all_rows(db)).items()}
    await empty(db)
    await target.ship("other", 2, 0, list(enumerate(facts, 1)))
    expected = {table: [without_seq(row) for row in rows] for table, rows in (await all_rows(db)).items()}
    assert found == expected
    await target.close()


def without_seq(row):
    return {name: value for name, value in row.items() if name not in ("epoch", "seq", "open_epoch", "open_seq")}
