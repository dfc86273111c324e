"""Who rings, and which caller a freed agent gets."""

from __future__ import annotations

import pytest

from ccplane.agents.facts import Intent, Phone
from ccplane.contacts import facts as f
from ccplane.contacts.verbs import EnterQueue
from ccplane.core import inputs as i
from ccplane.ids import AgentId
from tests.core.floor import (
    SALES,
    SUPPORT,
    a_floor,
    a_queue,
    c,
    kinds,
    offline,
    paused,
    ready,
    the,
)


def test_given_two_ready_agents_when_a_contact_waits_then_the_longest_idle_rings():
    floor = a_floor(agents=[ready("ana", since=10), ready("ben", since=40)])
    decision = floor.waits(at=60, in_room=False)
    made = the(decision, f.OfferMade)
    assert made.agent == "ana"
    assert made.trace.runner_up == "ben"
    assert made.deadline == 80_000


def test_given_agents_equally_long_idle_then_the_first_by_id_rings():
    floor = a_floor(agents=[ready("ben"), ready("ana")])
    floor.waits()
    assert floor.rung("x") == "ana"


@pytest.mark.parametrize(
    "agent", [paused("ana"), offline("ana"), ready("ana", phone=Phone.GONE), ready("ana", phone=Phone.IN_USE)]
)
def test_given_an_agent_who_is_not_free_when_a_contact_waits_then_another_rings(agent):
    floor = a_floor(agents=[agent, ready("ben", since=9)])
    floor.waits(at=10)
    assert floor.rung("x") == "ben"


def test_given_an_offer_then_its_trace_says_who_could_not_be_asked_and_why():
    others = [paused("cem"), offline("dia"), ready("eva", phone=Phone.GONE), ready("sue", **{SALES: 5})]
    floor = a_floor(agents=[ready("ana"), ready("ben"), *others])
    floor.waits("first")
    trace = the(floor.waits("second", in_room=False), f.OfferMade).trace
    assert trace.excluded == {"offered": 1, "paused": 1, "offline": 1, "unreachable": 1, "skill": 1}
    assert trace.strategy == "longest-idle"


def test_given_callers_who_wait_when_an_agent_becomes_ready_then_the_one_who_waited_longest_is_offered():
    floor = a_floor(agents=[paused("ana")])
    floor.waits("first", at=1)
    floor.waits("second", at=2)
    assert the(floor.wants("ana", Intent.READY, at=30), f.OfferMade).contact == c("first")
    assert floor.rung("second") is None


def test_given_two_queues_when_an_agent_becomes_free_then_the_highest_score_over_both_wins():
    floor = a_floor(
        agents=[paused("ana", **{SUPPORT: 5, SALES: 5})], queues=[a_queue(SUPPORT), a_queue(SALES, weight=60)]
    )
    floor.waits("support", at=1)
    floor.waits("sales", queue=SALES, at=50)
    decision = floor.wants("ana", Intent.READY, at=55)
    assert the(decision, f.OfferMade).contact == c("sales")
    assert the(decision, f.OfferMade).trace.winner_score_s == 65.0


def test_given_a_caller_who_must_have_a_level_when_a_lesser_agent_is_free_then_the_next_in_line_is_offered_to_them():
    floor = a_floor(
        agents=[paused("ana", **{SUPPORT: 3}), paused("pro", **{SUPPORT: 9})],
        queues=[a_queue(steps=((60, 7), (None, 1))), a_queue(SALES)],
    )
    floor.waits("first", at=1)
    assert not floor.wants("ana", Intent.READY, at=2).commands[1:]
    assert floor.rung("first") is None
    floor.wants("pro", Intent.READY, at=3)
    assert floor.rung("first") == "pro"


def test_given_a_requirement_that_relaxes_when_its_time_comes_then_the_lesser_agent_rings():
    floor = a_floor(agents=[ready("ana", **{SUPPORT: 3})], queues=[a_queue(steps=((20, 7), (10, 5), (None, 3)))])
    floor.waits(at=100)
    assert floor.state.wake_at == 120_000
    assert kinds(floor.wake()) == ["RequirementRelaxed"]
    assert floor.state.wake_at == 130_000
    assert kinds(floor.wake()) == ["RequirementRelaxed", "OfferMade"]


