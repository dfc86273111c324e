"""Exactly once into a real Postgres, whatever happens to the connection."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

import asyncpg
import pytest
from msgspec import json

from ccplane.errors import StoreError
from ccplane.facts import encode
from ccplane.log.outbox import Outbox
from ccplane.log.shipping import Pace, Shipper
from ccplane.postgres.queries import query
from ccplane.postgres.store import PROJECTIONS, PostgresFacts, as_rows
from tests.postgres.histories import START, a_history
from tests.postgres.test_projections import SEEDS, all_rows, empty, store

pytestmark = pytest.mark.postgres

MIDNIGHT = START - START % 86_400_000 + 86_400_000
STATEMENTS = ("execute", "fetchval", "fetchrow", "copy_records_to_table")


class Wire:
    """A connection that is cut before, during or after any of its statements, by chance."""

    def __init__(self, connection, chance, risk):
        self._connection, self._chance, self._risk = connection, chance, risk

    def _unlucky(self):
        return self._chance.random() < self._risk

    def _maybe_cut(self):
        if self._unlucky():
            self._connection.terminate()
            raise asyncpg.ConnectionDoesNotExistError("cut")

    def __getattr__(self, name):
        found = getattr(self._connection, name)
        if name not in STATEMENTS:
            return found

        async def risky(*given, **named):
            self._maybe_cut()
            if self._unlucky():
                asyncio.get_running_loop().call_later(self._chance.uniform(0, 0.005), self._connection.terminate)
            result = await found(*given, **named)
            self._maybe_cut()  # done, and we shall never know
            return result

        return risky


class Recorded:
    """A connection that remembers what was sent over it."""

    def __init__(self, connection):
        self._connection, self.sent = connection, []

    def __getattr__(self, name):
        if name in STATEMENTS:
            self.sent.append(name)
        return getattr(self._connection, name)


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
    """Before, during and after all statements, at midnight, too: the rows are as if it had not been."""
    facts = a_history(seed + 100, steps=60, wrap_up_ms=2_000, start=MIDNIGHT - 20_000).facts
    assert facts[0].at < MIDNIGHT < facts[-1].at
    await store(db, facts, outbox="undisturbed")
    expected = await all_rows(db)
    await empty(db)
    async with an_outbox(tmp_path / "outbox.db") as box:
        cut = PostgresFacts(Chance(db, seed, risk=0.06))
        shipper = Shipper(box, cut, lambda: 0, pace=Pace(every=0, batch=4, rest=0, retry_first=0, retry_most=0))
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


async def test_a_batch_whose_shipping_is_cancelled_is_stored_whole_or_not_at_all(db):
    """Whenever that is: whoever comes next goes on behind the watermark."""
    facts = a_history(7, steps=60).facts
    loop, chance, cancelled = asyncio.get_running_loop(), random.Random(1), 0
    began = loop.time()
    await store(db, facts, cuts=[9])
    took = loop.time() - began
    expected = await all_rows(db)
    await empty(db)
    numbered, mark = [(seq, encode(fact)) for seq, fact in enumerate(facts, 1)], 0
    while mark < len(facts):
        target = PostgresFacts(db)
        mark = await target.watermark("box")
        shipping = asyncio.create_task(target.ship("box", 1, mark, numbered[mark : mark + 9]))
        loop.call_later(chance.uniform(0, took), shipping.cancel)
        with suppress(asyncio.CancelledError, StoreError):  # "moved": one that was cancelled got through after all
            await shipping
        cancelled += shipping.cancelled()
        await target.close()
    assert cancelled > 3
    assert await all_rows(db) == expected


async def test_a_batch_is_one_message(db):
    """Once the connection is prepared for the day: either side is woken once, and no lock waits for us."""
    facts = [(seq, encode(fact)) for seq, fact in enumerate(a_history(1, steps=10).facts, 1)]
    target = PostgresFacts(db)
    await target.ship("box", 1, 0, facts[:5])
    target._connection = recorded = Recorded(target._connection)
    await target.ship("box", 1, 5, facts[5:])
    assert recorded.sent == ["copy_records_to_table"]
    await target.close()


async def test_a_batch_that_was_given_up_and_is_stored_after_all_is_not_doubled(db):
    """Its successor waits for it, finds the watermark moved, and stores nothing."""
    facts = [(seq, encode(fact)) for seq, fact in enumerate(a_history(1, steps=10).facts, 1)]
    given_up = await db.connect()
    first, second = PostgresFacts(db), PostgresFacts(db)
    await first.ship("box", 1, 0, facts[:5])
    held = given_up.transaction()
    await held.start()
    await given_up.copy_records_to_table("fact", records=as_rows(1, facts[5:9]))
    await given_up.execute(query("advance_watermark"), 1, "box", 5, 9)
    waiting = asyncio.create_task(second.ship("box", 1, 5, facts[5:8]))
    async with asyncio.timeout(20):
        while not await _blocked(db):
            await asyncio.sleep(0.01)
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


async def test_facts_that_do_not_follow_on_the_watermark_are_refused(db):
    """Whether they were stored before or leave others out: the rows stay as they are."""
    facts = [(seq, encode(fact)) for seq, fact in enumerate(a_history(1, steps=10).facts, 1)]
    target = PostgresFacts(db)
    await target.ship("box", 1, 0, facts[:5])
    before = await all_rows(db)
    for after in (3, 7):
        with pytest.raises(StoreError) as caught:
            await target.ship("box", 1, after, facts[after:])
        assert caught.value.code == "watermark-moved"
    assert await target.watermark("box") == 5
    assert await all_rows(db) == before
    await target.close()


async def test_what_a_batch_touches_is_found_by_keys(db):
    """Even with plans made when all tables were known to be empty: they must serve when these are full."""
    async with db.connection() as connection:
        await connection.execute("ANALYZE")
    target = PostgresFacts(db)
    await target.ship("box", 1, 0, [(1, encode(a_history(1, steps=1).facts[0]))])
    for name in PROJECTIONS:
        plan = [line for [line] in await target._connection.fetch(f"EXPLAIN EXECUTE {name}(1, 1, 250)")]
        for line, below in pairwise(plan):
            assert "Seq Scan" not in line or " on node_away " in line, name  # as many rows as nodes
            if " using " in line and "Only" not in line:  # but the names of all agents, for PeopleLoaded
                assert "Index Cond" in below, (name, line)
    await target.close()


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


async def test_an_outbox_may_be_called_anything(db):
    facts = [(1, encode(a_history(1, steps=1).facts[0]))]
    target = PostgresFacts(db)
    await target.ship("o'box\\'; --", 1, 0, facts)
    assert await target.watermark("o'box\\'; --") == 1
    await target.close()


async def test_a_batch_is_all_or_nothing(db):
    """Rows, watermark and projections: what fails at the last of them leaves none."""
    facts = [(seq, encode(fact)) for seq, fact in enumerate(a_history(1, steps=10).facts, 1)]
    target = PostgresFacts(db)
    await target.ship("box", 1, 0, facts[:5])
    before = await all_rows(db)
    async with db.connection() as connection:
        await connection.execute("ALTER TABLE agent_interval RENAME TO away")
    with pytest.raises(StoreError, match="agent_interval") as caught:
        await target.ship("box", 1, 5, facts[5:])
    assert caught.value.code == "postgres-refused"
    assert await target.watermark("box") == 5
    async with db.connection() as connection:
        await connection.execute("ALTER TABLE away RENAME TO agent_interval")
        assert await connection.fetchval("SELECT count(*) FROM fact") == 5
    assert await all_rows(db) == before
    await target.ship("box", 1, 5, facts[5:])
    assert await target.watermark("box") == len(facts)
    await target.close()


TOO_LONG = random.Random(1).randbytes(10_000).hex()
"""For any index, even compressed."""


@pytest.mark.parametrize(
    "beyond",
    [
        {"type": "ContactEnded", "contact": "c-x", "by": "caller", "cause": 99_999_999_999},
        {"type": "ContactArrived", "contact": "c-x", "number_dialled": TOO_LONG},
        {"type": "ContactEnded", "contact": f"c-x{TOO_LONG}", "by": "caller", "cause": 16},
    ],
    ids=["number-too-large", "text-too-long", "contact-too-long-for-the-facts-themselves"],
)
async def test_a_fact_that_a_projection_cannot_take_holds_up_no_other(db, beyond):
    """It is stored as it is; those around it are projected as if it were not there."""
    facts = [encode(fact) for fact in a_history(4, steps=40).facts]
    contact, beyond = beyond["contact"], json.encode(beyond | {"at": 1_800_000_000_000})
    target = PostgresFacts(db)
    await target.ship("box", 1, 0, [*enumerate(facts[:20], 1), (21, beyond), *enumerate(facts[20:], 22)])
    assert await target.watermark("box") == len(facts) + 1
    async with db.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM fact") == len(facts) + 1
        assert await connection.fetchval("SELECT body ->> 'contact' FROM fact WHERE seq = 21") == contact
        assert await connection.fetchval("SELECT count(*) FROM contact WHERE id LIKE 'c-x%'") == 0
    found = {table: [without_seq(row) for row in rows] for table, rows in (await all_rows(db)).items()}
    await empty(db)
    await target.ship("other", 2, 0, list(enumerate(facts, 1)))
    expected = {table: [without_seq(row) for row in rows] for table, rows in (await all_rows(db)).items()}
    assert found == expected
    await target.close()


def without_seq(row):
    return {name: value for name, value in row.items() if name not in ("epoch", "seq", "open_epoch", "open_seq")}
