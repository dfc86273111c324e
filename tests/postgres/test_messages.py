"""Messages as rows: what the facts say of them, in whatever batches, and as the API asks for them."""

from __future__ import annotations

from itertools import combinations

import pytest
from msgspec.structs import replace

from ccplane.contacts.facts import (
    EndedBy,
    MessageAnswered,
    MessageGivenBack,
    MessageMark,
    MessageMarked,
    MessageOverdue,
    MessageSource,
    MessageStored,
    MessageTakenOn,
)
from ccplane.contacts.owed import OwedState
from ccplane.core import inputs as i
from ccplane.errors import RequestError
from ccplane.ids import ChannelId, ContactId, message_id
from ccplane.postgres.contacts import contact
from ccplane.postgres.messages import MessagesWanted, message, messages
from ccplane.postgres.messages import owed as without_answer
from ccplane.postgres.rebuild import rebuild
from tests.core.floor import NODE, Floor, a_floor
from tests.postgres.histories import START
from tests.postgres.test_projections import all_rows, empty, store

pytestmark = pytest.mark.postgres


def stored(number, *, box="general", source=MessageSource.IVR, left_at=None):
    of = ContactId(f"c-ast1-1700000000.{number}")
    return MessageStored(
        at=START + number,
        message=message_id(of, 3, 1),
        contact=of,
        box=box,
        caller=f"138{number}",
        number_dialled="4001",
        source=source,
        left_at=START + number * 1_000 if left_at is None else left_at,
        ms=4_200,
        bytes=67_244,
        file=f"2026/01/01/{number}.wav",
    )


def marked(number, state, by="api", at=50):
    fact = stored(number)
    return MessageMarked(at=START + at, message=fact.message, contact=fact.contact, state=state, by=by)


async def test_a_message_is_what_its_fact_says(db):
    fact = stored(1)
    await store(db, [fact])
    row = await message(db, fact.message)
    assert (row.box, row.caller, row.number_dialled, row.source) == ("general", "1381", "4001", "ivr")
    assert (row.left_at, row.ms, row.bytes, row.file) == (fact.left_at, 4_200, 67_244, fact.file)
    assert (row.state, row.heard_at, row.heard_by) == ("new", None, None)
    assert await message(db, message_id(ContactId("c-ast1-nobody"))) is None


async def test_the_latest_mark_counts_and_the_first_who_heard_it_is_remembered(db):
    """Told in one batch, or each in its own, or a message stored twice: the row is the same."""
    facts = [
        stored(1),
        stored(2),
        marked(1, MessageMark.HEARD, "ana", at=60),
        marked(1, MessageMark.NEW, "ana", at=70),
        stored(1),
        marked(1, MessageMark.HEARD, "ben", at=80),
        marked(2, MessageMark.DELETED, "ben", at=90),
    ]
    await store(db, facts)
    whole = await all_rows(db)
    first, second = await message(db, facts[0].message), await message(db, facts[1].message)
    assert (first.state, first.heard_at, first.heard_by) == ("heard", START + 60, "ana")
    assert (second.state, second.heard_by) == ("deleted", None)
    for cuts in (range(1, len(facts)), *combinations(range(1, len(facts)), 2)):
        await empty(db)
        await store(db, facts, cuts)
        assert await all_rows(db) == whole
    assert await rebuild(db) == len(facts)
    assert await all_rows(db) == whole


async def test_a_list_has_the_latest_first_and_goes_on_where_its_cursor_says(db):
    await store(db, [stored(number) for number in range(1, 8)])
    seen, after = [], None
    while True:
        page = await messages(db, after=after, limit=3)
        seen += [row.caller for row in page.messages]
        if page.next is None:
            break
        after = page.next
    assert seen == [f"138{number}" for number in range(7, 0, -1)]
    with pytest.raises(RequestError, match="cursor"):
        await messages(db, after="nonsense")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [3, 2, 1]),
        ({"box": "sales"}, [2]),
        ({"state": "new"}, [3, 2]),
        ({"state": "heard"}, [1]),
        ({"state": "deleted"}, [4]),
        ({"since": START + 2_000}, [3, 2]),
        ({"until": START + 2_000}, [1]),
        ({"box": "'; DROP TABLE message; --"}, []),
    ],
)
async def test_a_list_can_be_filtered_and_has_nothing_deleted_unless_it_is_asked_for(db, wanted, found):
    facts = [stored(1), stored(2, box="sales"), stored(3), stored(4)]
    await store(db, [*facts, marked(1, MessageMark.HEARD), marked(4, MessageMark.DELETED)])
    page = await messages(db, MessagesWanted(**wanted))
    assert [int(row.caller[3:]) for row in page.messages] == found


