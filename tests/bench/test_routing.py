"""The benchmark of routing measures what it says: on a small floor, every figure is there and the scan agrees."""

from __future__ import annotations

import pytest

from bench import routing
from bench.crowd import Crowd


@pytest.fixture(autouse=True)
def _what_the_tests_have_loaded_is_left_alone(monkeypatch):
    """A collection of all that takes a second, and the benchmark makes several."""
    monkeypatch.setattr(routing.gc, "collect", lambda: 0)


def test_a_small_floor_is_measured_and_the_scan_of_all_gives_the_same_pairs():
    row = routing.of_size(agents=30, skills=6, waiting=100, seconds=0.05)
    assert row["decisions"] > 0
    assert row["scan_per_second"] > 0


def test_as_many_wait_after_each_decision_as_before():
    crowd = Crowd(30, 6, 100)
    decisions = routing.freed(crowd)
    for _ in range(50):
        next(decisions)
    assert crowd.engine.lines.size == len(crowd.waiting) == 100
    assert not crowd.engine.may_offer().mask


def test_a_contact_that_comes_finds_an_agent_and_they_are_free_again_later():
    crowd = Crowd(40, 4, 0)
    decisions = routing.came(crowd)
    for _ in range(100):
        next(decisions)
    assert crowd.engine.lines.size == 0
    assert crowd.engine.may_offer().mask.bit_count() >= 9


def test_a_whole_decide_makes_the_offer():
    state, agents, now, _ = routing.a_state(agents=10, skills=2, waiting=20)
    took, _ = next(routing.deciding(state, agents, now))
    assert took > 0
    assert sum(len(line) for line in state.lines.values()) == 20
