"""A fact store in memory, whose connection can be cut at any point."""

from __future__ import annotations

import json
from collections import deque
from contextlib import suppress

from ccplane.errors import StoreError


class MemoryFacts:
    """Keeps what Postgres would: facts by (epoch, seq), a watermark per epoch."""

    def __init__(self):
        self.facts = {}
        self.marks = {}
        self.batches = []
        self.away = False
        self.cut_before_commit = 0
        self.cut_after_commit = 0

    def _reach(self):
        if self.away:
            raise StoreError("postgres-unreachable", "Postgres is away")

    async def watermark(self, outbox):
        self._reach()
        return max((seq for (_, whose), seq in self.marks.items() if whose == outbox), default=0)

    async def ship(self, outbox, epoch, after, facts):
        self._reach()
        if self.cut_before_commit:
            self.cut_before_commit -= 1
            raise StoreError("postgres-unreachable", "cut before the commit")
        self._store(outbox, epoch, after, facts)
        if self.cut_after_commit:
            self.cut_after_commit -= 1
            raise StoreError("postgres-unreachable", "cut between the commit and its acknowledgement")

    def _store(self, outbox, epoch, after, facts):
        if self.marks.get((epoch, outbox), after) != after:
            raise StoreError("watermark-moved", "somebody was here")
        for seq, data in facts:
            assert (epoch, seq) not in self.facts, "stored twice"
            self.facts[epoch, seq] = json.loads(data)
        self.marks[epoch, outbox] = facts[-1][0]
        self.batches.append(len(facts))

    async def close(self):
        pass


class BadDays(MemoryFacts):
    """Each batch meets the next of its `fates`; one that was cut in its commit is carried out later, or never."""

    FATES = ("stored", "cut before", "cut after", "half", "late", "later", "refused")

    def __init__(self):
        super().__init__()
        self.fates = deque()
        self._late, self._later = [], []

    async def watermark(self, outbox):
        """What was cut in its commit may come through just before it is asked how far it is, or just after."""
        self._reach()
        self._carry_out(self._late)
        mark = await super().watermark(outbox)
        self._carry_out(self._later)
        return mark

    async def ship(self, outbox, epoch, after, facts):
        self._reach()
        match self.fates.popleft() if self.fates else "stored":
            case "cut before":
                raise StoreError("postgres-unreachable", "cut before the commit")
            case "refused":
                raise StoreError("postgres-full", "no space left")
            case "cut after":
                self._store(outbox, epoch, after, facts)
                raise StoreError("postgres-unreachable", "cut after the commit")
            case "half":  # over midnight: the day that ended is stored
                self._store(outbox, epoch, after, facts[: (len(facts) + 1) // 2])
                raise StoreError("postgres-unreachable", "cut between two days")
            case "late":
                self._late.append((outbox, epoch, after, facts))
                raise StoreError("postgres-unreachable", "cut in the commit")
            case "later":
                self._later.append((outbox, epoch, after, facts))
                raise StoreError("postgres-unreachable", "cut in the commit")
            case _:
                self._store(outbox, epoch, after, facts)

    def _carry_out(self, batches):
        for batch in batches:
            with suppress(StoreError):  # the watermark has moved: nothing is stored
                self._store(*batch)
        batches.clear()
