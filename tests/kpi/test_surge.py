"""When far more call than usual."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.kpi.surge import NUMBERS_MOST, OVER, Measure, changes, measured, slots
from ccplane.routing.rules import SurgeRule

HOUR = 3_600_000
RULE = SurgeRule(slot_ms=HOUR, weeks=3, threshold=2.0, least=10)


def at(text, zone="Europe/Berlin"):
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def told(slot, zone="Europe/Berlin"):
    return datetime.fromtimestamp(slot[0] / 1000, ZoneInfo(zone)).strftime("%m-%d %H:%M")


def test_slots_are_those_of_the_same_weekday_by_the_clock_also_where_it_was_changed_between():
    current, last = slots(at("2026-11-09 09:20"), "Europe/Berlin", RULE)
    assert [told(each) for each in current] == ["11-09 09:00", "11-02 09:00", "10-26 09:00", "10-19 09:00"]
    assert [told(each) for each in last] == ["11-09 08:00", "11-02 08:00", "10-26 08:00", "10-19 08:00"]
    assert all(end - begin == HOUR for begin, end in (*current, *last))
    assert current[1][0] - current[3][0] == 14 * 24 * HOUR + HOUR, "a week of 169 hours lies between"


def test_the_index_is_arrivals_by_the_median_of_the_weeks_before():
    now = [{"4001": 30}, {"4001": 5}, {"4001": 15}, {"4001": 40}]
    (all_, one) = measured(now, [{}] * 4)
    assert (one.number, one.index, one.arrivals, one.usual) == ("4001", 2.0, 30, 15)
    assert (all_.number, all_.index) == ("", 2.0)


def test_where_nobody_called_before_one_call_counts_as_usual():
    (_, one) = measured([{"4001": 30}, {}, {}, {}], [{}] * 4)
    assert one.index == 30


def test_the_slot_before_counts_too_so_that_a_new_one_proves_nothing():
    quiet = [{"4001": 0}, {"4001": 10}, {"4001": 10}, {"4001": 10}]
    busy = [{"4001": 50}, {"4001": 10}, {"4001": 10}, {"4001": 10}]
    (_, one) = measured(quiet, busy)
    assert (one.index, one.arrivals, one.usual) == (5.0, 50, 10)
    assert changes([one], ["4001"], RULE) == ((), ())


def test_where_every_number_is_dialled_those_that_bring_most_are_measured():
    now = {f"{number:05}": 1 for number in range(NUMBERS_MOST + 100)} | {"00007": 50, "99999": 40}
    told = measured([now, {}, {}], [{}, {"00003": 9}, {}])
    assert len(told) == NUMBERS_MOST + 1
    assert (told[0].number, told[0].now) == ("", sum(now.values()))
    assert {"00007", "99999"} <= {each.number for each in told}


@pytest.mark.parametrize(
    ("now", "usual", "begins"), [(20, 10, True), (19, 10, False), (9, 1, False), (10, 1, True), (0, 0, False)]
)
def test_one_begins_at_the_threshold_and_with_the_least(now, usual, begins):
    begin, _ = changes([Measure("4001", now, 0, usual, usual)], [], RULE)
    assert bool(begin) is begins


measures = st.builds(
    Measure,
    st.sampled_from(["", "4001", "4002"]),
    st.integers(0, 200),
    st.integers(0, 200),
    st.floats(0, 100),
    st.floats(0, 100),
)


@given(st.lists(measures, unique_by=lambda each: each.number), st.sets(st.sampled_from(["", "4001", "4002", "4003"])))
def test_none_begins_twice_ends_unless_it_is_calm_or_flaps(found, held):
    begin, over = changes(found, held, RULE)
    assert not {each.number for each in begin} & held
    assert set(over) <= held
    after = (held - set(over)) | {each.number for each in begin}
    assert changes(found, after, RULE) == ((), ()), "the same again changes nothing"
    for each in found:
        if each.number in held and each.index >= RULE.threshold * OVER:
            assert each.number not in over
