"""A fault of ours about one contact is kept to that contact: the site goes on, and the fact says so."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.agents.agent import Agent, Work
from ccplane.agents.facts import Intent
from ccplane.contacts.contact import Phase
from ccplane.core import inputs as i
from ccplane.core.decide import decide
from ccplane.core.evolve import evolve
from ccplane.core.turn import UNDECIDED
from ccplane.facts import DeadlineDropped, RepairMade
from ccplane.ids import AgentId
from tests.core.floor import NODE, a_floor, a_queue, c, kinds, paused, ready, the


def poisoned(floor, name):
    """The floor's state, in which this caller's agent knows nothing of them: every move of the two is illegal."""
    whose = floor.offer(name).agent
    agents = floor.state.agents
    idle = Agent(profile=agents[whose].profile)
    return replace(floor.state, agents=agents.set(whose, idle))


def two_answered():
    """Two phones are up, and neither is ever seen in the room: both joins fail at 20 s."""
    floor = a_floor(agents=[ready("ana"), ready("ben")])
    for name in ("x", "y"):
        floor.waits(name, at=10)
    for name in ("x", "y"):
        floor.picks_up(name, at=12)
    return floor


def test_given_a_contact_that_cannot_be_decided_when_time_comes_then_the_others_are_and_it_is_said():
    floor = two_answered()
    decision = decide(poisoned(floor, "x"), i.Tick(), 20_000)
    assert "ConnectFailed" in kinds(decision)
    said = the(decision, RepairMade)
    assert (said.what, said.subject) == (UNDECIDED, c("x"))
    assert "ConnectFailed" in said.why
    assert decision.state.contacts[c("x")].phase is Phase.CONNECTING, "nothing was changed about it"


def test_given_a_contact_that_cannot_be_decided_then_it_is_not_due_again_until_it_changes():
    floor = two_answered()
    decision = decide(poisoned(floor, "x"), i.Tick(), 20_000)
    assert the(decision, DeadlineDropped) == DeadlineDropped(at=20_000, kind="contact", whose=c("x"))
    assert decision.wake_at is None or decision.wake_at > 20_000
    found = i.SwitchSurveyed(
        node=NODE, version="22", began_at=9_000, gap_ms=0, after_gap=True, channels={}, rooms={}, phones={}
    )
    assert decide(decision.state, found, 21_000).wake_at == 20_000, "found again, it is tried again"


def test_given_what_was_dropped_then_replay_leads_to_the_same():
    floor = two_answered()
    before = poisoned(floor, "x")
    decision = decide(before, i.Tick(), 20_000)
    state = before
    for fact in decision.facts:
        state = evolve(state, fact)
    assert state == decision.state


def test_given_an_agent_that_cannot_be_decided_when_time_comes_then_the_others_are():
    floor = a_floor(agents=[ready("ana"), ready("ben")], queues=[a_queue(wrap_up=30)])
    for name in ("x", "y"):
        floor.talks(name)
        floor.leaves(name)
    for name in ("ana", "ben"):
        floor.let_go(name)
    ana = floor.state.agents[AgentId("ana")]
    odd = replace(floor.state, agents=floor.state.agents.set(ana.id, replace(ana, work=Work.IDLE)))
    decision = decide(odd, i.Tick(), 30_000)
    assert kinds(decision) == ["RepairMade", "DeadlineDropped", "WrapUpDone"]
    assert the(decision, DeadlineDropped).kind == "agent"


@pytest.mark.parametrize("after_gap", [False, True])
def test_given_a_contact_that_cannot_be_decided_when_a_survey_comes_then_the_others_are_compared(after_gap):
    floor = two_answered()
    nothing = i.SwitchSurveyed(
        node=NODE, version="22", began_at=60_000, gap_ms=0, after_gap=after_gap, channels={}, rooms={}, phones={}
    )
    decision = decide(poisoned(floor, "x"), nothing, 60_000)
    assert (RepairMade, c("x")) in [(type(fact), getattr(fact, "subject", "")) for fact in decision.facts]
    assert "ContactEnded" in kinds(decision)
    assert set(decision.state.contacts) == {c("x")}


def test_given_a_contact_that_cannot_be_decided_when_the_last_agent_signs_out_then_the_others_are_given_back():
    floor = a_floor(agents=[paused("ana")])
    floor.waits("x")
    floor.waits("y")
    broken = replace(floor.contact("x"), phase=Phase.TALKING)
    odd = replace(floor.state, contacts=floor.state.contacts.set(c("x"), broken))
    decision = decide(odd, i.IntentAsked(agent=AgentId("ana"), intent=Intent.OFFLINE, by="ana"), 1_000)
    assert [fact.contact for fact in decision.facts if type(fact).__name__ == "ContactUnqueued"] == [c("y")]
    assert decision.state.agents[AgentId("ana")].intent is Intent.OFFLINE
