"""Callbacks on floors on which anything may happen: promised, claimed, dialled, lost sight of, found again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.invariants import same
from tests.core.test_always import numbers, proven, thoroughly
from tests.core.world import CALLING_BACK, World

DAY = (
    *CALLING_BACK * 3,
    *[World.everyone_works, World.phone_answers, World.all_events_come, World.time_comes] * 4,
    *[World.event_comes, World.leg_goes, World.phone_refuses, World.caller_leaves, World.call_comes] * 2,
    World.screen_asks,
    World.agent_wants,
    World.wrap_up_ends,
    World.connection_ends,
    World.survey_begins,
    *[World.survey_comes] * 3,
    World.switch_restarts,
    World.plane_restarts,
    World.plane_hands_over,
    World.plane_leads_again,
    World.drain_is_asked,
    World.drain_is_cancelled,
    World.memory_is_lost,
    World.site_changes,
    World.guard_carries,
)
MORNING = [(DAY.index(World.survey_comes), 0, 2, 0), (DAY.index(World.everyone_works), 0, 0, 0)]
day = st.lists(st.tuples(st.integers(0, len(DAY) - 1), numbers, numbers, st.integers(0, 12)), min_size=15, max_size=80)


def played(moves):
    world = World()
    world.play(MORNING + moves, DAY)
    return world


@pytest.mark.slow
@proven
@given(day)
def test_whatever_happens_a_promise_is_kept_and_each_claim_is_dialled_once(moves):
    floor = played(moves).floor
    assert same(floor.replayed(), floor.state)


@pytest.mark.slow
@thoroughly
@given(day)
def test_whatever_happened_before_every_promise_comes_to_an_end_while_the_switch_is_there(moves):
    """Nobody asks for anything any more, nobody picks anything up: time alone ends all, and no agent is held."""
    world = played(moves)
    world.promises_are_found(0, 0)
    world.survey_comes(0, 2)
    for _ in range(400):
        world.all_events_come(0, 1)
        world.postgres_answers(0, 0)
        if not world.floor.state.callbacks:
            break
        world.time_comes(0, 0)
        world.survey_comes(0, 2)
    assert not {each.state for each in world.floor.state.callbacks.values()} - {"reached"}
