"""What a fault holds back is known when it comes, in the order in which it was sent; nothing is held back longer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.logs import Fault
from chaos.way import DELAY_MS, SETTLES_MS, Way

DELAY = Fault(number=1, kind="delay", at=10_000, over_at=17_000)
STALL = Fault(number=2, kind="stall", at=30_000, over_at=35_000)
WAY = Way([DELAY, STALL], ended_at=60_000)
MOMENTS = st.integers(0, 60_000)


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        (9_999, 9_999),
        (10_000, 12_000),
        (15_000, 17_000),
        (16_000, 17_000),  # behind what was told before
        (17_001, 17_001),
        (30_000, 35_000),
        (34_999, 35_000),
        (35_001, 35_001),
    ],
)
def test_what_the_switch_tells_is_heard_when_the_fault_lets_it_through(told, heard):
    assert WAY.heard(told) == heard


@pytest.mark.parametrize(
    ("seen", "decided"),
    [
        (9_999, 9_999),
        (11_000, 10_000),  # only what was on its way already comes so soon
        (14_000, 12_000),
        (17_000, 15_000),
        (18_001, 18_001),
        (32_000, 30_000),
        (35_500, 30_000),
        (36_001, 36_001),
    ],
)
def test_what_a_phone_sees_was_decided_before_it_was_on_its_way(seen, decided):
    assert WAY.decided(seen) == decided


def test_given_a_fault_that_was_never_mended_then_it_lasts_to_the_end():
    way = Way([Fault(number=1, kind="stall", at=10_000)], ended_at=60_000)
    assert way.heard(20_000) == 60_000


@given(MOMENTS, MOMENTS)
def test_news_keep_their_order_and_no_word_is_later_than_its_fault(one, other):
    first, second = sorted((one, other))
    assert WAY.heard(first) <= WAY.heard(second)
    assert 0 <= WAY.heard(one) - one <= max(DELAY_MS, STALL.over_at - STALL.at)
    assert 0 <= one - WAY.decided(one) <= STALL.over_at - STALL.at + SETTLES_MS


@given(MOMENTS, st.sampled_from(["kill-plane", "cut-ari", "kill-ami", "stop-10", "stop-60", "kill-asterisk"]))
def test_other_faults_hold_nothing_back(at, kind):
    way = Way([Fault(number=1, kind=kind, at=10_000, over_at=50_000)], ended_at=60_000)
    assert way.heard(at) == way.decided(at) == at
