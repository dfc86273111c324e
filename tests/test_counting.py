"""Figures of the past are counted each minute, and whatever goes wrong there, the plane goes on."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from ccplane.counting import keep_counted
from ccplane.errors import StoreError


class Figures:
    """Fails as it is told, and says how often it was asked."""

    def __init__(self, *failures):
        self.failures, self.asked, self.done = list(failures), [], asyncio.Event()

    async def count(self, now):
        self.asked.append(now)
        if self.failures:
            failure = self.failures.pop(0)
            if failure:
                raise failure
        else:
            self.done.set()
        return 0


@pytest.mark.parametrize("wrong", [StoreError("database-away", "It is away."), ValueError("a fault of ours")])
async def test_after_a_failure_it_counts_again(wrong):
    figures = Figures(wrong, wrong, None)
    with capture_logs() as said:
        task = asyncio.create_task(keep_counted(figures, lambda: 7, every_s=0))
        await asyncio.wait_for(figures.done.wait(), 5)
        task.cancel()
    assert figures.asked[:4] == [7, 7, 7, 7]
    assert len(said) == (1 if isinstance(wrong, StoreError) else 2), "Postgres away is said once"
