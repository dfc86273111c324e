"""Seats are imported from the files once; then Postgres has the say (law 11)."""

from __future__ import annotations

import pytest

from ccplane.agents.facts import Seat
from ccplane.ids import SeatId
from ccplane.postgres.seats import decode_desks, desks, encode_desks, import_seats
from ccplane.site import SeatEntry

pytestmark = pytest.mark.postgres


def entry(seat, **flags):
    return SeatEntry(id=SeatId(seat), **flags)


async def test_new_ones_are_made_with_what_the_files_say_and_a_secret_of_their_own(db):
    assert await import_seats(
        db, [entry("2002", shared=True, always_on=True), entry("2001", shared=True, auto_answer=True)]
    ) == [
        "2001",
        "2002",
    ]
    first, second = await desks(db)
    assert first.seat == Seat(id=SeatId("2001"), shared=True, auto_answer=True)
    assert second.seat == Seat(id=SeatId("2002"), shared=True, always_on=True)
    assert len(first.secret) >= 20
    assert first.secret != second.secret
    assert first.secret not in repr(first)


async def test_none_is_overwritten_by_the_files(db):
    await import_seats(db, [entry("2001", shared=True)])
    [before] = await desks(db)
    async with db.connection() as connection:
        await connection.execute("UPDATE seat SET shared = false")
    assert await import_seats(db, [entry("2001", auto_answer=True), entry("2002")]) == ["2002"]
    after = (await desks(db))[0]
    assert (after.shared, after.auto_answer, after.secret) == (False, False, before.secret)


async def test_one_that_is_no_more_is_not_read(db):
    await import_seats(db, [entry("2001", shared=True), entry("2002", shared=True)])
    async with db.connection() as connection:
        await connection.execute("UPDATE seat SET active = false WHERE id = '2001'")
    assert [each.id for each in await desks(db)] == ["2002"]


async def test_a_snapshot_gives_the_same_seats_again_and_that_of_a_time_before_them_none(db):
    await import_seats(db, [entry("2001", shared=True), entry("1001", auto_answer=True)])
    everything = await desks(db)
    assert decode_desks(encode_desks(everything)) == everything
    assert decode_desks(None) == ()
