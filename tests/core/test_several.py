"""Several agents are rung for one contact: the first who answers has the talk, and nobody else a missed call."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ccplane.agents.agent import Work
from ccplane.agents.facts import Intent, Phone, Seat
from ccplane.contacts import facts as c
from ccplane.contacts.contact import Phase
from ccplane.contacts.offer import OfferState
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.evolve import evolve
from ccplane.errors import IllegalMove
from ccplane.ids import AgentId, SeatId, leg_of, offer_id
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, ms, ready, the, the_rules
from tests.core.floor import c as the_contact
from tests.core.invariants import same
from tests.core.test_always import HONEST, MORNING, Honest, honest, moves, thoroughly
from tests.core.world import DIALLING, USUAL, World

TEAM = ("ana", "ben", "cem")


def a_team(*, at_once=None, agents=TEAM, **queue):
    """Agents, the first idle the longest, of whom the queue rings so many at once."""
    people = [ready(name, since=n) for n, name in enumerate(agents)]
    return a_floor(agents=people, queues=[a_queue(at_once=at_once, **queue)])


def rung(floor, name="x"):
    return [each.agent for each in floor.contact(name).offers]


def offer_to(floor, agent, name="x"):
    return floor.contact(name).offer_to(AgentId(agent))


def picks_up(floor, agent, name="x", at=None):
    offer = offer_to(floor, agent, name)
    return floor.take(i.LegUp(offer.id, offer.leg, AgentId(agent)), at)


def refuses(floor, agent, name="x", **how):
    offer = offer_to(floor, agent, name)
    return floor.take(i.LegEnded(offer.id, offer.leg, **{"cause": 17, "sip": 486} | how))


def lets_go(floor, *agents):
    for agent in agents:
        floor.let_go(agent)


def of_kind(decision, kind):
    return [each for each in (*decision.facts, *decision.commands) if isinstance(each, kind)]


@pytest.mark.parametrize(("at_once", "ring"), [(1, ["ana"]), (2, ["ana", "ben"]), (3, list(TEAM)), (None, list(TEAM))])
def test_given_a_queue_that_rings_so_many_when_somebody_waits_then_so_many_ring_the_longest_idle_first(at_once, ring):
    floor = a_team(at_once=at_once)
    decision = floor.waits("x", at=10)
    assert rung(floor) == ring
    assert [each.agent for each in of_kind(decision, do.RingAgent)] == ring
    assert len({each.leg for each in floor.contact("x").offers}) == len(ring)


def test_given_more_agents_than_can_be_decided_on_at_once_when_all_are_asked_for_then_thirty_ring():
    floor = a_team(agents=[f"a{n}" for n in range(40)])
    floor.waits("x", at=60)
    assert len(rung(floor)) == 30
    refuses(floor, "a0")
    assert len(rung(floor)) == 30
    assert "a30" in rung(floor)


def test_given_three_who_ring_when_one_answers_then_the_others_stop_without_a_missed_call():
    floor = a_team()
    floor.waits("x", at=10)
    floor.take(i.LegRinging(offer_to(floor, "cem").id), at=10.1)
    decision = picks_up(floor, "ben", at=14)
    assert the(decision, c.OfferAnswered).agent == "ben"
    withdrawn = of_kind(decision, c.OfferWithdrawn)
    assert [(each.agent, each.reason) for each in withdrawn] == [
        ("ana", c.Withdrawal.ANSWERED_ELSEWHERE),
        ("cem", c.Withdrawal.ANSWERED_ELSEWHERE),
    ]
    assert [(each.rang, each.ring_ms) for each in withdrawn] == [(False, 4000), (True, 3900)]
    assert {each.reason for each in of_kind(decision, do.HangUpLeg)} == {"answered_elsewhere"}
    assert floor.agent("ana").misses == floor.agent("cem").misses == 0
    assert floor.agent("ana").rest_until is None


def test_given_one_who_answered_then_the_two_are_joined_before_anybody_is_hung_up():
    floor = a_team()
    floor.waits("x")
    order = [type(each).__name__ for each in picks_up(floor, "ana").commands]
    assert order == ["StopMusic", "JoinAgent", "HangUpLeg", "HangUpLeg"]
    floor.joins("x")
    assert floor.contact("x").talk.agent == "ana"
    assert [floor.agent(each).work for each in TEAM] == [Work.TALKING, Work.IDLE, Work.IDLE]


def test_given_two_who_answer_at_the_same_moment_then_the_second_is_hung_up_and_the_first_talks():
    floor = a_team()
    floor.waits("x")
    second = offer_to(floor, "cem")
    picks_up(floor, "ben")
    decision = floor.take(i.LegUp(second.id, second.leg, AgentId("cem")))
    assert the(decision, do.HangUpLeg).leg == second.leg
    assert not of_kind(decision, do.JoinAgent)
    floor.joins("x")
    lets_go(floor, "ana", "cem")
    assert floor.contact("x").talk.agent == "ben"
    assert floor.agent("cem").free
    assert floor.agent("cem").misses == 0


def test_given_one_who_answered_and_is_gone_before_they_are_joined_then_the_caller_rings_the_others_again():
    floor = a_team()
    floor.waits("x")
    picks_up(floor, "ana")
    lets_go(floor, "ben", "cem")
    floor.agent_hangs_up("x")
    assert rung(floor) == ["ben", "cem"]
    assert floor.contact("x").waiting.queued_at == 2_000


def test_given_a_colleague_who_was_first_then_who_was_rung_has_been_idle_for_as_long_as_before():
    floor = a_team()
    floor.waits("x", at=10)
    picks_up(floor, "ben", at=15)
    floor.let_go("ana", at=15.2)
    floor.let_go("cem", at=15.1)
    assert [floor.agent(each).idle_since for each in ("ana", "cem")] == [ms(0), ms(2)]
    assert floor.waits("y", at=20)
    assert rung(floor, "y")[0] == "ana"


def test_given_a_colleague_who_was_first_when_an_agent_pauses_meanwhile_then_their_clock_begins_anew():
    floor = a_team()
    floor.waits("x", at=10)
    picks_up(floor, "ben", at=15)
    floor.wants("ana", Intent.PAUSED, at=15.1)
    floor.let_go("ana", at=15.2)
    floor.wants("ana", Intent.READY, at=30)
    assert floor.agent("ana").idle_since == ms(30)


@pytest.mark.parametrize("how", ["refused", "rejected", "rang out", "gone"])
def test_given_two_who_ring_when_one_does_not_take_it_then_the_other_rings_on_and_the_next_free_one_too(how):
    floor = a_team(at_once=2)
    floor.waits("x", at=10)
    first, second = floor.contact("x").offers
    match how:
        case "refused":
            refuses(floor, "ana")
        case "rejected":
            floor.take(i.RejectAsked(AgentId("ana"), first.id))
        case "rang out":
            refuses(floor, "ana", cause=19, sip=480)
        case "gone":
            refused = do.RingAgent(the_contact("x"), first.id, first.leg, AgentId("ana"), "PJSIP/ana", "", "", 1)
            floor.take(i.CommandFailed(refused, gone=False, message="no"))
    assert rung(floor) == ["ben", "cem"]
    assert offer_to(floor, "ben").id == second.id, "the other was not rung anew"
    assert floor.agent("ana").misses == 1


def test_given_all_who_ring_when_their_time_is_over_then_each_has_missed_it_and_the_caller_is_offered_again():
    floor = a_team(ring=20)
    floor.waits("x", at=10)
    decision = floor.tick(at=30)
    assert [each.cause for each in of_kind(decision, c.OfferMissed)] == [c.MissCause.NO_ANSWER] * 3
    lets_go(floor, *TEAM)
    assert sorted(rung(floor)) == sorted(TEAM)
    assert floor.contact("x").waiting.queued_at == ms(10)


def test_given_a_caller_who_leaves_then_every_phone_stops_and_nobody_has_missed_a_call():
    floor = a_team()
    floor.waits("x")
    decision = floor.leaves("x")
    assert [each.reason for each in of_kind(decision, c.OfferWithdrawn)] == [c.Withdrawal.CALLER_GONE] * 3
    lets_go(floor, *TEAM)
    assert all(floor.agent(each).free and not floor.agent(each).misses for each in TEAM)


def test_given_who_rings_already_when_another_agent_gets_ready_then_their_phone_rings_too():
    floor = a_team(agents=("ana", "ben"))
    floor.waits("x", at=10)
    floor.people([ready("ana"), ready("ben"), ready("dia")])
    floor.phone("dia", Phone.REACHABLE)
    decision = floor.wants("dia", Intent.READY)
    assert the(decision, c.OfferMade).agent == "dia"
    assert the(decision, c.OfferMade).attempt == 3


def test_given_two_who_wait_and_three_who_are_free_then_each_caller_has_one_before_anybody_has_two():
    floor = a_team(agents=())
    people = [ready(name, since=n) for n, name in enumerate(TEAM)]
    floor.people(people)
    floor.wants("ana", Intent.READY)  # there, but not to be reached yet
    for name in "xy":
        floor.waits(name)
    assert not rung(floor)
    floor.wants("ben", Intent.READY)
    floor.wants("cem", Intent.READY)
    floor.survey(after_gap=True, phones={AgentId(each): Phone.REACHABLE for each in TEAM})
    assert (rung(floor, "x"), rung(floor, "y")) == (["ana", "cem"], ["ben"])


def test_given_a_queue_of_its_own_for_each_then_only_the_one_that_says_so_rings_several():
    both = {SUPPORT: 5, SALES: 5}
    people = [ready(name, since=n, **both) for n, name in enumerate(TEAM)]
    floor = a_floor(agents=people, queues=[a_queue(SUPPORT), a_queue(SALES, at_once=3)])
    floor.waits("x", SUPPORT)
    floor.waits("y", SALES)
    assert (rung(floor, "x"), rung(floor, "y")) == (["ana"], ["ben", "cem"])


def test_given_who_is_asked_for_relaxes_while_some_ring_then_those_who_may_now_ring_too():
    experts = [ready("ana", support=8), ready("ben", support=3)]
    floor = a_floor(agents=experts, queues=[a_queue(at_once=None, ring=30, steps=((10, 7), (None, 1)))])
    floor.waits("x", at=0)
    assert rung(floor) == ["ana"]
    floor.wake()
    assert floor.now == ms(10)
    assert rung(floor) == ["ana", "ben"]


def test_given_a_reload_that_lets_more_ring_then_they_ring_at_once_and_one_that_lets_fewer_stops_nobody():
    floor = a_team(at_once=1)
    floor.waits("x")
    floor.reads("more", a_queue(at_once=3))
    assert rung(floor) == list(TEAM)
    floor.reads("fewer", a_queue(at_once=1))
    assert rung(floor) == list(TEAM)
    assert not floor.state.wanting


def test_given_a_phone_that_answers_by_itself_then_it_is_never_one_of_several():
    floor = a_team()
    profiles = tuple(each.profile for each in (ready("ana"), ready("ben"), ready("cem")))
    floor.take(i.PeopleRead(profiles, (Seat(id=SeatId("ana"), auto_answer=True),)))
    floor.waits("x", at=10)
    assert rung(floor) == ["ana"], "the longest idle; it takes the call at once"
    floor.waits("y")
    assert rung(floor, "y") == ["ben", "cem"]
    refuses(floor, "ana")
    floor.tick(at=40)
    assert "ana" not in rung(floor, "y")


def test_given_a_call_that_is_not_ours_at_one_of_the_phones_then_only_that_one_stops():
    floor = a_team()
    floor.waits("x")
    decision = floor.phone("ben", Phone.IN_USE)
    assert the(decision, c.OfferWithdrawn).reason is c.Withdrawal.OTHER_CALL
    assert rung(floor) == ["ana", "cem"]


def test_given_an_agent_who_is_rung_then_a_second_offer_to_them_is_illegal_for_this_contact_and_for_any():
    floor = a_team(at_once=2)
    floor.waits("x")
    made = next(each for each in floor.facts if isinstance(each, c.OfferMade))
    for fact in (made, replace(made, offer=offer_id(the_contact("x"), 1, 9))):
        with pytest.raises(IllegalMove):
            evolve(floor.state, fact)


# ------------------------------------------------------------------------------------------------------ after a gap


def test_given_three_who_ring_when_the_plane_was_away_then_they_ring_on():
    floor = a_team()
    floor.waits("x")
    before = floor.contact("x").offers
    floor.drops()
    floor.survey(after_gap=True, at=9)
    assert floor.contact("x").offers == before


def test_given_two_who_picked_up_while_the_plane_was_away_then_one_is_joined_and_the_other_let_go():
    floor = a_team()
    floor.waits("x")
    legs = {each.agent: each.leg for each in floor.contact("x").offers}
    floor.drops()
    decision = floor.survey(after_gap=True, at=9, up=[legs["ben"], legs["cem"]])
    assert the(decision, c.OfferAnswered).agent == "ben"
    assert {each.agent: each.reason for each in of_kind(decision, c.OfferWithdrawn)} == {
        "ana": c.Withdrawal.ANSWERED_ELSEWHERE,
        "cem": c.Withdrawal.ANSWERED_ELSEWHERE,
    }
    floor.joins("x")
    assert floor.contact("x").talk.agent == "ben"


def test_given_two_who_picked_up_when_one_is_in_the_room_already_then_that_is_the_talk():
    floor = a_team()
    floor.waits("x")
    legs = {each.agent: each.leg for each in floor.contact("x").offers}
    floor.drops()
    room = {the_contact("x"): (floor.contact("x").channel, legs["cem"])}
    floor.survey(after_gap=True, at=9, up=[legs["ben"], legs["cem"]], rooms=room)
    assert floor.contact("x").talk.agent == "cem"
    assert floor.agent("ben").work is Work.IDLE


def test_given_three_who_rang_and_nobody_knows_of_it_then_they_ring_on():
    floor = a_team()
    floor.take(i.PlaneBegan(2, "test", 0))
    floor.survey(after_gap=True, phones={AgentId(each): Phone.REACHABLE for each in TEAM}, at=3)
    floor.wants("ana", Intent.PAUSED)
    floor.wants("ben", Intent.PAUSED)
    floor.waits("x", at=5)
    floor.wants("cem", Intent.PAUSED)
    refuses(floor, "cem", cause=19, sip=480)
    assert not rung(floor)
    of = the_contact("x")
    offers = {agent: offer_id(of, floor.contact("x").step, n) for n, agent in enumerate(TEAM, 2)}
    floor.drops()
    for each in TEAM:
        floor.wants(each, Intent.READY)
    ringing = [i.ChannelSeen(leg_of(offer, 2), False, agent=AgentId(agent)) for agent, offer in offers.items()]
    decision = floor.survey(after_gap=True, at=30, extra=ringing)
    assert {each.agent: each.offer for each in of_kind(decision, c.OfferMade)} == offers
    assert not of_kind(decision, do.RingAgent)


def test_given_one_leg_of_three_that_is_gone_after_a_gap_then_only_that_offer_is_made_again():
    floor = a_team()
    floor.waits("x")
    gone = offer_to(floor, "ben")
    floor.drops()
    decision = floor.survey(after_gap=True, at=9, gone=[gone.leg])
    assert the(decision, c.OfferWithdrawn).reason is c.Withdrawal.SWITCH_LOST
    assert sorted(rung(floor)) in (["ana", "cem"], sorted(TEAM))
    assert Phase.WAITING is floor.contact("x").phase


# --------------------------------------------------------------------------------------------------------- whatever


class Team(World):
    """A small team: every queue rings whoever is free."""

    opening = the_rules(a_queue(SUPPORT, at_once=None), a_queue(SALES, at_once=None, wrap_up=10), dialling=DIALLING)


class HonestTeam(Honest):
    opening = Team.opening


@thoroughly
@given(moves)
def test_whatever_happens_to_a_team_then_nobody_is_in_two_talks_left_offered_or_lost(moves):
    floor = Team().play(USUAL + moves)
    assert same(floor.replayed(), floor.state)
    floor.drops()
    while floor.state.wake_at is not None:
        floor.wake()
    floor.survey(after_gap=True)
    for agent in floor.state.agents.values():
        open_for = [each for each in floor.state.contacts.values() if each.offer_to(agent.id)]
        assert len(open_for) == (agent.work in (Work.OFFERED, Work.CONNECTING))


@pytest.mark.slow
@thoroughly
@given(st.lists(honest, min_size=20, max_size=60))
def test_no_phone_of_a_team_is_called_while_a_leg_of_ours_is_on_it(moves):
    HonestTeam().play(MORNING + moves, HONEST)


@settings(max_examples=100, deadline=None)
@given(st.permutations(TEAM), st.lists(st.sampled_from(("up", "busy", "rings", "caller")), max_size=8))
def test_in_whatever_order_they_answer_one_talks_and_each_who_does_not_is_free_again(order, what):
    floor = a_team()
    floor.waits("x")
    legs = {each.agent: each for each in floor.contact("x").offers}
    for agent, happens in zip([*order, *order, *order], what, strict=False):
        offer = legs[agent]
        match happens:
            case "up":
                floor.take(i.LegUp(offer.id, offer.leg, agent))
            case "busy":
                floor.take(i.LegEnded(offer.id, offer.leg, 17, 486))
            case "rings":
                floor.take(i.LegRinging(offer.id, offer.leg))
            case "caller" if floor.contact("x"):
                floor.leaves("x")
    answered = [each for each in floor.facts if isinstance(each, c.OfferAnswered)]
    contact = floor.contact("x")
    if contact and contact.offer and contact.offer.state is OfferState.ANSWERED:
        floor.joins("x")
        assert floor.contact("x").talk.agent == answered[-1].agent
    for agent in floor.state.agents.values():
        for leg in agent.clearing:
            floor.take(i.LegEnded(legs[agent.id].id, leg, 16))
    talking = [each.id for each in floor.state.agents.values() if each.work is Work.TALKING]
    assert len(talking) <= 1
    rung_now = [each.agent for each in floor.contact("x").offers] if floor.contact("x") else []
    for agent in floor.state.agents.values():
        assert agent.free or agent.rest_until is not None or agent.id in (*talking, *rung_now)
