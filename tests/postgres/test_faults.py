"""What the log tells of faults: those of some days, and what reaches into them from before or is told after."""

from __future__ import annotations

import pytest

from ccplane.contacts.facts import FallbackServed, ProgramFailed, QueueOutcome
from ccplane.facts import LedgerLost, PlaneStarted, SwitchAnswers, SwitchFound, SwitchUnwatched, SwitchWedged
from ccplane.postgres.faults import FaultStore
from tests.postgres.test_projections import store

pytestmark = pytest.mark.postgres
DAY_MS = 86_400_000
T = 1_795_046_400_000
END = T + DAY_MS
HOUR = 3_600_000


def failed(at):
    return ProgramFailed(at=at, contact="c-1", program="front", error="x", where="front.py:1")


def served(at, queued_at):
    return FallbackServed(
        at=at, contact="c-2", segment=101, queue="q", queued_at=queued_at, outcome=QueueOutcome.ABANDONED, waited_ms=9
    )


BEFORE = [LedgerLost(at=T - 30 * DAY_MS), failed(T - HOUR), SwitchWedged(at=T - HOUR, node="a", what="pbx")]
WITHIN = [failed(T), SwitchAnswers(at=T + HOUR, node="a"), failed(END - 1)]
AFTER = [
    PlaneStarted(at=END + HOUR, epoch=2, version="1", gap_ms=HOUR + 1),
    PlaneStarted(at=END + 2 * HOUR, epoch=3, version="1", gap_ms=HOUR),
    SwitchFound(at=END + 3 * HOUR, node="a", version="22", gap_ms=4 * HOUR),
    SwitchUnwatched(at=END + 3 * HOUR, node="b", gap_ms=HOUR),
    failed(END + 3 * HOUR),
    served(END + 4 * HOUR, END - HOUR),
    served(END + 4 * HOUR, END + HOUR),
]


async def test_what_began_before_and_what_is_told_after_is_read_with_what_is_told_within(db):
    await store(db, BEFORE + WITHIN + AFTER)
    found = await FaultStore(db).faults(T, END, 100)
    assert found == [BEFORE[0], BEFORE[2], *WITHIN, AFTER[0], AFTER[2], AFTER[5]]
    assert await FaultStore(db).faults(T, END, 3) == found[:3]


async def test_what_began_more_than_a_month_before_is_not_searched_for(db):
    await store(db, [LedgerLost(at=T - 32 * DAY_MS), *WITHIN])
    assert await FaultStore(db).faults(T, END, 100) == WITHIN
