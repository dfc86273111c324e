"""When an agent's PIN counts, and when it does not."""

from __future__ import annotations

import pytest

from ccplane.agents import facts as a
from ccplane.core import inputs as i
from tests.core.floor import a_floor, kinds, ready, the

QUARTER = 15 * 60


def tries(floor, right, at=None, agent="ana"):
    return floor.take(i.PinTried(agent=agent, right=right, way=a.PinWay.PHONE, whence="2001"), at)


@pytest.fixture
def floor():
    return a_floor(agents=[ready("ana"), ready("ben")])


def locked(floor):
    for _ in range(5):
        decision = tries(floor, False)
    return decision


def test_given_a_right_pin_then_it_is_on_record_from_where_it_was_given(floor):
    accepted = the(tries(floor, True, at=3), a.PinAccepted)
    assert (accepted.agent, accepted.way, accepted.whence, accepted.at) == ("ana", "phone", "2001", 3_000)


def test_given_four_wrong_pins_then_the_right_one_still_counts_and_forgives_them(floor):
    assert [the(tries(floor, False), a.PinRefused).in_a_row for _ in range(4)] == [1, 2, 3, 4]
    assert kinds(tries(floor, True)) == ["PinAccepted"]
    assert [the(tries(floor, False), a.PinRefused).in_a_row for _ in range(4)] == [1, 2, 3, 4]
    assert floor.agent("ana").pin_locked_until is None


def test_given_five_wrong_pins_in_a_row_then_it_is_locked_for_a_quarter_of_an_hour_and_the_other_agent_is_not(floor):
    assert kinds(locked(floor)) == ["PinRefused", "PinLocked"]
    assert floor.agent("ana").pin_locked_until == floor.now + QUARTER * 1_000
    assert kinds(tries(floor, True, agent="ben")) == ["PinAccepted"]


def test_given_a_locked_pin_then_neither_a_right_nor_a_wrong_one_changes_anything(floor):
    locked(floor)
    for right in (True, False):
        assert not tries(floor, right).facts
    assert not tries(floor, True, at=floor.now / 1000 + QUARTER - 0.001).facts


def test_given_a_locked_pin_when_the_time_is_over_then_there_are_five_tries_again(floor):
    locked(floor)
    assert kinds(tries(floor, False, at=floor.now / 1000 + QUARTER)) == ["PinRefused"]
    assert kinds(tries(floor, True)) == ["PinAccepted"]
    assert floor.agent("ana").pin_locked_until is None


@pytest.mark.parametrize("how", [i.PinUnlockAsked("ana", "api"), i.PinChanged("ana", "api")])
def test_given_a_locked_pin_when_an_administrator_unlocks_or_changes_it_then_it_counts_at_once(floor, how):
    locked(floor)
    assert len(floor.take(how).facts) == 1
    assert kinds(tries(floor, True)) == ["PinAccepted"]


def test_given_nothing_locked_when_an_administrator_unlocks_then_that_is_no_fact(floor):
    assert not floor.take(i.PinUnlockAsked("ana", "api")).facts


def test_given_a_lock_when_the_plane_is_gone_and_comes_back_then_it_holds(floor):
    locked(floor)
    assert floor.replayed() == floor.state
    assert floor.replayed().agents["ana"].pin_locked_until is not None


def test_given_an_agent_nobody_knows_then_nothing_happens(floor):
    for what in (i.PinChanged("nobody", "api"), i.PinUnlockAsked("nobody", "api")):
        assert not floor.take(what).facts
    assert not tries(floor, False, agent="nobody").facts
