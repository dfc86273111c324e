"""What the API reads of contacts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.core.evolve import evolve
from ccplane.core.state import State
from ccplane.errors import RequestError
from ccplane.facts import decode
from ccplane.postgres.contacts import Wanted, contact, contacts
from ccplane.postgres.cursors import place
from tests.postgres.histories import a_history
from tests.postgres.test_projections import store

pytestmark = pytest.mark.postgres


@pytest.fixture
async def centre(db):
    centre = a_history(7, steps=150)
    await store(db, centre.facts, range(10, len(centre.facts), 50))
    return centre


def of_kind(centre, kind):
    return [fact for fact in centre.facts if type(fact).__name__ == kind]


def came(fact):
    return fact.at if fact.arrived_at is None else fact.arrived_at


async def every(db, wanted=None, limit=7):
    found, cursor = [], None
    while True:
        page = await contacts(db, wanted, after=cursor, limit=limit)
        assert len(page.contacts) == limit or page.next is None
        found += page.contacts
        cursor = page.next
        if cursor is None:
            return found


async def test_pages_hold_each_contact_once_newest_first(db, centre):
    found = await every(db)
    arrived = [(came(fact), fact.contact) for fact in of_kind(centre, "ContactArrived")]
    assert [(each.arrived_at, each.id) for each in found] == sorted(arrived, reverse=True)
    assert [each.id for each in await every(db, limit=500)] == [each.id for each in found]


@pytest.mark.parametrize("field", ["queue", "agent"])
async def test_queue_and_agent_mean_any_stay_there(db, centre, field):
    kinds = ("ContactQueued",) if field == "queue" else ("TalkStarted", "CallConnected")
    stays = [fact for kind in kinds for fact in of_kind(centre, kind)]
    for value in {getattr(fact, field) for fact in stays}:
        expected = {fact.contact for fact in stays if getattr(fact, field) == value}
        assert {each.id for each in await every(db, Wanted(**{field: value}))} == expected


async def test_state_number_and_time_filter(db, centre):
    live = {each.id for each in await every(db)} - {each.id for each in await every(db, Wanted(state="ended"))}
    assert live == set(centre.state.contacts)
    assert await every(db, Wanted(number_dialled="4711")) == []
    arrivals = sorted(came(fact) for fact in of_kind(centre, "ContactArrived"))
    since, until = arrivals[len(arrivals) // 4], arrivals[len(arrivals) // 2]
    found = await every(db, Wanted(number_dialled="4002", since=since, until=until))
    assert {each.id for each in found} == {
        fact.contact
        for fact in of_kind(centre, "ContactArrived")
        if since <= came(fact) < until and fact.number_dialled == "4002"
    }


async def test_one_contact_has_all_that_is_known(db, centre):
    talk = of_kind(centre, "TalkStarted")[0]
    detail = await contact(db, talk.contact)
    mine = [(seq, fact) for seq, fact in enumerate(centre.facts, 1) if getattr(fact, "contact", None) == talk.contact]
    assert [(each["seq"], each["type"], each["at"]) for each in detail.facts] == [
        (seq, type(fact).__name__, fact.at) for seq, fact in mine
    ]
    assert [(each.segment, each.kind) for each in detail.segments][:2] == [(1, "queue"), (talk.segment, "agent")]
    [offer] = [each for each in detail.offers if each.id == talk.offer]
    assert (offer.agent, offer.state, offer.ended_at) == (talk.agent, "connected", talk.at)
    assert offer.trace["strategy"] == "longest-idle"
    assert detail.contact.agent == [fact for _, fact in mine if type(fact).__name__ == "TalkStarted"][-1].agent


async def test_the_stored_facts_evolve_to_the_state_that_decided_them(db, centre):
    """The record is true: what comes out of Postgres folds to what the core had."""
    async with db.connection() as connection:
        rows = await connection.fetch("SELECT body FROM fact ORDER BY epoch, seq")
    state = State()
    for row in rows:
        state = evolve(state, decode(row["body"]))
    assert (state.contacts, state.agents) == (centre.state.contacts, centre.state.agents)


async def test_an_unknown_contact_is_none(db):
    assert await contact(db, "c-nowhere") is None
    assert (await contacts(db)).contacts == []


async def test_a_cursor_that_is_none_of_ours_is_refused(db):
    for cursor in ("", "x", "!!!", "MTIz", "MTIzOg", "LTE6YQ", "OTk5OTk5OTk5OTk5OTk5OTk5OTk6YQ", "é", "MTphAA"):
        with pytest.raises(RequestError) as caught:
            await contacts(db, after=cursor)
        assert caught.value.code == "bad-cursor"


async def test_the_limit_is_kept_in_bounds(db, centre):
    arrived = len(of_kind(centre, "ContactArrived"))
    for limit, expected in ((-1, 1), (0, 1), (1, 1), (10_000, arrived)):
        assert len((await contacts(db, limit=limit)).contacts) == expected


@given(st.text(max_size=50))
def test_no_cursor_does_more_than_be_refused(cursor):
    try:
        at, contact_id = place(cursor)
    except RequestError:
        return
    assert at >= 0
    assert contact_id
