"""Callers who are put through to one agent: whoever that is alone is rung, and the program is told what came of it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.agents.facts import Intent, Phone
from ccplane.agents.wrap_up import WrapUp
from ccplane.contacts.contact import Phase
from ccplane.contacts.direct import Direct
from ccplane.contacts.facts import ContactQueued, ContactUnqueued, OfferMade, TalkStarted
from ccplane.contacts.verbs import EnterQueue, NotReached, Served
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core import journal
from ccplane.core.estimates import expected
from ccplane.core.why import agents_told, why
from ccplane.ids import AgentId, ChannelId
from ccplane.routing.hours import Hours
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, an_arrival, c, kinds, offline, paused, ready, the

ANA = Direct(AgentId("ana"))
PATIENT = Direct(AgentId("ana"), ring_ms=6_000, wait_ms=30_000)


def a_house(*agents, **rules):
    return a_floor(agents=agents or [ready("ana", support=5), ready("ben", support=9)], **rules)


def wants(floor, direct=ANA, name="x", queue=SUPPORT):
    floor.arrives(name, answered=True)
    floor.enters(name)
    return floor.asks(name, EnterQueue(queue, direct=direct))


def result(floor, name="x"):
    return floor.contact(name).results[-1]


def test_given_a_better_agent_for_the_queue_when_somebody_wants_another_then_that_one_alone_is_rung():
    floor = a_house()
    made = the(wants(floor), OfferMade)
    assert made.agent == "ana"
    assert floor.agent("ben").free


def test_given_a_queue_that_rings_all_at_once_then_still_only_that_one_is_rung():
    floor = a_house(queues=[a_queue(SUPPORT, at_once=None)])
    wants(floor)
    assert [each.agent for each in floor.contact("x").offers] == ["ana"]


def test_given_an_agent_who_serves_no_queue_then_they_can_be_had_all_the_same():
    floor = a_house(ready("ana"), ready("ben", support=9))
    assert the(wants(floor), OfferMade).agent == "ana"


def test_given_a_closed_queue_that_is_full_then_that_is_not_for_who_wants_one_agent():
    never = Hours("never", ())
    floor = a_house(queues=[a_queue(SUPPORT, hours="never", most_waiting=0)], hours={"never": never})
    assert the(wants(floor), OfferMade).agent == "ana"


def test_given_an_answer_then_it_is_a_talk_of_the_queue_with_wrap_up_and_the_program_goes_on():
    floor = a_house(ready("ana", wrap_up=WrapUp(20_000), support=5))
    wants(floor)
    floor.picks_up("x")
    started = the(floor.joins("x"), TalkStarted)
    assert (started.agent, started.queue) == ("ana", SUPPORT)
    floor.agent_hangs_up("x")
    assert result(floor) == Served(AgentId("ana"))
    assert floor.agent("ana").shown == "wrap-up"


@pytest.mark.parametrize(
    ("agent", "why"),
    [
        (offline("ana"), "offline"),
        (paused("ana"), "paused"),
        (ready("ana", phone=Phone.GONE), "unreachable"),
        (ready("ana", phone=Phone.IN_USE), "busy"),
        (ready("ben"), "no-such-agent"),
    ],
)
def test_given_an_agent_who_cannot_take_it_then_that_is_said_at_once_and_counts_in_no_queue(agent, why):
    floor = a_house(agent)
    decision = wants(floor)
    assert result(floor) == NotReached(why)
    assert "ContactQueued" not in kinds(decision)


def test_given_a_busy_agent_then_it_is_said_at_once_or_waited_for_as_long_as_the_program_says():
    floor = a_house()
    floor.waits("y")
    floor.picks_up("y")
    floor.joins("y")
    busy = floor.contact("y").talk.agent
    wants(floor, Direct(busy))
    assert result(floor) == NotReached("busy")
    waited = wants(floor, Direct(busy, wait_ms=30_000), name="z")
    assert the(waited, ContactQueued).direct == Direct(busy, wait_ms=30_000)
    assert do.StartMusic(c("z"), floor.contact("z").channel, "support-music") in waited.commands
    floor.tick(at=floor.now / 1000 + 29)
    assert floor.contact("z").phase is Phase.WAITING
    over = floor.wake()
    assert the(over, ContactUnqueued).outcome == "timed-out"
    assert result(floor, "z") == NotReached("busy")


def test_given_somebody_who_waits_for_a_busy_agent_when_that_one_is_free_then_they_are_rung_at_once():
    floor = a_house(ready("ana", support=5))
    floor.waits("y")
    floor.picks_up("y")
    floor.joins("y")
    wants(floor, PATIENT)
    assert the(floor.agent_hangs_up("y"), OfferMade).contact == c("x")


def test_given_two_who_wait_for_one_agent_then_who_has_waited_longest_is_rung_for_whatever_the_queue():
    floor = a_house(paused("ana", support=5), queues=[a_queue(SUPPORT), a_queue(SALES)])
    wants(floor, PATIENT, "x", SALES)
    wants(floor, PATIENT, "y", SUPPORT)
    assert the(floor.wants("ana", Intent.READY, at=5), OfferMade).contact == c("x")


@pytest.mark.parametrize(("sip", "why"), [(486, "busy"), (603, "rejected"), (480, "no-answer"), (404, "unreachable")])
def test_given_an_agent_who_does_not_take_it_then_they_are_not_rung_again_and_the_program_is_told_why(sip, why):
    floor = a_house()
    wants(floor, PATIENT)
    refused = floor.refuses("x", sip=sip)
    assert the(refused, ContactUnqueued).outcome == "timed-out"
    assert result(floor) == NotReached(why)
    assert not any(isinstance(each, do.RingAgent) for each in refused.commands)


def test_given_a_ring_time_then_the_phone_rings_for_so_long_whatever_the_queue_says():
    floor = a_house()
    made = the(wants(floor, PATIENT), OfferMade)
    assert made.deadline - made.at == 6_000
    floor.wake()
    assert result(floor) == NotReached("no-answer")


def test_given_somebody_who_waits_when_their_agent_signs_out_then_nobody_is_waited_for():
    floor = a_house(paused("ana", support=5), ready("ben", support=5))
    wants(floor, PATIENT)
    gone = floor.wants("ana", Intent.OFFLINE)
    assert the(gone, ContactUnqueued).outcome == "no-agents"
    assert result(floor) == NotReached("offline")


def test_given_somebody_who_hangs_up_while_it_rings_then_the_agent_is_free_and_the_stay_abandoned():
    floor = a_house()
    wants(floor)
    assert the(floor.leaves("x"), ContactUnqueued).outcome == "abandoned"
    floor.let_go()
    assert floor.agent("ana").free


def test_given_an_agent_whose_leg_dies_before_they_are_joined_then_the_program_is_told_so_in_time():
    floor = a_house()
    wants(floor)
    floor.picks_up("x")
    floor.agent_hangs_up("x")
    floor.wake()
    assert isinstance(result(floor), NotReached)


def test_given_a_team_leader_who_moves_them_to_a_queue_then_anybody_there_may_serve_them():
    floor = a_house(paused("ana", support=5), ready("ben", sales=5), queues=[a_queue(SUPPORT), a_queue(SALES)])
    wants(floor, PATIENT)
    moved = floor.take(i.ContactEditAsked(contact=c("x"), queue=SALES, credit_s=None, by="lead"))
    assert the(moved, ContactQueued).direct is None
    assert the(moved, OfferMade).agent == "ben"


def test_given_a_plane_that_knows_nothing_when_it_finds_one_who_waits_for_an_agent_then_nobody_else_is_rung():
    floor = a_house(paused("ana", support=5), ready("ben", support=9))
    floor.drops()
    seen = i.ChannelSeen(ChannelId("x"), True, an_arrival("x", answered=True))
    told = journal.write(1, EnterQueue(SUPPORT, direct=PATIENT), floor.now)
    floor.survey(after_gap=True, extra=[seen], rooms={c("x"): (seen.id,)}, journals={c("x"): told})
    assert floor.contact("x").waiting.direct == PATIENT
    assert floor.agent("ben").free
    assert the(floor.wants("ana", Intent.READY), OfferMade).agent == "ana"


def test_why_they_wait_is_said_of_that_one_agent_and_of_their_own_time():
    floor = a_house(paused("ana", support=5), ready("ben", support=9))
    wants(floor, PATIENT)
    told = why(floor.state, floor.contact("x"), floor.now)
    assert (told.because, told.gives_up_at) == ("all-busy", 30_000)
    assert [each.asks for each in told.steps] == ["agent ana, and nobody else"]
    agents = agents_told(floor.state, floor.contact("x"), floor.state.agents.values(), floor.now)
    assert {each.id: each.reasons for each in agents} == {"ana": ("paused",), "ben": ("preferred",)}


def test_a_log_of_before_is_still_read():
    stay = replace(the(wants(a_house()), ContactQueued), direct=None)
    assert stay.direct is None


def test_who_waits_for_one_agent_is_in_nobodys_way():
    """Others of the queue are told their place among those who come to the same agents."""
    floor = a_house(paused("ana", support=5), paused("ben", support=9))
    wants(floor, PATIENT)
    floor.waits("y")
    assert expected(floor.state, floor.contact("y")).position == 1
    assert expected(floor.state, floor.contact("x")).position == 1
