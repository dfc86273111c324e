"""Each answer of a network is one result, and only those of the customer count as a try."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.dialer.results import BY_CAUSE, BY_SIP, Result, result_of


@pytest.mark.parametrize(
    ("sip", "cause", "result"),
    [
        (486, 17, Result.BUSY),
        (600, 0, Result.BUSY),
        (480, 20, Result.UNAVAILABLE),
        (408, 102, Result.NO_ANSWER),
        (487, 0, Result.NO_ANSWER),
        (603, 21, Result.REJECTED),
        (608, 0, Result.REJECTED),
        (404, 1, Result.INVALID),
        (484, 28, Result.INVALID),
        (503, 34, Result.CONGESTION),
        (503, 38, Result.NETWORK),
        (403, 0, Result.NETWORK),
        (500, 17, Result.NETWORK),
        (0, 17, Result.BUSY),
        (0, 19, Result.NO_ANSWER),
        (0, 42, Result.CONGESTION),
        (0, 27, Result.NETWORK),
        (0, 0, Result.NETWORK),
    ],
)
def test_what_the_network_says_is_one_result(sip, cause, result):
    assert result_of(False, sip, cause) is result


@given(st.integers(0, 699), st.integers(0, 127))
def test_whatever_it_says_there_is_one_and_an_answer_is_an_answer(sip, cause):
    assert result_of(True, sip, cause) is Result.ANSWERED
    assert result_of(False, sip, cause) in set(Result) - {Result.ANSWERED}


def test_a_trunk_that_is_down_burns_no_try():
    assert not result_of(False, 503).is_of_customer
    assert not result_of(False, 403).is_of_customer
    assert {each for each in (*BY_SIP.values(), *BY_CAUSE.values()) if not each.is_of_customer} == {
        Result.NETWORK,
        Result.CONGESTION,
    }
