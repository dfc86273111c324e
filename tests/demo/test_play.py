"""Who is played, and how many call."""

from __future__ import annotations

import pytest

from ccplane.demo.people import mean_talk
from ccplane.demo.play import busiest, played
from ccplane.errors import SetupError

TWENTY = [str(1001 + n) for n in range(20)]


def test_some_agents_are_left_to_whoever_looks_on():
    assert played(TWENTY, None) == TWENTY[:15]


def test_of_few_agents_all_are_played():
    assert played(TWENTY[:9], None) == TWENTY[:9]


def test_as_many_are_played_as_are_asked_for():
    assert played(TWENTY, 3) == TWENTY[:3]
    assert played(TWENTY, 99) == TWENTY


def test_without_agents_there_is_no_demo():
    with pytest.raises(SetupError, match="CCPLANE_DEMO_AGENTS"):
        played([], None)


def test_at_a_peak_of_one_callers_ask_for_all_the_time_that_agents_have():
    assert busiest(1.0, 15) * mean_talk() == pytest.approx(15)
    assert busiest(0.5, 15) * mean_talk() == pytest.approx(7.5)