async def test_a_contact_has_its_messages(db):
    floor = a_floor()
    floor.arrives("x", at=START / 1000)
    floor.leaves("x")
    [arrived, *_] = [fact for fact in floor.facts if type(fact).__name__ == "ContactArrived"]
    fact = stored(1)
    mine = MessageStored(
        **{name: getattr(fact, name) for name in fact.__struct_fields__} | {"contact": arrived.contact}
    )
    await store(db, [*floor.facts, mine])
    detail = await contact(db, arrived.contact)
    assert [row.id for row in detail.messages] == [fact.message]
    assert "MessageStored" in [each["type"] for each in detail.facts]


async def test_a_call_at_the_fallback_is_a_contact_of_the_time_at_which_it_was(db):
    floor = Floor()
    floor.now = START + 600_000
    floor.take(i.PlaneBegan(1, "test", 0))
    floor.take(
        i.FallbackCallFound(
            node=NODE,
            channel=ChannelId("1700000000.1"),
            number_dialled="4002",
            caller="777",
            arrived_at=START,
            ended_at=START + 20_000,
        )
    )
    await store(db, floor.facts)
    found = (await contact(db, ContactId("c-ast1-1700000000.1"))).contact
    assert (found.arrived_at, found.ended_at) == (START, START + 20_000)
    assert (found.ended_by, found.state, found.caller) == (EndedBy.FALLBACK, "ended", "777")


def owed(number, **more):
    """One in a box that promises an answer."""
    return replace(stored(number), owed=True, queue="support", answer_until=START + 60_000 + number, **more)


def of(kind, number, at, **more):
    fact = stored(number)
    return kind(at=START + at, message=fact.message, contact=fact.contact, **more)


async def test_what_is_owed_is_new_taken_given_back_overdue_and_answered_in_whatever_batches(db):
    facts = [
        owed(1),
        owed(2),
        of(MessageTakenOn, 1, 10, owner="1001", by="1001"),
        of(MessageTakenOn, 2, 11, owner="1002", by="api"),
        of(MessageGivenBack, 1, 12, by="1001"),
        of(MessageOverdue, 1, 13, box="general"),
        of(MessageTakenOn, 1, 14, owner="1003", by="1003"),
        of(MessageAnswered, 1, 15, by="1003"),
    ]
    await store(db, facts)
    whole = await all_rows(db)
    for cuts in (range(1, len(facts)), *combinations(range(1, len(facts)), 2)):
        await empty(db)
        await store(db, facts, cuts)
        assert await all_rows(db) == whole
    rows = {row.caller: row for row in (await messages(db)).messages}
    done, taken = rows["1381"], rows["1382"]
    assert (done.answer, done.owner, done.answered_by) == ("answered", "1003", "1003")
    assert (done.taken_at, done.overdue_at, done.answered_at) == (START + 14, START + 13, START + 15)
    assert (done.queue, done.agent, done.answer_until) == ("support", "", START + 60_001)
    assert (taken.answer, taken.owner, taken.taken_at) == ("taken", "1002", START + 11)


async def test_they_are_listed_by_how_far_their_answer_is(db):
    facts = [owed(1), owed(2), owed(3), stored(4)]
    facts += [of(MessageTakenOn, 2, 10, owner="1002", by="api"), of(MessageOverdue, 2, 11, box="general")]
    facts += [of(MessageAnswered, 3, 12, by="api")]
    await store(db, facts)
    found = {}
    for answer in ("new", "taken", "answered", "overdue", None):
        page = await messages(db, MessagesWanted(answer=answer))
        found[answer] = sorted(row.caller for row in page.messages)
    assert found == {
        "new": ["1381"],
        "taken": ["1382"],
        "answered": ["1383"],
        "overdue": ["1382"],
        None: ["1381", "1382", "1383", "1384"],
    }


async def test_a_plane_that_knows_nothing_has_all_that_are_without_an_answer(db):
    facts = [owed(1), owed(2), owed(3), owed(5), stored(4), marked(5, MessageMark.DELETED)]
    facts += [of(MessageTakenOn, 2, 10, owner="1002", by="api"), of(MessageOverdue, 2, 11, box="general")]
    facts += [of(MessageAnswered, 3, 12, by="api")]
    await store(db, facts)
    first, second = await without_answer(db)
    assert (first.id, first.state, first.owner, first.overdue) == (facts[0].message, OwedState.NEW, "", False)
    assert (second.id, second.state, second.owner, second.overdue) == (facts[1].message, OwedState.TAKEN, "1002", True)
    assert (first.queue, first.answer_until, first.ms) == ("support", START + 60_001, 4_200)
