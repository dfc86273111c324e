"""What is always true, held against floors on which anything may happen at any time. The rules: `invariants.py`."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccplane.core import checkpoint
from ccplane.core.state import State
from tests.core.invariants import same
from tests.core.world import MOVES, USUAL, World

numbers = st.integers(0, 59)
moves = st.lists(st.tuples(st.integers(0, len(MOVES) - 1), numbers, numbers, st.integers(0, 12)), max_size=100)
thoroughly = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False)


@thoroughly
@given(moves)
def test_whatever_happens_in_whatever_order_every_rule_holds_and_nothing_raises(moves):
    floor = World().play(USUAL + moves)
    assert same(floor.replayed(), floor.state)


@thoroughly
@given(moves)
def test_a_checkpoint_holds_everything_but_what_is_connected(moves):
    floor = World().play([*USUAL, *moves, (MOVES.index(World.plane_restarts), 0, 0, 0)])
    again = checkpoint.decode(checkpoint.encode(floor.state))
    derived = {"nodes", "shown", "lines"}
    for name in set(State.__struct_fields__) - derived:
        assert getattr(again, name) == getattr(floor.state, name), name
    assert {k: v for k, v in again.lines.items() if v} == {k: v for k, v in floor.state.lines.items() if v}
