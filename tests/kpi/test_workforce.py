"""Agents' time, and what needs figures from outside: each number is that of its sums, and nothing without them."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ccplane.kpi import workforce as w
from ccplane.kpi.times import NO_TIME, Times
from ccplane.kpi.workforce_definitions import WORKFORCE

HOUR = 3_600_000
DAY = Times(
    ready_ms=2 * HOUR,
    ringing_ms=HOUR // 2,
    ringing_answered_ms=HOUR // 4,
    connecting_ms=HOUR // 4,
    talking_ms=3 * HOUR,
    wrap_up_ms=HOUR // 2,
    own_call_ms=HOUR // 2,
    unreachable_ms=HOUR // 4,
    paused_ms=HOUR,
    paused_by={"break": HOUR // 4, "meal": HOUR // 2, "training": HOUR // 4},
)
"""Eight hours signed in."""
OFF = ("break", "meal")
KEPT = w.Kept(scheduled_ms=8 * HOUR, work_ms=7 * HOUR, right_ms=6 * HOUR, attended_ms=7 * HOUR, worked_ms=7 * HOUR)
NUMBERS = {
    "signed_in": DAY.signed_in_ms,
    "occupancy": w.occupancy(DAY),
    "utilisation": w.utilisation(DAY, OFF, 9 * HOUR),
    "productivity": w.productivity(40, DAY),
    "seat_utilisation": w.seat_utilisation(DAY, 12 * HOUR),
    "attendance": w.attendance(KEPT),
    "adherence": w.adherence(KEPT),
    "conformance": w.conformance(KEPT),
    "attrition": w.attrition(3, 100, 80),
    "cost_per_contact": w.cost_per_contact(123_456, 100),
    "fcr": w.fcr(w.Resolved(first=8, resolved=6)),
}
PINNED = {
    "signed_in": (1, "50451c92f02b", 28800000),
    "occupancy": (1, "ee6d6428d456", 0.64),
    "utilisation": (1, "f98dec9ba484", 0.8055555555555556),
    "productivity": (1, "dfc141a75b8f", 5.0),
    "seat_utilisation": (1, "4adc96ce32bf", 0.6666666666666666),
    "attendance": (1, "2b9b003de4e3", 0.875),
    "adherence": (1, "7469619ea7ab", 0.75),
    "conformance": (1, "51365f3cb497", 1.0),
    "attrition": (1, "c50815286860", 0.03333333333333333),
    "cost_per_contact": (1, "b7f964f7a371", 12.3456),
    "fcr": (1, "5e59c40ffefa", 0.75),
}
"""As in test_definitions.py: version, what it is said to be made of, and what it makes of the above."""

durations = st.integers(0, 10 * HOUR)
times = st.builds(
    lambda rest, ringing, answered: replace(rest, ringing_ms=ringing, ringing_answered_ms=min(ringing, answered)),
    st.builds(
        lambda by, **ms: Times(**ms, paused_by=by, paused_ms=sum(by.values())),
        by=st.dictionaries(st.sampled_from(["", "break", "meal", "training"]), durations),
        **dict.fromkeys(("ready_ms", "talking_ms", "wrap_up_ms", "own_call_ms", "unreachable_ms"), durations),
    ),
    durations,
    durations,
)


@pytest.mark.parametrize("each", WORKFORCE, ids=lambda each: each.key)
def test_a_number_that_is_made_otherwise_has_another_version(each):
    said = sha256("\n".join((each.unit, each.formula, each.source)).encode()).hexdigest()[:12]
    assert (each.version, said, NUMBERS[each.key]) == PINNED[each.key]


def test_a_ring_that_was_answered_was_work_and_one_that_was_missed_was_being_ready():
    busy, free = 3 * HOUR + HOUR // 2 + HOUR // 4 + HOUR // 4, 2 * HOUR + HOUR // 4
    assert w.occupancy(DAY) == busy / (busy + free)


def test_who_was_only_paused_was_not_occupied_at_all_nor_idle():
    assert w.occupancy(Times(paused_ms=HOUR, paused_by={"meal": HOUR})) is None


@given(times, st.integers(1, 20 * HOUR), st.integers(0, 10 * HOUR))
def test_handle_time_of_paid_time_is_utilisation_times_handle_time_of_time_at_work(agent, paid_ms, handle_ms):
    """The check of KPI.md."""
    at_work = w.at_work_ms(agent, OFF)
    if at_work > 0:
        product = w.utilisation(agent, OFF, paid_ms) * (handle_ms / at_work)
        assert product == pytest.approx(handle_ms / paid_ms)


@given(st.lists(st.tuples(times, st.none() | st.integers(1, 20 * HOUR)), max_size=5))
def test_several_agents_are_utilised_by_the_sums_of_those_whose_paid_time_is_known(agents):
    known = [(agent, paid) for agent, paid in agents if paid is not None]
    at_work = sum(agent.signed_in_ms - sum(agent.paused_by.get(each, 0) for each in OFF) for agent, _ in known)
    found = w.utilised(agents, OFF)
    assert found == (at_work / sum(paid for _, paid in known) if known else None)


@given(times)
def test_occupancy_is_between_none_and_all(agent):
    assert w.occupancy(agent) is None or 0 <= w.occupancy(agent) <= 1


@given(st.builds(w.Kept, **dict.fromkeys(("scheduled_ms", "right_ms", "worked_ms"), durations)), st.just(KEPT))
def test_of_two_the_sums_are_divided_and_not_the_shares_averaged(one, other):
    both = one.plus(other)
    assert w.adherence(both) == (one.right_ms + other.right_ms) / (one.scheduled_ms + other.scheduled_ms)


@pytest.mark.parametrize(
    "nothing",
    [
        w.occupancy(NO_TIME),
        w.utilisation(DAY, OFF, None),
        w.utilisation(DAY, OFF, 0),
        w.utilised([], OFF),
        w.productivity(3, NO_TIME),
        w.seat_utilisation(DAY, None),
        w.seat_utilisation(DAY, 0),
        w.attendance(None),
        w.adherence(w.Kept()),
        w.conformance(None),
        w.attrition(None, 10, 10),
        w.attrition(1, 0, 0),
        w.cost_per_contact(None, 10),
        w.cost_per_contact(100, 0),
        w.fcr(None),
        w.fcr(w.Resolved()),
    ],
)
def test_where_a_figure_is_missing_there_is_no_number(nothing):
    assert nothing is None
