"""The simulator gives the numbers that theory and literature give: short forms; the long ones: `make sim-full`."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.kpi.erlang import expected
from ccplane.simulate import outcome as o
from ccplane.simulate.chance import FOREVER
from ccplane.simulate.run import simulate
from ccplane.simulate.student import interval
from tests.simulate.models import HOUR, MINUTE, one_queue, simple_msk, with_skills


def days(scenario, count, seed=1):
    return [simulate(scenario.day(seed, number)) for number in range(count)]


def test_a_hundred_calls_in_half_an_hour_with_fourteen_agents_wait_as_erlang_says():
    ran = days(one_queue(14, 100 / 30, 180_000, 40 * HOUR), 3)
    said = expected(14, 100 / 1800, 180, 20)
    assert interval([o.service_level(day.of()) for day in ran]).value == pytest.approx(said.service_level, abs=0.02)
    assert interval([o.asa_s(day.of()) for day in ran]).value == pytest.approx(said.asa_s, rel=0.2)
    assert interval([o.occupancy(day.staff) for day in ran]).value == pytest.approx(said.occupancy, abs=0.015)


@pytest.mark.slow
def test_twelve_agents_for_eight_hours_from_empty_answer_nine_of_ten_in_time():
    ran = days(one_queue(12, 4.2, 2 * MINUTE, 8 * HOUR), 25)
    assert interval([o.answered_only(day.of()) for day in ran]).value == pytest.approx(0.902, abs=0.02)
    assert interval([o.asa_s(day.of()) for day in ran]).value == pytest.approx(0.099 * 60, abs=1.5)
    assert interval([o.occupancy(day.staff) for day in ran]).value == pytest.approx(0.695, abs=0.015)


@pytest.mark.slow
def test_three_types_and_two_groups_do_as_published():
    """Twenty days of the published thousand: the intervals are wide, since days differ by a fifth."""
    ran = [simulate(replace(simple_msk().day(1, number), closes=FOREVER)) for number in range(20)]
    share = sum(day.of().entered for day in ran) / len(ran) / 5184
    assert interval([o.Rate(day.of().answered, 1) for day in ran]).value == pytest.approx(4297, abs=350)
    assert interval([o.excluding(day.of()) for day in ran]).value == pytest.approx(0.501 - (share - 1), abs=0.08)
    assert interval([o.occupancy(day.staff, "group-0") for day in ran]).value == pytest.approx(0.881, abs=0.04)


def test_two_skills_are_nearly_as_good_as_all_and_far_better_than_one():
    one, two, every = (
        interval([o.service_level(day.of()) for day in days(with_skills(skills, 10 * HOUR), 2)]).value
        for skills in (1, 2, 6)
    )
    assert every - two < 0.2 * (every - one)
