"""A fact store in memory, whose connection can be cut at any point."""

from __future__ import annotations

import json

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
        if self.marks.get((epoch, outbox), after) != after:
            raise StoreError("watermark-moved", "somebody was here")
        if self.cut_before_commit:
            self.cut_before_commit -= 1
            raise StoreError("postgres-unreachable", "cut before the commit")
        for seq, data in facts:
            assert (epoch, seq) not in self.facts, "stored twice"
            self.facts[epoch, seq] = json.loads(data)
        self.marks[epoch, outbox] = facts[-1][0]
        self.batches.append(len(facts))
        if self.cut_after_commit:
            self.cut_after_commit -= 1
            raise StoreError("postgres-unreachable", "cut between the commit and its acknowledgement")

    async def close(self):
        pass
