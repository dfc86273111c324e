"""Whatever fails, and in whatever order: each fact that was acknowledged is stored once, and none twice."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ccplane.errors import StoreError
from ccplane.log.outbox import Outbox
from ccplane.log.shipping import Pace, Shipper
from tests.log.boxes import facts
from tests.log.stores import BadDays

AT_ONCE = Pace(every=0, batch=7, rest=0, retry_first=0, retry_most=0)

MOVES = st.one_of(
    st.tuples(st.just("append"), st.integers(1, 30)),
    st.tuples(st.just("acknowledge"), st.just(0)),
    st.tuples(st.just("checkpoint"), st.just(0)),
    st.tuples(st.sampled_from(["away", "back", "restart", "crash"]), st.just(0)),
    st.tuples(st.just("let it ship"), st.integers(1, 20)),
    st.tuples(st.just("fate"), st.sampled_from(BadDays.FATES)),
)


class World:
    """An outbox that is opened again and again, a store that outlives them all, and what was promised."""

    def __init__(self, folder):
        self.folder, self.store, self.epoch = folder, BadDays(), 0
        self.said = 0
        self.acknowledged = set()
        self.pending = {}

    async def begin(self):
        self.box = Outbox(self.folder / "outbox.db")
        self.seq = self.box.open().seq
        self.epoch += 1
        self.box.begin(self.epoch)
        self.shipper = Shipper(self.box, self.store, lambda: 0, pace=AT_ONCE)
        self.task = asyncio.create_task(self.shipper.run())

    async def end(self, crash):
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task
        if crash:  # nothing more reaches the disk; what was not acknowledged may be lost
            self.box._file.write = _fails
        with suppress(StoreError):
            await self.box.close(within=0)
        if not crash:
            self.acknowledged |= set(self.pending)
        self.pending = {}

    async def moves(self, move, given):
        match move:
            case "append":
                self.seq = self.box.append(facts(given, self.said + 1))
                self.pending |= dict.fromkeys(range(self.said + 1, self.said + given + 1))
                self.said += given
            case "acknowledge":
                await self.box.committed(self.seq)
                self.acknowledged |= set(self.pending)
                self.pending = {}
            case "checkpoint":
                self.box.checkpoint(self.seq, lambda: b"the state")
            case "away" | "back":
                self.store.away = move == "away"
            case "fate":
                self.store.fates.append(given)
            case "let it ship":
                for _ in range(given):
                    await asyncio.sleep(0)
            case "restart" | "crash":
                await self.end(move == "crash")
                await self.begin()

    async def settles(self):
        """Postgres is there again, and the last fact arrives."""
        self.store.away = False
        await self.moves("append", 1)
        await self.moves("acknowledge", 0)
        async with asyncio.timeout(20):
            await self.shipper.shipped(self.seq)
        await self.end(crash=False)


def _fails(*_):
    raise OSError("the machine is off")


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(MOVES, max_size=40))
@example([("append", 30), ("acknowledge", 0), ("fate", "late"), ("fate", "later"), ("let it ship", 20), ("crash", 0)])
@example([("away", 0), ("append", 20), ("checkpoint", 0), ("restart", 0), ("append", 9), ("crash", 0), ("append", 5)])
@example([("fate", "later"), ("append", 9), ("acknowledge", 0), ("let it ship", 5), ("restart", 0), ("fate", "half")])
def test_each_acknowledged_fact_is_stored_once_whatever_fails_in_between(moves):
    asyncio.run(_lived(moves))


async def _lived(moves):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("ccplane.log.writer.TRIM_EVERY", 0.0)
        world = World(Path(folder))
        await world.begin()
        for move, given_ in moves:
            await world.moves(move, given_)
        await world.settles()
        stored = [int(world.store.facts[key]["subject"]) for key in sorted(world.store.facts)]
        assert sorted(set(stored)) == stored, "one is twice, or out of order"
        assert world.acknowledged <= set(stored), "one is lost"
