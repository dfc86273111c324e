"""What there was before with a caller, as an agent's screen is told of it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.errors import StoreError
from ccplane.ids import ContactId
from ccplane.postgres.callers import MOST, before
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query
from tests.ports import free_port
from tests.postgres.histories import a_history
from tests.postgres.test_projections import store

pytestmark = pytest.mark.postgres


@pytest.fixture
async def centre(db):
    """A history whose callers are three, and of whose last contacts some were answered and some were not."""
    centre = next(each for each in map(of_three_callers, range(100)) if len(lately_answered(each)) == 2)
    await store(db, centre.facts, [])
    return centre


def of_three_callers(seed):
    centre = a_history(seed, steps=200)
    centre.facts = [
        replace(fact, caller=str(place % 3)) if type(fact).__name__ == "ContactArrived" else fact
        for place, fact in enumerate(centre.facts)
    ]
    return centre


def lately_answered(centre):
    """How those ended up whom a screen is told of: answered or not, or both."""
    last = {}
    for fact in centre.facts:
        if type(fact).__name__ in ("TalkStarted", "ContactUnqueued", "ContactQueued"):
            last[fact.contact] = type(fact).__name__ == "TalkStarted"
    arrived = sorted(of_kind(centre, "ContactArrived"), key=lambda each: (each.arrived_at or each.at, each.contact))
    lately = [[each for each in arrived if each.caller == caller][-MOST:] for caller in "012"]
    return {last.get(each.contact, False) for theirs in lately for each in theirs}


def of_kind(centre, kind):
    return [fact for fact in centre.facts if type(fact).__name__ == kind]


async def test_the_last_contacts_of_the_same_caller_are_told_the_latest_first(db, centre):
    arrived = of_kind(centre, "ContactArrived")
    caller = max({each.caller for each in arrived}, key=[each.caller for each in arrived].count)
    theirs = sorted((each.arrived_at or each.at, each.contact) for each in arrived if each.caller == caller)
    assert len(theirs) > MOST
    at, present = theirs[-1]
    found = await before(db, present, caller)
    assert [each.arrived_at for each in found] == [each for each, _ in reversed(theirs[:-1])][:MOST]
    assert present not in {each.contact for each in found}
    assert found[0].arrived_at <= at


async def test_each_is_told_with_how_its_wait_ended_and_how_long_was_talked(db, centre):
    talked = {each.contact: 0 for each in of_kind(centre, "ContactArrived")}
    for each in of_kind(centre, "TalkEnded"):
        talked[each.contact] += each.talk_ms
    outcome = {each.contact: each.outcome for each in of_kind(centre, "ContactUnqueued")}
    seen = set()
    for caller in {each.caller for each in of_kind(centre, "ContactArrived")}:
        for each in await before(db, ContactId("c-none"), caller):
            assert each.talk_ms == talked[each.contact]
            if each.outcome not in (None, "answered"):
                assert each.outcome == outcome[each.contact]
            seen.add(each.outcome)
    assert "answered" in seen
    assert len(seen) > 1


async def test_a_caller_who_never_called_has_no_history(db, centre):
    assert await before(db, ContactId("c-none"), "nobody's number") == []


async def test_it_is_found_by_the_index_however_often_they_called(db):
    async with db.connection() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")
        await connection.execute(f"PREPARE history AS {query('caller_history')}")
        plan = await connection.fetch("EXPLAIN EXECUTE history('1', '', 5)")
    assert "contact_by_caller" in "\n".join(row[0] for row in plan)


async def test_a_database_that_is_away_is_said_so():
    away = Database(f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    await away.open()
    with pytest.raises(StoreError):
        await before(away, ContactId("c-1"), "1")
    await away.close()
