"""Rates are made of summed counters; the service levels are those of the published example."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.kpi.counters import Counters
from ccplane.kpi.definitions import DEFINITIONS
from ccplane.kpi.measures import MEASURES, OF_COUNTERS, Sums, summed, waiting
from ccplane.kpi.rate_definitions import RATES
from ccplane.kpi.times import Times

EXAMPLE = Sums(
    counters=Counters(
        entered=1060, answered=1000, abandoned=60, answered_within=860, abandoned_within=20, abandoned_short=10
    )
)
SMALL = st.integers(0, 1_000)
COUNTERS = st.builds(Counters, **dict.fromkeys(Counters.__struct_fields__, SMALL))
FRACTIONS = [key for key in MEASURES if DEFINITIONS[key].unit == "fraction"]


@pytest.mark.parametrize(
    ("key", "percent"),
    [
        ("service_level_past", 81.13),
        ("service_level_answered", 86.00),
        ("service_level_excluding", 82.69),
        ("service_level_crediting", 83.02),
    ],
)
def test_the_service_levels_of_the_published_example(key, percent):
    assert round(100 * MEASURES[key](EXAMPLE), 2) == percent


def test_net_of_short_abandons():
    assert MEASURES["service_level_net"](EXAMPLE) == 860 / 1050
    assert MEASURES["abandonment_net"](EXAMPLE) == 50 / 1050


def test_times_and_means():
    sums = Sums(
        counters=Counters(
            answered=4, answered_wait_ms=40_000, handled=4, talk_ms=200_000, wrap_up_ms=40_000, auto_answered=1,
            missed_busy=1, answered_delayed=2, delayed_wait_ms=39_000,
        ),
        times=Times(ready_ms=100_000, talking_ms=200_000, wrap_up_ms=40_000, ringing_ms=60_000, paused_ms=3_200_000),
    )  # fmt: skip
    assert MEASURES["asa"](sums) == 10_000
    assert MEASURES["asa_delayed"](sums) == 19_500
    assert (MEASURES["aht"](sums), MEASURES["att"](sums), MEASURES["acw"](sums)) == (60_000, 50_000, 10_000)
    assert MEASURES["rona"](sums) == 1 / 4
    assert MEASURES["occupancy"](sums) == 240 / 400, "a ring that was missed is being ready"
    assert MEASURES["productivity"](sums) == 4


def test_without_data_there_is_no_rate_and_no_nought():
    assert [MEASURES[key](Sums()) for key in (*FRACTIONS, "asa", "aht", "productivity")] == [None] * (
        len(FRACTIONS) + 3
    )


def test_each_has_a_definition_and_each_rate_of_reports_is_made():
    assert MEASURES.keys() <= DEFINITIONS.keys()
    assert {each.key for each in RATES} <= MEASURES.keys()


@given(st.lists(COUNTERS, max_size=5))
def test_a_rate_is_of_the_sums_and_counters_add_up(many):
    total = summed(Sums(counters=each) for each in many)
    for name in Counters.__struct_fields__:
        assert getattr(total.counters, name) == sum(getattr(each, name) for each in many)
    if total.counters.answered:
        assert MEASURES["asa"](total) == total.counters.answered_wait_ms / total.counters.answered
    assert waiting(total.counters) == sum(map(waiting, many))


@given(COUNTERS)
def test_a_share_of_counters_that_can_be_lies_between_nought_and_one(c):
    within, short = min(c.abandoned_within, c.abandoned), min(c.abandoned_short, c.abandoned)
    possible = Counters(
        answered=c.answered, abandoned=c.abandoned, answered_within=min(c.answered_within, c.answered),
        abandoned_within=within, abandoned_short=short, rang=c.rang, rang_in_time=min(c.rang_in_time, c.rang),
    )  # fmt: skip
    for key in set(FRACTIONS) & OF_COUNTERS.keys():
        found = OF_COUNTERS[key](possible)
        assert found is None or 0 <= found <= 1, key
