"""Places to be copied: an outbox and a database that facts of the core's own histories went through."""

from __future__ import annotations

import itertools
import random
from contextlib import asynccontextmanager

import asyncpg

from ccplane.backup.make import back_up
from ccplane.backup.restore import restore
from ccplane.core.evolve import evolve
from ccplane.core.state import State
from ccplane.facts import decode
from ccplane.kpi.board import Board
from ccplane.kpi.board import evolve as folded
from ccplane.log.outbox import Outbox
from ccplane.log.shipping import Pace, Shipper
from ccplane.postgres.pool import Database
from ccplane.postgres.store import PostgresFacts
from ccplane.recall import kept, recalled
from ccplane.settings import HOME, Settings
from ccplane.site import parse, read
from tests.backup.tasks import ended
from tests.postgres.test_projections import TABLES

SITE = parse(read(HOME), 2)
ALL = TABLES | {
    "fact": "SELECT day, epoch, seq, at, kind, contact, agent, body::text FROM fact ORDER BY epoch, seq",
    "agent": "SELECT * FROM agent ORDER BY id",
    "seat": "SELECT * FROM seat ORDER BY id",
    "migration": "SELECT * FROM migration ORDER BY name",
}
AT_ONCE = Pace(every=0, batch=50, rest=0, retry_first=0, retry_most=0)
_count = itertools.count(1)


class Place:
    """A runtime folder and a database."""

    def __init__(self, runtime, dsn):
        self.dsn = dsn
        self.settings = Settings(runtime=runtime, site=HOME, database_url=dsn)
        runtime.mkdir(exist_ok=True)

    @property
    def outbox(self):
        return self.settings.runtime / "outbox.sqlite"

    @asynccontextmanager
    async def database(self):
        yield self.dsn

    async def backed_up(self, path, **how):
        return await back_up(self.settings, self.dsn, path, **how)

    async def restored(self, path, **how):
        return await restore(self.settings, self.database, path, **how)

    async def rows(self, statement):
        connection = await asyncpg.connect(self.dsn)
        try:
            return [dict(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    async def all_rows(self):
        return {table: await self.rows(statement) for table, statement in ALL.items()}

    async def known(self):
        """State and board, as a plane that begins here has them."""
        box = Outbox(self.outbox)
        try:
            return recalled(box.open(), SITE.rules.timezone)
        finally:
            await box.close()

    async def facts(self):
        """All of them by seq: those in the database, and those that are still in the outbox alone."""
        stored = await self.rows("SELECT seq, body::text FROM fact ORDER BY seq")
        found = {row["seq"]: decode(row["body"].encode()) for row in stored}
        box = Outbox(self.outbox)
        try:
            after = max(found, default=0)
            box.open()
            for group in box._file.after(after):
                found |= {seq: decode(line) for seq, line in group.each() if seq > after}
        finally:
            await box.close()
        return found


def folded_over(facts, timezone="UTC"):
    """State and board after these facts."""
    state, board = State(), Board.begun(timezone)
    for fact in facts:
        state, board = evolve(state, fact), folded(board, fact)
    return state, board


async def lives_through(place, facts, *, shipped=None, seed=0):
    """Facts in batches of any size, with checkpoints; those after the first `shipped` find Postgres away."""
    chance, done = random.Random(seed), 0
    first = len(facts) if shipped is None else shipped
    for until, ships in ((first, True), (len(facts), False)):
        async with living(place, ships=ships) as life:
            life.state, life.board = folded_over(facts[:done])
            while done < until:
                size = min(chance.randint(1, 60), until - done)
                life.append(facts[done : done + size], checkpoint=chance.random() < 0.2)
                done += size
            if ships:
                await life.shipped()


class Life:
    """A plane's log at work: facts are appended, kept, shipped; the state is checkpointed."""

    def __init__(self, box, database):
        self.box, self.state, self.board, self.appended = box, State(), Board.begun("UTC"), []
        self.shipper = Shipper(box, PostgresFacts(database), lambda: 0, pace=AT_ONCE)

    def append(self, facts, *, checkpoint=False):
        for fact in facts:
            self.state, self.board = evolve(self.state, fact), folded(self.board, fact)
        seq = self.box.append(facts)
        self.appended += facts
        if checkpoint:
            state, board = self.state, self.board
            later = board.for_later()
            self.box.checkpoint(seq, lambda: kept(state, later))
        return seq

    async def shipped(self):
        await self.shipper.shipped(self.box.stats.appended_seq)


@asynccontextmanager
async def living(place, *, epoch=1, ships=True):
    box, database = Outbox(place.outbox), Database(place.dsn)
    box.open()
    box.begin(epoch)
    await database.open()
    life = Life(box, database)
    shipping = [life.shipper.run()] if ships else []
    async with ended(*shipping):
        yield life
    await database.close()
    await box.close()


@asynccontextmanager
async def an_empty_database(server):
    name = f"empty_{next(_count)}"
    await _administer(server, f'CREATE DATABASE "{name}"')
    yield server.url(name)
    await _administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _administer(server, statement):
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