def test_given_a_requirement_that_relaxed_while_a_phone_rang_when_it_is_missed_then_the_lesser_agent_rings_at_once():
    floor = a_floor(
        agents=[ready("pro", **{SUPPORT: 9}), ready("ana", **{SUPPORT: 3})],
        queues=[a_queue(steps=((10, 7), (None, 1)), ring=15)],
    )
    floor.waits()
    assert floor.rung("x") == "pro"
    assert kinds(floor.wake()) == ["LegDropped", "OfferMissed", "RequirementRelaxed", "OfferMade"]
    assert floor.rung("x") == "ana"


def test_given_a_max_wait_when_it_is_over_then_the_program_decides_and_the_music_stops():
    floor = a_floor(agents=[paused("ana")], queues=[a_queue(max_wait=60)])
    floor.waits(at=10)
    decision = floor.wake()
    assert floor.now == 70_000
    assert the(decision, f.ContactUnqueued).outcome is f.QueueOutcome.TIMED_OUT
    assert the(decision, f.ContactUnqueued).waited_ms == 60_000
    assert [type(each).__name__ for each in decision.commands] == ["StopMusic", "TellQueue"]


def test_given_a_phone_that_rings_when_max_wait_is_over_then_it_may_still_be_answered():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(max_wait=10, ring=20)])
    floor.waits()
    assert not floor.tick(at=12).facts
    assert "OfferAnswered" in kinds(floor.picks_up("x"))


def test_given_max_wait_over_while_a_phone_rang_when_it_is_missed_then_nobody_else_is_asked():
    floor = a_floor(agents=[ready("ana"), ready("ben")], queues=[a_queue(max_wait=10, ring=20)])
    floor.waits()
    decision = floor.wake()
    assert kinds(decision) == ["LegDropped", "OfferMissed", "ContactUnqueued", "StepEnded"]
    assert the(decision, f.ContactUnqueued).outcome is f.QueueOutcome.TIMED_OUT


def test_given_a_caller_missed_and_an_older_one_waiting_when_an_agent_is_freed_then_the_older_one_is_first():
    floor = a_floor(agents=[ready("ana"), paused("ben")], queues=[a_queue(ring=10, wrap_up=10), a_queue(SALES)])
    floor.talks("x", at=0)
    floor.waits("old", at=1)
    floor.wants("ben", Intent.READY, at=2)
    floor.picks_up("old")
    floor.joins("old")
    floor.waits("older", at=3)
    floor.waits("new", at=4)
    floor.agent_hangs_up("x", at=5)
    floor.agent_hangs_up("old", at=5)
    decision = floor.wake()
    assert kinds(decision) == ["WrapUpDone", "WrapUpDone", "OfferMade", "OfferMade"]
    assert [each.contact for each in decision.facts[2:]] == [c("older"), c("new")]


def test_given_callers_waiting_when_new_rules_let_a_free_agent_serve_them_then_they_ring_at_once():
    floor = a_floor(
        agents=[ready("ana", **{SUPPORT: 3}), paused("pro", **{SUPPORT: 9})], queues=[a_queue(steps=((None, 7),))]
    )
    floor.waits()
    assert floor.rung("x") is None
    assert kinds(floor.reads("site-2", a_queue(), at=5)) == ["RulesLoaded", "OfferMade"]
    assert floor.rung("x") == "ana"


def test_given_callers_waiting_when_the_same_site_is_read_again_then_nothing_happens():
    floor = a_floor(agents=[paused("ana")])
    floor.waits()
    assert not floor.reads("site-1", a_queue()).facts


def test_given_callers_waiting_when_their_queue_is_taken_from_the_site_then_their_programs_decide():
    floor = a_floor(agents=[paused("ana")])
    floor.waits()
    decision = floor.reads("site-2", a_queue(SALES))
    assert kinds(decision) == ["RulesLoaded", "QueuesUnserved", "ContactUnqueued", "StepEnded"]
    assert the(decision, f.ContactUnqueued).outcome is f.QueueOutcome.NO_AGENTS


def test_given_a_ringing_offer_when_its_queue_is_taken_from_the_site_then_a_miss_gives_the_caller_back():
    floor = a_floor(agents=[ready("ana"), ready("ben")])
    floor.waits()
    floor.reads("site-2", a_queue(SALES))
    assert kinds(floor.refuses("x", 486)) == ["OfferMissed", "ContactUnqueued", "StepEnded"]


