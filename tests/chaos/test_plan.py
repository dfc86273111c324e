"""A seed is a plan, to the letter; and each kind of fault that can be planned can be done."""

from __future__ import annotations

from collections import Counter

from chaos.faults import FAULTS
from chaos.plan import QUICK, WEIGHTS, plan


def test_the_same_seed_gives_the_same_plan_and_another_another():
    assert plan(7, 40) == plan(7, 40)
    assert plan(7, 40) != plan(8, 40)


def test_a_long_plan_has_every_kind_and_a_chosen_one_only_those_chosen():
    assert {each.kind for each in plan(1, 40)} == set(WEIGHTS)
    assert {each.kind for each in plan(1, 40, ["stall", "kill-ami"])} == {"stall", "kill-ami"}


def test_the_short_form_has_each_quick_kind_once():
    assert Counter(each.kind for each in plan(3, len(QUICK), QUICK, each_once=True)) == Counter(QUICK)


def test_every_kind_that_is_planned_can_be_done():
    assert set(FAULTS) == set(WEIGHTS)
