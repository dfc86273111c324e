"""What is always true, held against floors on which anything may happen at any time. The rules: `invariants.py`."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccplane.agents.agent import Shown
from ccplane.core import checkpoint
from ccplane.core import inputs as i
from ccplane.core.state import State
from tests.core.invariants import same
from tests.core.world import MOVES, USUAL, World, people

numbers = st.integers(0, 59)
move = st.tuples(st.integers(0, len(MOVES) - 1), numbers, numbers, st.integers(0, 12))
moves = st.lists(move, max_size=100)
a_long_day = st.lists(move, min_size=15, max_size=100)
thoroughly = settings(
    max_examples=max(150, settings.default.max_examples),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
proven = settings(thoroughly, max_examples=max(1_200, settings.default.max_examples))
"""`make sim-full` plays 50,000 of them, other ones each time."""


@pytest.mark.slow
@proven
@given(a_long_day)
def test_whatever_happens_in_whatever_order_every_rule_holds_and_nothing_raises(moves):
    floor = World().play(USUAL + moves)
    assert same(floor.replayed(), floor.state)


@thoroughly
@given(moves)
def test_a_checkpoint_holds_everything_but_what_is_connected(moves):
    floor = World().play([*USUAL, *moves, (MOVES.index(World.plane_restarts), 0, 0, 0)])
    again = checkpoint.decode(checkpoint.encode(floor.state))
    derived = {"shown", "waiting", "engine", "working", "today"}
    for name in set(State.__struct_fields__) - derived:
        assert getattr(again, name) == getattr(floor.state, name), name
    assert (again.lines, again.free) == (floor.state.lines, floor.state.free)


class Honest(World):
    """Many callers for two agents. Events may be late or lost, the connection too, but nobody says what is not so."""

    def rings(self, agent):
        """Nobody is called who is in a call of ours, be it by a command that is carried out late."""
        assert not self.in_a_call(agent), f"{agent} is on {self.in_a_call(agent)}"

    def two_agents(self, a, b):
        self.take(i.PeopleRead(people(0)[:2]))

    def three_calls_come(self, a, b):
        for _ in range(3):
            self.call_comes(a, b - b % 3)

    def survey_comes(self, a, b):
        super().survey_comes(a, 2)


HONEST = (
    *[Honest.three_calls_come, World.all_events_come, World.phone_answers, World.caller_leaves] * 3,
    *[World.all_events_come, World.event_comes, World.leg_goes, World.time_comes, World.everyone_works] * 2,
    World.phone_refuses,
    World.switch_slows,
    World.switch_slows,
    World.late_comes,
    World.call_is_asked_about,
    World.screen_asks,
    World.agent_wants,
    World.survey_begins,
    Honest.survey_comes,
    World.connection_ends,
    World.connection_ends,
    World.plane_restarts,
    Honest.two_agents,
)
MORNING = [(HONEST.index(move), 0, 0, 0) for move in (Honest.two_agents, Honest.survey_comes, World.everyone_works)]
honest = st.tuples(st.integers(0, len(HONEST) - 2), numbers, numbers, st.integers(0, 3))


@pytest.mark.slow
@thoroughly
@given(st.lists(honest, min_size=20, max_size=60))
def test_no_phone_is_called_while_a_leg_of_ours_is_on_it(moves):
    Honest().play(MORNING + moves, HONEST)


@thoroughly
@given(moves)
def test_no_leg_keeps_its_agent_from_the_next_contact_for_ever(moves):
    floor = World().play(USUAL + moves)
    floor.drops()
    while floor.state.wake_at is not None:
        floor.wake()
    before = set(floor.state.clearing)
    floor.survey(after_gap=True)
    assert not before & set(floor.state.clearing)
    for agent in floor.state.agents.values():
        assert agent.free == (agent.shown is Shown.READY and not agent.clearing)
