"""Callers whom the guard took to the fallback: they did not hang up, nobody lost them, and no agent stays with them."""

from __future__ import annotations

import pytest

from ccplane.agents.agent import Work
from ccplane.contacts import facts as f
from ccplane.contacts.verbs import Gather
from ccplane.core import inputs as i
from ccplane.facts import RepairMade
from ccplane.ids import ChannelId
from tests.core.floor import a_floor, a_queue, c, doing, kinds, paused, ready, the


def test_given_a_waiting_caller_when_they_are_carried_then_the_contact_ends_by_the_fallback_and_the_queue_lost_them():
    floor = a_floor(agents=[paused("ana")])
    floor.waits("x")
    decision = floor.take(i.CallerCarried(c("x")), at=25)
    assert the(decision, f.ContactUnqueued).outcome is f.QueueOutcome.LOST
    assert the(decision, f.ContactEnded).by is f.EndedBy.FALLBACK
    assert floor.contact("x") is None
    assert "HangUpCaller" not in doing(decision), "they are listening to an apology"


def test_given_a_caller_who_is_offered_when_they_are_carried_then_the_ring_stops_and_the_agent_is_free():
    floor = a_floor(agents=[ready("ana")])
    floor.waits("x")
    decision = floor.take(i.CallerCarried(c("x")), at=5)
    assert the(decision, f.OfferWithdrawn).reason is f.Withdrawal.SWITCH_LOST
    assert "HangUpLeg" in doing(decision)
    floor.let_go()
    assert floor.agent("ana").free


def test_given_a_caller_in_a_menu_when_they_are_carried_then_the_contact_ends_and_no_queue_counts_them():
    floor = a_floor()
    floor.arrives("x")
    floor.asks("x", Gather(("sound:a",), 5_000))
    assert kinds(floor.take(i.CallerCarried(c("x")), at=25)) == ["ContactEnded"]


def test_given_a_talk_whose_caller_is_carried_before_its_end_was_told_then_the_agent_is_freed_too():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(wrap_up=30)])
    floor.talks("x")
    decision = floor.take(i.CallerCarried(c("x")), at=60)
    assert the(decision, f.TalkEnded).by is f.EndedBy.FALLBACK
    assert floor.agent("ana").work is Work.WRAP_UP


def test_given_a_carried_caller_then_their_hang_up_and_a_second_word_of_it_mean_nothing():
    floor = a_floor(agents=[paused("ana")])
    floor.waits("x")
    floor.take(i.CallerCarried(c("x")), at=25)
    assert not floor.take(i.CallerCarried(c("x")), at=26).facts
    assert not floor.leaves("x", at=30).facts


@pytest.mark.parametrize("after_gap", [True, False])
def test_given_a_plane_that_was_away_when_it_finds_a_caller_with_the_fallback_then_they_were_carried(after_gap):
    """That is no repair: nothing was wrong with what we believed until they were taken from us."""
    floor = a_floor(agents=[paused("ana")])
    floor.waits("x", at=1)
    floor.drops(at=2)
    decision = floor.survey(after_gap=after_gap, at=60, gap=58, carried=(ChannelId("x"),))
    assert the(decision, f.ContactEnded).by is f.EndedBy.FALLBACK
    assert the(decision, f.ContactUnqueued).outcome is f.QueueOutcome.LOST
    assert not [fact for fact in decision.facts if isinstance(fact, RepairMade)]
    assert not floor.survey(after_gap=False, at=75, carried=(ChannelId("x"),)).facts, "nor are they a new contact"
