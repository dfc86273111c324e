"""What an agent's screen asks for: it says what it is about, and hits nothing else."""

from __future__ import annotations

from ccplane.agents.agent import Shown
from ccplane.contacts.facts import ConnectFailed, ConnectFailure, MissCause, OfferMissed, TalkEnded
from ccplane.core import inputs as i
from ccplane.core.commands import HangUpLeg, PickUp
from ccplane.ids import AgentId, OfferId
from tests.core.floor import a_floor, a_queue, c, doing, kinds, ready, the

ANA, BEN = AgentId("ana"), AgentId("ben")


def rejects(floor, name, agent=ANA, offer=None):
    return floor.take(i.RejectAsked(agent, offer or floor.offer(name).id))


def hangs_up(floor, name, agent=ANA):
    return floor.take(i.HangUpAsked(agent, c(name)))


def test_given_an_offer_when_it_is_rejected_then_the_phone_falls_silent_and_the_next_agent_rings():
    floor = a_floor(agents=[ready("ana", since=1), ready("ben", since=2)])
    floor.waits()
    floor.alerts("x")
    decision = rejects(floor, "x")
    assert (the(decision, OfferMissed).cause, the(decision, OfferMissed).agent) == (MissCause.REJECTED, ANA)
    assert the(decision, HangUpLeg).reason == "answered_elsewhere", "no missed call stands on their phone"
    assert floor.rung("x") == BEN


def test_given_a_rejected_offer_then_the_caller_keeps_place_and_clock_and_the_agent_rests():
    floor = a_floor(agents=[ready("ana")])
    floor.waits(at=10)
    rejects(floor, "x")
    assert floor.contact("x").waiting.queued_at == 10_000
    assert floor.rung("x") is None
    assert floor.agent("ana").rest_until


def test_given_another_offer_since_then_a_late_rejection_hits_nothing():
    floor = a_floor(agents=[ready("ana")])
    floor.waits("one")
    late = floor.offer("one").id
    floor.leaves("one")
    floor.let_go()
    floor.waits("two")
    assert floor.rung("two") == ANA
    assert not rejects(floor, "two", offer=late).facts
    assert not rejects(floor, "two", agent=BEN).facts, "nor does that of an agent whose offer it is not"
    assert not rejects(floor, "two", offer=OfferId("o-c-ast1-nobody-1-1")).facts


def test_given_a_ringing_offer_when_it_is_to_be_answered_then_the_phone_is_told_and_nothing_has_happened_yet():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    decision = floor.take(i.AnswerAsked(ANA, floor.offer("x").id))
    assert not decision.facts
    assert the(decision, PickUp).leg == floor.offer("x").leg
    assert not floor.take(i.AnswerAsked(BEN, floor.offer("x").id)).commands
    floor.picks_up("x")
    assert not floor.take(i.AnswerAsked(ANA, floor.offer("x").id)).commands


def test_given_an_answered_offer_then_it_can_no_longer_be_rejected():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    floor.picks_up("x")
    assert not rejects(floor, "x").facts


def test_given_a_talk_when_the_agent_hangs_up_by_screen_then_it_is_as_if_by_phone():
    by_screen, by_phone = (a_floor(agents=[ready("ana")], queues=[a_queue(wrap_up=30)]) for _ in range(2))
    for floor in (by_screen, by_phone):
        floor.talks()
    decision = hangs_up(by_screen, "x")
    assert kinds(decision) == ["LegDropped", *kinds(by_phone.agent_hangs_up("x"))]
    assert doing(decision)[0] == "HangUpLeg"
    assert the(decision, TalkEnded).by == "agent"
    assert by_screen.agent("ana").shown is Shown.WRAP_UP
    assert by_screen.contact("x").talk is None
    assert by_screen.contact("x").results == by_phone.contact("x").results, "the program goes on with the caller"
    assert kinds(by_screen.let_go()) == ["LegCleared"], "the leg's own end is no second end of the talk"


def test_given_an_agent_who_is_being_joined_when_they_hang_up_then_the_caller_waits_on():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    floor.picks_up("x")
    assert the(hangs_up(floor, "x"), ConnectFailed).cause is ConnectFailure.AGENT_GONE
    assert floor.contact("x").waiting


def test_given_no_talk_of_theirs_with_this_contact_then_hanging_up_hits_nothing():
    floor = a_floor(agents=[ready("ana", since=1), ready("ben", since=2)])
    floor.talks("x")
    floor.waits("y")
    assert not hangs_up(floor, "x", agent=BEN).facts
    assert not hangs_up(floor, "y", agent=BEN).facts, "it only rings"
    assert not hangs_up(floor, "x", agent=AgentId("nobody")).facts
    assert not hangs_up(floor, "nobody").facts


def test_given_a_node_that_is_not_connected_then_nothing_is_said_to_be_done_there():
    floor = a_floor(agents=[ready("ana", since=1), ready("ben", since=2)])
    floor.talks("x")
    floor.waits("y")
    floor.drops()
    assert not hangs_up(floor, "x").facts
    assert not rejects(floor, "y", agent=BEN).facts