def test_given_callers_waiting_when_an_agent_is_given_the_skill_then_they_ring_at_once():
    floor = a_floor(agents=[ready("ana", **{SALES: 5}), paused("ben")])
    floor.waits()
    decision = floor.people([ready("ana", **{SUPPORT: 5}), paused("ben")])
    assert kinds(decision) == ["PeopleLoaded", "OfferMade"]


def test_given_callers_waiting_when_the_last_agent_is_taken_from_the_site_then_their_programs_decide():
    floor = a_floor(agents=[paused("ana"), ready("sue", **{SALES: 5})])
    floor.waits()
    decision = floor.people([ready("sue", **{SALES: 5})])
    assert kinds(decision) == ["PeopleLoaded", "QueuesUnserved", "ContactUnqueued", "StepEnded"]


def test_given_an_agent_in_a_talk_when_they_are_taken_from_the_site_then_the_talk_goes_on_and_they_get_no_other():
    floor = a_floor(agents=[ready("ana"), paused("ben")])
    floor.talks()
    floor.people([paused("ben")])
    floor.waits("next")
    assert kinds(floor.agent_hangs_up("x")) == ["TalkEnded", "WrapUpDone", "StepEnded"]
    assert floor.rung("next") is None
    floor.people([paused("ben")])
    assert AgentId("ana") not in floor.state.agents


def test_given_the_same_people_when_they_are_read_again_then_nothing_happens():
    floor = a_floor(agents=[ready("ana")])
    assert not floor.people([ready("ana")]).facts


def test_given_the_last_agent_who_could_serve_a_queue_when_they_sign_out_then_the_programs_of_all_who_wait_decide():
    floor = a_floor(agents=[paused("ana"), ready("sue", **{SALES: 5})], queues=[a_queue(), a_queue(SALES)])
    floor.waits("one")
    floor.waits("two")
    decision = floor.wants("ana", Intent.OFFLINE)
    assert kinds(decision) == ["IntentChanged", *["ContactUnqueued", "StepEnded"] * 2]
    assert {each.outcome for each in decision.facts if isinstance(each, f.ContactUnqueued)} == {
        f.QueueOutcome.NO_AGENTS
    }


def test_given_the_last_agent_signs_out_while_their_phone_rings_when_they_miss_it_then_the_program_decides():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    assert kinds(floor.wants("ana", Intent.OFFLINE)) == ["IntentChanged"]
    assert kinds(floor.wake()) == ["LegDropped", "OfferMissed", "ContactUnqueued", "StepEnded"]


def test_given_the_last_agent_signs_out_in_a_talk_when_another_caller_comes_then_the_program_decides():
    floor = a_floor(agents=[ready("ana")])
    floor.talks()
    floor.wants("ana", Intent.OFFLINE)
    assert kinds(floor.waits("y", in_room=False))[-1] == "StepEnded"


def test_given_two_nodes_when_one_is_not_connected_then_an_agent_is_offered_who_waits_at_the_other():
    floor = a_floor(agents=[paused("ana")])
    floor.waits("here", at=1)
    arrived = floor.take(
        i.CallerArrived(node="ast2", channel="z", number_dialled="1", caller="", caller_name="", switch_at=0)
    )
    there = the(arrived, f.ContactArrived).contact
    floor.take(
        i.SwitchSurveyed(
            node="ast2",
            version="22",
            began_at=0,
            gap_ms=0,
            after_gap=True,
            channels={"z": i.ChannelSeen("z", True)},
            rooms={there: ()},
            phones={},
        )
    )
    floor.take(i.VerbAsked(there, 1, EnterQueue(SUPPORT)), at=2)
    floor.drops()
    assert the(floor.wants("ana", Intent.READY), f.OfferMade).contact == there


def test_given_a_state_when_a_plane_begins_then_whatever_it_believed_connected_is_not():
    floor = a_floor(agents=[ready("ana")])
    floor.waits()
    floor.take(i.PlaneBegan(2, "test", 0))
    assert floor.state.wake_at is None


def test_given_an_agent_who_rests_after_a_miss_then_the_trace_of_the_next_offer_counts_them_as_resting():
    floor = a_floor(agents=[ready("ana"), ready("ben", since=9)])
    floor.waits("x", at=10)
    trace = the(floor.refuses("x", 486, at=11), f.OfferMade).trace
    assert (trace.excluded, trace.candidates) == ({"resting": 1}, 1)
