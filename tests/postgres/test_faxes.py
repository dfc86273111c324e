"""Faxes as rows: what the facts say of them, in whatever batches, and as the API asks for them."""

from __future__ import annotations

from itertools import combinations

import pytest

from ccplane.contacts.facts import FaxDeleted, FaxRead, FaxStored
from ccplane.ids import ContactId, fax_id
from ccplane.postgres.faxes import FaxesWanted, fax, faxes
from ccplane.postgres.rebuild import rebuild
from tests.postgres.histories import START
from tests.postgres.test_projections import all_rows, empty, store

pytestmark = pytest.mark.postgres


def stored(number, *, box="general"):
    of = ContactId(f"c-ast1-1700000000.{number}")
    return FaxStored(
        at=START + number,
        fax=fax_id(of, 3, 1),
        contact=of,
        box=box,
        caller=f"138{number}",
        number_dialled="4001",
        over_at=START + number * 1_000,
        pages=2,
        complete=number != 2,
        reason="" if number != 2 else "hung-up",
        station="+49 30",
        bytes=4_711,
        file=f"2026/01/01/{number}.pdf",
    )


def about(number, kind, at):
    fact = stored(number)
    return kind(at=START + at, fax=fact.fax, contact=fact.contact, by="api")


async def test_a_fax_is_what_its_fact_says(db):
    await store(db, [stored(1), stored(2)])
    row = await fax(db, stored(2).fax)
    assert (row.box, row.caller, row.number_dialled, row.station) == ("general", "1382", "4001", "+49 30")
    assert (row.pages, row.complete, row.reason) == (2, False, "hung-up")
    assert (row.came_at, row.bytes, row.file) == (START + 2_000, 4_711, "2026/01/01/2.pdf")
    assert (row.read_at, row.deleted_at) == (None, None)
    assert await fax(db, fax_id(ContactId("c-ast1-nobody"), 1, 1)) is None


async def test_told_in_one_batch_or_each_in_its_own_the_row_is_the_same(db):
    facts = [stored(1), about(1, FaxRead, 60), about(1, FaxRead, 70), stored(1), about(1, FaxDeleted, 80)]
    await store(db, facts)
    whole = await all_rows(db)
    row = await fax(db, facts[0].fax)
    assert (row.read_at, row.deleted_at) == (START + 60, START + 80)
    for cuts in (range(1, len(facts)), *combinations(range(1, len(facts)), 2)):
        await empty(db)
        await store(db, facts, cuts)
        assert await all_rows(db) == whole
    assert await rebuild(db) == len(facts)
    assert await all_rows(db) == whole


async def test_a_list_has_the_latest_first_goes_on_where_its_cursor_says_and_hides_what_was_deleted(db):
    came = [stored(number, box="orders" if number % 2 else "general") for number in range(1, 8)]
    await store(db, [*came, about(7, FaxDeleted, 90)])
    first = await faxes(db, limit=4)
    rest = await faxes(db, after=first.next, limit=4)
    assert [row.caller for row in (*first.faxes, *rest.faxes)] == ["1386", "1385", "1384", "1383", "1382", "1381"]
    assert rest.next is None
    wanted = FaxesWanted(box="orders", since=START + 2_000, until=START + 5_000)
    assert [row.caller for row in (await faxes(db, wanted)).faxes] == ["1383"]
    assert [row.caller for row in (await faxes(db, FaxesWanted(deleted=True))).faxes] == ["1387"]
