"""Erlang's formulas give the published numbers, to the last digit."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.kpi.erlang import agents_needed, erlang_b, erlang_c, expected, scheduled

PER_S, HANDLE_S, WITHIN_S = 100 / 1800, 180.0, 20.0


def test_blocking_and_waiting_are_as_in_the_tables():
    assert erlang_b(10, 5) == pytest.approx(0.0183845703, abs=5e-11)
    assert erlang_c(10, 5) == pytest.approx(0.0361053592, abs=5e-11)
    assert erlang_c(55, 50) == pytest.approx(0.3845473179, abs=5e-11)


def test_a_hundred_calls_of_three_minutes_in_half_an_hour_with_fourteen_agents():
    here = expected(14, PER_S, HANDLE_S, WITHIN_S)
    assert here.waits == pytest.approx(0.1741319336, abs=5e-11)
    assert here.service_level == pytest.approx(0.8883500192, abs=5e-11)
    assert here.asa_s == pytest.approx(7.83593701, abs=5e-9)
    assert here.occupancy == pytest.approx(0.7142857, abs=5e-8)


def test_eighty_percent_in_twenty_seconds_need_fourteen_and_with_a_third_of_shrinkage_twenty_are_scheduled():
    assert expected(13, PER_S, HANDLE_S, WITHIN_S).service_level == pytest.approx(0.795595, abs=5e-7)
    assert agents_needed(PER_S, HANDLE_S, WITHIN_S, 0.80) == 14
    assert scheduled(14, 0.30) == 20


def test_a_load_beyond_the_agents_waits_for_ever():
    assert expected(9, 0.1, 100, 20) == (1.0, 0.0, math.inf, 1.0)


def test_no_load_waits_for_nobody():
    assert expected(1, 0.0, 100, 20).service_level == 1.0
    assert agents_needed(0.0, 100, 20, 0.8) == 1


@pytest.mark.parametrize(("agents", "load"), [(-1, 1.0), (1, -1.0), (1, math.inf), (1, math.nan)])
def test_impossible_numbers_are_refused(agents, load):
    with pytest.raises(ValueError, match="may be negative"):
        erlang_b(agents, load)


@given(st.integers(1, 3000), st.floats(0.01, 3000))
def test_one_agent_more_never_lets_more_wait(agents, load):
    assert 0.0 <= erlang_c(agents + 1, load) <= erlang_c(agents, load) <= 1.0


@given(st.floats(0.001, 5), st.floats(1, 900), st.floats(0.5, 0.99))
def test_the_agents_needed_are_enough_and_one_less_is_not(per_s, handle_s, share):
    needed = agents_needed(per_s, handle_s, 20, share)
    assert expected(needed, per_s, handle_s, 20).service_level >= share
    assert expected(needed - 1, per_s, handle_s, 20).service_level < share
