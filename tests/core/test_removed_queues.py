"""A queue is taken out of the file while contacts wait in it: they wait on where the file says, with their clock."""

from __future__ import annotations

from ccplane.agents.facts import Intent
from ccplane.contacts import facts as f
from ccplane.contacts.verbs import NoAgents
from ccplane.core import commands as do
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, offline, paused, ready, the

BOTH = {SUPPORT: 5, SALES: 5}
QUEUES = [a_queue(SUPPORT), a_queue(SALES)]
TO_SALES = {"removed_queues": {SUPPORT: SALES}}


def test_they_wait_on_in_the_queue_that_stands_for_it_with_clock_and_place():
    floor = a_floor(agents=[paused("ana", **BOTH)], queues=QUEUES)
    floor.waits("x", at=10)
    decision = floor.reads("site-2", a_queue(SALES), at=40, **TO_SALES)
    assert the(decision, f.ContactUnqueued).outcome == "moved"
    waiting = floor.contact("x").waiting
    assert (waiting.queue, waiting.queued_at, waiting.here_since) == (SALES, 10_000, 40_000)
    assert the(decision, do.StartMusic).music == "sales-music"
    assert floor.replayed() == floor.state


def test_an_agent_who_is_free_for_that_one_is_rung_at_once():
    floor = a_floor(agents=[paused("ana"), ready("ben", **{SALES: 5})], queues=QUEUES)
    floor.waits("x", at=10)
    floor.reads("site-2", a_queue(SALES), at=40, **TO_SALES)
    assert floor.rung("x") == "ben"


def test_where_nothing_stands_for_it_the_default_queue_does():
    floor = a_floor(agents=[paused("ana", **BOTH)], queues=QUEUES)
    floor.waits("x", at=10)
    floor.reads("site-2", a_queue(SALES), at=40, default_queue=SALES)
    assert floor.contact("x").waiting.queue == SALES


def test_without_either_the_program_is_told_that_there_is_nobody():
    floor = a_floor(agents=[paused("ana", **BOTH)], queues=QUEUES)
    floor.waits("x", at=10)
    floor.reads("site-2", a_queue(SALES), at=40)
    assert floor.contact("x").past[-1].result == NoAgents()


def test_so_it_is_where_nobody_is_there_for_the_queue_that_stands_for_it():
    floor = a_floor(agents=[paused("ana"), offline("ben", **{SALES: 5})], queues=QUEUES)
    floor.waits("x", at=10)
    floor.reads("site-2", a_queue(SALES), at=40, **TO_SALES)
    assert floor.contact("x").past[-1].result == NoAgents()


def test_who_is_being_rung_may_be_answered_and_goes_there_after_a_miss():
    floor = a_floor(agents=[ready("ana"), paused("ben", **{SALES: 5})], queues=QUEUES)
    floor.waits("x", at=10)
    floor.reads("site-2", a_queue(SALES), at=15, **TO_SALES)
    assert floor.rung("x") == "ana"
    floor.refuses("x", sip=486, at=16)
    assert floor.contact("x").waiting.queue == SALES
    assert floor.contact("x").waiting.queued_at == 10_000


def test_a_program_that_still_asks_for_it_is_given_the_queue_that_stands_for_it():
    floor = a_floor(agents=[paused("ana", **BOTH)], queues=[a_queue(SALES)], **TO_SALES)
    floor.waits("x", queue=SUPPORT, at=10)
    assert floor.contact("x").waiting.queue == SALES


def test_an_agent_who_is_deleted_while_talking_finishes_the_call_and_is_offered_no_other():
    floor = a_floor(agents=[ready("ana"), paused("ben")], queues=QUEUES)
    floor.talks("x", at=10)
    floor.waits("y", at=12)
    floor.people([paused("ben")], at=20)
    assert floor.contact("x").talk.agent == "ana"
    floor.agent_hangs_up("x", at=30)
    assert floor.contact("x").talk is None
    assert floor.rung("y") is None
    floor.wants("ana", Intent.READY, at=31)
    assert floor.rung("y") is None, "also where they ask for it"
    floor.people([paused("ben"), ready("ana")], at=40)
    floor.wants("ana", Intent.READY, at=41)
    assert floor.rung("y") == "ana", "they were taken back"
