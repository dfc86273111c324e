"""A day that passes at once, as where a machine slept: what fell due happens, once, and nobody is lost."""

from __future__ import annotations

from ccplane.agents.agent import Work
from ccplane.agents.facts import Intent
from ccplane.contacts import facts as f
from ccplane.contacts.facts import MissCause, QueueOutcome
from ccplane.routing.rules import Step
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, paused, ready, the

DAY = 86_400
STEPS = (Step({SUPPORT: 7}, 20_000), Step({SUPPORT: 3}, 30_000), Step({SUPPORT: 1}))


def test_who_waits_is_asked_for_by_the_last_step_and_keeps_place_and_clock():
    floor = a_floor([paused("ana", **{SUPPORT: 9})], [a_queue(steps=STEPS)])
    floor.waits("x", at=10)
    floor.waits("y", at=11)
    decision = floor.tick(at=DAY)
    assert [(fact.contact, fact.step) for fact in decision.facts] == [(floor.contact(name).id, 2) for name in "xy"]
    assert [floor.contact(name).waiting.queued_at for name in "xy"] == [10_000, 11_000]
    floor.wants("ana", Intent.READY)
    assert floor.rung("x") == "ana"


def test_a_wait_that_is_over_by_far_ends_once_as_the_file_says():
    limited = a_queue(SUPPORT, longest_wait=60, overflow=SALES)
    floor = a_floor([paused("ana", **{SUPPORT: 9, SALES: 9})], [limited, a_queue(SALES, max_wait=600)])
    floor.waits("x", at=10)
    assert the(floor.tick(at=DAY), f.ContactUnqueued).outcome is QueueOutcome.OVERFLOWED
    assert floor.contact("x").waiting.queued_at == 10_000
    assert the(floor.tick(at=2 * DAY), f.ContactUnqueued).outcome is QueueOutcome.TIMED_OUT


def test_a_ring_is_missed_once_and_the_agent_is_not_rung_for_a_day_of_misses():
    floor = a_floor([ready("ana")])
    floor.waits("x", at=10)
    decision = floor.tick(at=DAY)
    assert [fact.cause for fact in decision.facts if isinstance(fact, f.OfferMissed)] == [MissCause.NO_ANSWER]
    assert sum(isinstance(fact, f.OfferMade) for fact in decision.facts) <= 1
    assert (floor.agent("ana").misses, floor.agent("ana").intent) == (1, Intent.READY)


def test_a_wrap_up_is_over_and_took_no_longer_than_its_time_and_a_talk_goes_on():
    floor = a_floor([ready("ana"), ready("ben", since=1)], [a_queue(wrap_up=30)])
    floor.talks("x", at=10)
    floor.talks("y", at=11)
    floor.agent_hangs_up("x", at=60)
    decision = floor.tick(at=DAY)
    assert [fact.wrap_up_ms for fact in decision.facts if type(fact).__name__ == "WrapUpDone"] == [30_000]
    assert floor.agent("ben").work is Work.TALKING
    assert not any(isinstance(fact, f.TalkEnded) for fact in decision.facts)
