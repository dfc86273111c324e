"""From the outbox to the store: in order, in batches, exactly once."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest
import structlog

from ccplane.errors import StoreError
from ccplane.log.shipping import Pace, Shipper
from tests.log.boxes import facts
from tests.log.stores import MemoryFacts

QUICK = Pace(every=0.01, batch=10, retry_first=0.005, retry_most=0.02)


@asynccontextmanager
async def shipping(box, store, pace=QUICK, now=lambda: 2_000):
    shipper = Shipper(box, store, now, pace=pace)
    task = asyncio.create_task(shipper.run())
    try:
        yield shipper
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def box(make_outbox):
    box = make_outbox()
    box.open()
    box.begin(1)
    return box


async def shipped(shipper, seq):
    async with asyncio.timeout(20):
        await shipper.shipped(seq)


def subjects(store):
    return [int(store.facts[key]["subject"]) for key in sorted(store.facts)]


async def test_every_fact_arrives_once_and_in_order(box):
    store = MemoryFacts()
    async with shipping(box, store) as shipper:
        for n in range(20):
            seq = box.append(facts(7, 1 + 7 * n))
        await shipped(shipper, seq)
    assert subjects(store) == list(range(1, 141))
    assert max(store.batches) <= QUICK.batch
    assert (shipper.stats.facts, shipper.stats.shipped_seq, box.stats.shipped_seq) == (140, 140, 140)


async def test_what_comes_together_goes_together(box):
    """A batch costs the same whether it holds one fact or many, so there is a pause between two."""
    store = MemoryFacts()
    async with shipping(box, store, Pace(every=0.05, batch=1_000)) as shipper:
        await shipped(shipper, box.append(facts(1)))
        for n in range(10):
            seq = box.append(facts(1, 2 + n))
            await box.committed(seq)
        await shipped(shipper, seq)
    assert len(store.batches) <= 4


@pytest.mark.parametrize("cut", ["cut_before_commit", "cut_after_commit"])
async def test_a_cut_connection_neither_loses_nor_doubles_a_fact(box, cut):
    store = MemoryFacts()
    setattr(store, cut, 3)
    async with shipping(box, store) as shipper:
        await shipped(shipper, box.append(facts(35)))
    assert subjects(store) == list(range(1, 36))
    assert shipper.stats.failures == 3


async def test_a_store_that_is_away_at_the_start_is_waited_for(box):
    store = MemoryFacts()
    store.away = True
    async with shipping(box, store) as shipper:
        seq = box.append(facts(5))
        await box.committed(seq)
        async with asyncio.timeout(20):
            while shipper.stats.failures < 2:
                await asyncio.sleep(0.005)
        assert (shipper.stats.connected, shipper.stats.last_error) == (False, "Postgres is away")
        store.away = False
        await shipped(shipper, seq)
        assert (shipper.stats.connected, shipper.stats.last_error) == (True, "")


async def test_facts_of_an_older_epoch_are_shipped_under_it(make_outbox):
    old = make_outbox()
    old.open()
    old.begin(1)
    old.append(facts(25))
    await old.close()
    box = make_outbox()
    box.open()
    box.begin(2)
    store = MemoryFacts()
    async with shipping(box, store) as shipper:
        await shipped(shipper, box.append(facts(3, 26)))
    assert sorted(store.facts) == [(1, seq) for seq in range(1, 26)] + [(2, seq) for seq in range(26, 29)]


async def test_a_new_plane_goes_on_behind_the_watermark(make_outbox):
    store = MemoryFacts()
    old = make_outbox()
    old.open()
    old.begin(1)
    async with shipping(old, store) as shipper:
        await shipped(shipper, old.append(facts(12)))
    old.append(facts(3, 13))
    await old.close()
    box = make_outbox()
    box.open()
    box.begin(2)
    async with shipping(box, store) as shipper:
        await shipped(shipper, 15)
    assert subjects(store) == list(range(1, 16))


async def test_an_old_copy_of_the_file_is_told_apart(box):
    """Its seqs would be used a second time: shipping stops and says so, instead of leaving facts out."""
    store = MemoryFacts()
    store.marks[1, box.id] = 50
    async with shipping(box, store) as shipper:
        await box.committed(box.append(facts(5)))
        async with asyncio.timeout(20):
            while not shipper.stats.last_error:
                await asyncio.sleep(0.005)
    assert "old copy" in shipper.stats.last_error
    assert store.facts == {}


async def test_a_fault_of_ours_is_seen_and_does_not_end_shipping(box):
    class Faulty(MemoryFacts):
        async def ship(self, *given):
            if not self.marks and not self.batches:
                self.batches.append(0)
                raise ZeroDivisionError
            await super().ship(*given)

    store = Faulty()
    async with shipping(box, store) as shipper:
        await shipped(shipper, box.append(facts(2)))
    assert subjects(store) == [1, 2]
    assert shipper.stats.failures == 1


async def test_the_lag_is_from_the_fact_to_its_commit(box):
    async with shipping(box, MemoryFacts(), now=lambda: 1_001 + 60) as shipper:
        await shipped(shipper, box.append(facts(1)))
    assert (shipper.stats.lag.count, shipper.stats.lag.quantile(0.99)) == (1, 0.06)


async def test_a_store_that_can_be_asked_but_takes_nothing_is_not_connected_and_said_once(box):
    """A full disk, say: the watermark is told each time, and each batch refused."""

    class Full(MemoryFacts):
        full = True

        async def ship(self, *given):
            if self.full:
                raise StoreError("postgres-full", "Postgres has no disk space left")
            await super().ship(*given)

    store = Full()
    await box.committed(box.append(facts(5)))
    with structlog.testing.capture_logs() as logged:
        async with shipping(box, store) as shipper:
            async with asyncio.timeout(20):
                while shipper.stats.failures < 4:
                    assert not shipper.stats.connected
                    await asyncio.sleep(0)
            assert "no disk space" in shipper.stats.last_error
            store.full = False
            await shipped(shipper, 5)
            assert (shipper.stats.connected, shipper.stats.last_error) == (True, "")
    assert [each["event"] for each in logged] == [
        "facts are not being shipped; they wait in the outbox",
        "facts reach Postgres again",
    ]


async def test_a_store_that_does_not_answer_can_be_told_from_one_that_has_nothing_to_do(box):
    class Hangs(MemoryFacts):
        async def ship(self, *_):
            await asyncio.Event().wait()

    async with shipping(box, Hangs()) as shipper:
        assert shipper.stats.waits_since is None
        box.append(facts(1))
        async with asyncio.timeout(20):
            while shipper.stats.waits_since is None:
                await asyncio.sleep(0.005)
    assert shipper.stats.waits_since is None


async def test_a_backlog_in_small_groups_is_not_shipped_at_the_pace_of_live_traffic(box, monkeypatch):
    """A look at the file then gives fewer facts than a batch may have; it goes on at once all the same."""
    monkeypatch.setattr("ccplane.log.outbox.TAIL_BYTES", 0)
    monkeypatch.setattr("ccplane.log.outbox.GROUPS_AT_ONCE", 3)
    for n in range(60):
        await box.committed(box.append(facts(1, 1 + n)))
    store = MemoryFacts()
    async with shipping(box, store, Pace(every=3600, batch=10)) as shipper:
        await shipped(shipper, 50)
    assert max(store.batches) <= 3


async def test_facts_that_neither_has_any_more_are_said(make_outbox, monkeypatch):
    """Postgres was put back to an earlier day, after the outbox had deleted what it once had: the rest is shipped."""
    monkeypatch.setattr("ccplane.log.writer.TRIM_EVERY", 0.0)
    box, store = make_outbox(), MemoryFacts()
    box.open()
    box.begin(1)
    await box.committed(box.append(facts(10)))
    box.checkpoint(10, lambda: b"the state")
    async with shipping(box, store) as shipper:
        await shipped(shipper, 10)
    await box.committed(box.append(facts(1, 11)))
    await box.committed(box.append(facts(1, 12)))
    store.marks[1, box.id] = 4
    store.facts = {key: fact for key, fact in store.facts.items() if key[1] <= 4}
    with structlog.testing.capture_logs() as logged:
        async with shipping(box, store) as shipper:
            await shipped(shipper, 12)
    assert shipper.stats.missing == 6
    assert [each["event"] for each in logged if each["log_level"] == "error"] == [
        "Postgres lacks facts that the outbox no longer has: was it put back to an earlier day?"
    ]
    assert subjects(store) == [1, 2, 3, 4, 11, 12]
