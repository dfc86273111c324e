"""As many lines as the budget of drops allows, and why not more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.dialer.chances import counts_of, shortfall
from ccplane.dialer.pacing import (
    AHEAD,
    FEW_AGENTS,
    LEAST,
    LITTLE,
    MOST,
    Bound,
    Caution,
    Known,
    Limits,
    Spent,
    aim,
    allowed_share,
    decide,
)

THREE = Limits(set_point=0.03, few_agents=0)
CHANCE = st.floats(0.02, 0.95)
SPENT = st.builds(Spent, st.floats(0, 5_000), st.floats(0, 300))


@pytest.mark.parametrize(
    ("chance", "free", "lines"),
    [
        *((0.25, free, lines) for free, lines in zip((1, 2, 3, 5, 10, 20), (1, 3, 6, 12, 30, 69), strict=True)),
        *((0.50, free, lines) for free, lines in zip((1, 2, 3, 5, 10, 20), (1, 2, 3, 7, 16, 36), strict=True)),
    ],
)
def test_with_agents_who_are_free_it_is_the_known_table(chance, free, lines):
    """KPI.md: the largest n with E[(Bin(n, p) − F)⁺] ÷ np ≤ 3 %."""
    assert decide(Known(free=free, chance=chance), THREE).lines == lines


def test_agents_who_will_be_free_are_counted_by_how_likely_that_is():
    nobody = decide(Known(free=10, chance=0.25), THREE).lines
    some = decide(Known(free=10, chance=0.25, soon=[0.5] * 4), THREE).lines
    sure = decide(Known(free=10, chance=0.25, soon=[1.0] * 4), THREE).lines
    assert nobody < some < sure == decide(Known(free=14, chance=0.25), THREE).lines


def test_lines_that_ring_take_agents_before_they_are_answered():
    assert decide(Known(free=10, chance=0.25, ringing=[0.25] * 30), THREE).lines == 0
    assert decide(Known(free=10, chance=0.25, ringing=[0.25] * 12), THREE).lines == 18


def test_with_few_agents_it_is_one_line_for_each_who_is_free():
    told = decide(Known(free=3, soon=[0.9] * (FEW_AGENTS - 4), ringing=[0.3], chance=0.1))
    assert (told.lines, told.bound) == (2, Bound.FEW_AGENTS)
    assert decide(Known(free=3, soon=[0.9] * FEW_AGENTS, chance=0.1)).lines > 3


def test_it_slows_as_the_budget_is_used_and_stops_before_it_is_gone():
    lines = [decide(Known(free=20, chance=0.25, spent=[Spent(1_000, drops)])).lines for drops in (0, 22, 25)]
    assert lines[0] >= lines[1] > lines[2] > 20
    stopped = decide(Known(free=20, chance=0.25, spent=[Spent(1_000, 28)]))
    assert (stopped.lines, stopped.bound, stopped.allowed) == (20, Bound.BUDGET, 0.0)


def test_more_caution_is_fewer_lines_and_it_balances_at_the_set_point():
    lines = [decide(Known(free=20, chance=0.25, caution=each)).lines for each in (0.5, 1.0, 2.0, 4.0)]
    assert lines == sorted(lines, reverse=True)
    assert len(set(lines)) == 4
    assert Caution().seen(1_000, 28, 0.028).value == pytest.approx(Caution().value), "what is aimed at"
    assert Caution().seen(100, 40, 0.028).value == MOST
    assert Caution().seen(100_000, 0, 0.028).value == LEAST


def test_while_few_have_answered_it_aims_lower():
    """A drop more than was meant is a tenth of a percent of a thousand answers."""
    shares = [aim(answers, Limits()) for answers in (0, 100, 500, 1_000, 3_000, 100_000)]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.015, 0.028)
    assert shares[3] == pytest.approx(0.024)


def test_the_tighter_of_two_periods_decides():
    day, month = Spent(400, 11), Spent(12_000, 100)
    assert allowed_share([day, month], Limits()) == allowed_share([day], Limits()) < allowed_share([month], Limits())


def test_the_first_answers_of_a_day_may_not_be_told_from_chance():
    """One drop of ten is 10 %, and no reason to stop; it is made good over the next answers."""
    assert allowed_share([Spent(10, 1)], Limits()) == pytest.approx((0.015 * (10 + AHEAD) - 1) / AHEAD)
    assert allowed_share([Spent(60, 9)], Limits()) == pytest.approx(LITTLE * 0.028)


def test_it_says_which_other_bound_held():
    assert decide(Known(free=20, chance=0.25, leads=7)).bound is Bound.LEADS
    full = decide(Known(free=20, chance=0.25, ringing=[0.01] * 30), Limits(lines=40))
    assert (full.lines, full.bound) == (10, Bound.LINES)
    assert decide(Known(free=20, chance=0.25)).bound is Bound.SHARE


@given(
    st.builds(
        Known,
        free=st.integers(0, 40),
        soon=st.lists(st.floats(0, 1), max_size=60),
        ringing=st.lists(st.floats(0, 1), max_size=60),
        chance=CHANCE,
        leads=st.integers(0, 500),
        spent=st.lists(SPENT, max_size=2),
    ),
    st.builds(Limits, lines=st.integers(0, 300), few_agents=st.integers(0, 12)),
)
def test_whatever_is_known_no_bound_is_passed(known, limits):
    told = decide(known, limits)
    assert told == decide(known, limits)
    assert 0 <= told.lines <= known.leads
    assert told.lines + len(known.ringing) <= max(limits.lines, len(known.ringing))
    if told.allowed == 0.0 or known.free + len(known.soon) < limits.few_agents:
        assert told.lines <= max(0, known.free - len(known.ringing)), "nobody can be dropped for want of an agent"
    elif told.lines:
        assert told.share <= told.allowed + 1e-9
    if len(known.ringing) + len(known.soon) + told.lines <= 100:
        more = counts_of([*known.ringing, *[known.chance] * told.lines])
        assert told.drops == pytest.approx(shortfall(more, counts_of(known.soon), known.free), abs=1e-6)


@given(st.integers(0, 30), st.lists(st.floats(0, 1), max_size=30), CHANCE, st.lists(st.floats(0, 1), max_size=20))
def test_one_more_free_agent_never_means_fewer_lines(free, soon, chance, ringing):
    fewer = decide(Known(free=free, soon=soon, ringing=ringing, chance=chance), THREE).lines
    assert decide(Known(free=free + 1, soon=soon, ringing=ringing, chance=chance), THREE).lines >= fewer
