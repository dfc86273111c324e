"""A plane that leaves takes no new calls and finishes those it has; one that succeeds another goes on as it stood."""

from __future__ import annotations

from functools import reduce
from itertools import count

import pytest

from ccplane.contacts.contact import Phase
from ccplane.contacts.facts import KeyTaken, OfferMade, StepEnded
from ccplane.contacts.verbs import Gather, Play, Pressed
from ccplane.core import State, checkpoint, evolve
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.facts import DrainBegan, DrainCancelled, SwitchFound
from tests.core.floor import NODE, a_floor, an_arrival, c, doing, kinds, ready, the


def drained(floor, until=None):
    return floor.take(i.DrainAsked("test", until))


def succeeded(floor):
    """Another process has taken over: its own epoch, then the connection."""
    floor.drops()
    floor.take(i.PlaneBegan(floor.state.epoch + 1, "test", 0))
    return floor.take(i.SwitchTaken(NODE, "22.10.1"))


# ------------------------------------------------------------------------------------------------------- draining


def test_given_a_plane_that_drains_when_a_caller_comes_then_the_dialplan_has_them_and_there_is_no_contact():
    floor = a_floor(agents=[ready("ana")])
    drained(floor)
    decision = floor.take(an_arrival("x"))
    assert not decision.facts
    assert not floor.contact("x")
    assert the(decision, do.GiveBack).channel == "x"


def test_given_a_plane_that_drains_then_who_waits_is_still_offered_and_talks_to_the_end():
    floor = a_floor(agents=[ready("ana")])
    floor.waits("x")
    floor.waits("y")
    floor.picks_up("x")
    floor.joins("x")
    drained(floor)
    floor.agent_hangs_up("x")
    assert floor.rung("y") == "ana"
    floor.picks_up("y")
    floor.joins("y")
    assert floor.contact("y").phase is Phase.TALKING


def test_given_a_plane_that_drains_when_an_agent_asks_for_a_call_then_they_are_told_why_not():
    floor = a_floor(agents=[ready("ana")])
    drained(floor)
    decision = floor.take(i.CallAsked(agent=floor.agent("ana").id, number="5551", claim="1"))
    assert "CallParty" not in doing(decision)
    assert "CallOwner" not in doing(decision)


def test_given_a_plane_that_drains_when_it_is_asked_again_then_that_is_a_fact_only_with_another_end():
    floor = a_floor()
    floor.arrives("x")
    assert the(drained(floor), DrainBegan).calls == 1
    assert not drained(floor).facts
    assert the(drained(floor, until=90_000), DrainBegan).until == 90_000
    assert not drained(floor, until=90_000).facts


def test_given_a_plane_that_drained_when_the_next_begins_then_it_takes_calls():
    floor = a_floor()
    drained(floor)
    floor.take(i.PlaneBegan(2, "test", 0))
    assert floor.state.draining is None
    floor.survey(after_gap=True)
    assert "ContactArrived" in kinds(floor.arrives("x"))


def test_given_a_plane_that_drains_when_it_leads_anew_itself_then_it_still_takes_no_calls_and_leaves_when_it_would():
    floor = a_floor()
    drained(floor, until=90_000)
    floor.take(i.PlaneBegan(2, "test", 0, same_process=True))
    floor.survey(after_gap=True)
    assert floor.state.draining.until == 90_000
    assert the(floor.take(an_arrival("x")), do.GiveBack).channel == "x"


def test_given_a_plane_that_drains_when_that_is_cancelled_then_who_comes_is_taken_and_it_is_one_fact():
    floor = a_floor()
    drained(floor)
    assert the(floor.take(i.DrainCancelAsked("test")), DrainCancelled).by == "test"
    assert not floor.take(i.DrainCancelAsked("test")).facts
    assert "ContactArrived" in kinds(floor.arrives("x"))


# ------------------------------------------------------------------------------------------------------ succeeding


def test_given_a_talk_a_ring_and_a_prompt_when_a_successor_takes_over_then_nothing_is_begun_anew_or_repaired():
    floor = a_floor(agents=[ready("ana"), ready("ben")])
    floor.talks("x")
    floor.waits("y")
    floor.arrives("z")
    floor.asks("z", Play(("sound:a",)))
    before = dict(floor.state.contacts)
    decision = succeeded(floor)
    assert kinds(decision) == ["SwitchFound"]
    assert the(decision, SwitchFound).gap_ms == 0
    assert not decision.commands
    assert dict(floor.state.contacts) == before


def test_given_a_ring_when_a_successor_takes_over_then_its_answer_is_the_talk():
    floor = a_floor(agents=[ready("ana")])
    floor.waits("x")
    succeeded(floor)
    floor.picks_up("x")
    floor.joins("x")
    assert floor.contact("x").phase is Phase.TALKING


def test_given_a_waiting_caller_and_an_agent_who_came_free_without_a_switch_then_the_successor_brings_them_together():
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x")
    floor.waits("y")
    floor.drops()
    floor.agent_hangs_up("x")
    floor.take(i.PlaneBegan(2, "test", 0))
    decision = floor.take(i.SwitchTaken(NODE, "22.10.1"))
    assert the(decision, OfferMade).contact == c("y")


def test_given_a_ring_whose_time_is_over_when_a_successor_takes_over_then_its_deadline_still_counts():
    floor = a_floor(agents=[ready("ana")])
    floor.waits("x")
    succeeded(floor)
    assert "OfferMissed" in kinds(floor.wake())


@pytest.mark.parametrize("pressed", range(9))
def test_given_keys_when_a_successor_takes_over_between_two_of_them_then_each_is_counted_once(pressed):
    """It knows of those before from a checkpoint, whichever, and the facts after that."""
    keys = "6041107#"
    for saved in count():
        floor = a_floor()
        floor.arrives("x")
        floor.asks("x", Gather(("sound:order",), 5_000, longest=20, ends_with="#"))
        for key in keys[:pressed]:
            floor.take(i.KeyPressed(c("x"), key))
        if saved > len(floor.facts):
            break
        kept = checkpoint.decode(checkpoint.encode(reduce(evolve, floor.facts[:saved], State())))
        floor.state = reduce(evolve, floor.facts[saved:], kept)
        succeeded(floor)
        for key in keys[pressed:]:
            floor.take(i.KeyPressed(c("x"), key))
        results = [fact.result for fact in floor.facts if isinstance(fact, StepEnded)]
        assert results == [Pressed("6041107")]
        assert [fact.key for fact in floor.facts if isinstance(fact, KeyTaken)] == [*keys]
