"""Which times of a contact and its segments were found out only after a gap: by rows of facts that the core decided."""

from __future__ import annotations

import pytest

from ccplane.agents.facts import Intent
from ccplane.contacts.verbs import EnterQueue
from ccplane.core import inputs as i
from ccplane.ids import ChannelId, NodeName
from ccplane.postgres.contacts import contact, contacts
from ccplane.postgres.rebuild import rebuild
from tests.core.floor import SUPPORT, a_floor, an_arrival, c, ms, paused, ready
from tests.postgres.test_projections import store

pytestmark = pytest.mark.postgres


async def said(db, floor, *names):
    await store(db, floor.facts)
    found = {}
    listed = {each.id: each for each in (await contacts(db)).contacts}
    for name in names:
        one = await contact(db, c(name))
        assert one is not None
        assert listed[one.contact.id] == one.contact
        found[name] = (one.contact.provisional, [each.provisional for each in one.segments])
    return found


def over_a_gap(floor, began, ended, *, gone=(), extra=()):
    floor.drops(at=began)
    floor.survey(after_gap=True, at=ended, gap=ended - began, gone=gone, extra=extra)


async def test_given_a_talk_that_ended_in_a_gap_then_it_is_provisional_and_the_wait_before_is_not(db):
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x", at=10)
    over_a_gap(floor, 20, 40, gone=("x", floor.offer("x").leg))
    assert await said(db, floor, "x") == {"x": (True, [False, True])}


async def test_given_a_talk_that_outlived_a_gap_then_it_is_exact(db):
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x", at=10)
    over_a_gap(floor, 20, 40)
    floor.agent_hangs_up("x", at=60)
    floor.leaves("x", at=61)
    assert await said(db, floor, "x") == {"x": (False, [False, False])}


async def test_given_a_caller_who_came_in_a_gap_then_their_wait_is_provisional_and_the_talk_is_not(db):
    floor = a_floor(agents=[paused("ana")])
    seen = i.ChannelSeen(ChannelId("x"), True, an_arrival("x", answered=True), created_at=ms(30))
    over_a_gap(floor, 20, 40, extra=[seen])
    floor.asks("x", EnterQueue(SUPPORT))
    floor.enters("x")
    floor.wants("ana", Intent.READY, at=50)
    floor.picks_up("x", at=51)
    floor.joins("x", at=52)
    floor.agent_hangs_up("x", at=60)
    floor.leaves("x", at=61)
    assert await said(db, floor, "x") == {"x": (True, [True, False])}


async def test_given_who_left_in_a_pause_that_the_connection_outlived_then_that_is_provisional(db):
    floor = a_floor(agents=[paused("ana")])
    floor.waits("x", at=10)
    floor.waits("y", at=11)
    floor.take(i.StoodStill(floor.contact("x").node, 20_000), at=40)
    floor.take(i.Late(i.CallerGone(c("x"), 16), ms(25)), at=40.3)
    floor.leaves("y", at=45)
    assert await said(db, floor, "x", "y") == {"x": (True, [True]), "y": (False, [False])}


async def test_given_who_left_as_a_pause_began_that_was_told_late_then_that_is_provisional(db):
    floor = a_floor(agents=[paused("ana")])
    floor.waits("x", at=10)
    floor.take(i.StoodStill(floor.contact("x").node, 20_000, until=ms(40)), at=43)
    floor.take(i.Late(i.CallerGone(c("x"), 16), ms(20) + 1), at=43)
    assert await said(db, floor, "x") == {"x": (True, [True])}


async def test_given_a_gap_of_another_node_then_nothing_here_is_provisional(db):
    floor = a_floor(agents=[paused("ana")])
    floor.waits("x", at=10)
    floor.take(i.StoodStill(NodeName("ast2"), 20_000), at=40)
    floor.take(i.Late(i.CallerGone(c("x"), 16), ms(25)), at=40)
    assert await said(db, floor, "x") == {"x": (False, [False])}


async def test_given_who_goes_on_then_that_is_provisional(db):
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x", at=10)
    assert await said(db, floor, "x") == {"x": (True, [False, True])}


async def test_given_projections_that_are_made_anew_then_they_say_the_same(db):
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x", at=10)
    over_a_gap(floor, 20, 40, gone=("x", floor.offer("x").leg))
    await store(db, floor.facts)
    before = await contact(db, c("x"))
    await rebuild(db)
    assert await contact(db, c("x")) == before
