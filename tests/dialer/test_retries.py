"""A lead is tried again as the rules say, never too often, never at a number that is none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ccplane.dialer.results import Result
from ccplane.dialer.retries import DAY_MS, HOUR_MS, MINUTE_MS, USUAL, Again, Over, Retry, Tried, next_try

T = 20_000 * DAY_MS + 9 * HOUR_MS
FAILED = [each for each in Result if each is not Result.ANSWERED]


def tried(*results, number=0):
    return [Tried(number, T + n * DAY_MS, result) for n, result in enumerate(results)]


def test_a_new_lead_is_tried_at_its_first_number_at_once():
    assert next_try([], 2) == Again(0, 0)
    assert next_try([], 0) is Over.NO_NUMBER_LEFT


def test_a_busy_number_is_tried_again_soon_and_not_for_ever():
    assert next_try(tried(Result.BUSY), 2) == Again(0, T + 10 * MINUTE_MS)
    assert next_try(tried(*[Result.BUSY] * 4), 1) is Over.TIMES_USED


def test_who_does_not_answer_is_tried_at_the_next_number_at_once():
    assert next_try(tried(Result.NO_ANSWER), 3) == Again(1, T)


def test_with_one_number_it_is_tried_at_another_hour_of_the_day():
    rules = {Result.NO_ANSWER: Retry(times=5, after_ms=DAY_MS, other_hour=True)}
    assert next_try(tried(Result.NO_ANSWER), 1, rules) == Again(0, T + DAY_MS + HOUR_MS)
    at_eleven = [Tried(0, T, Result.NO_ANSWER)]
    assert next_try(at_eleven, 1, USUAL) == Again(0, T + 4 * HOUR_MS), "four hours later it is another hour already"


def test_a_number_that_is_none_is_never_tried_again():
    assert next_try(tried(Result.INVALID), 2) == Again(1, T)
    assert next_try(tried(Result.INVALID), 1) is Over.NO_NUMBER_LEFT
    both = [Tried(0, T, Result.INVALID), Tried(1, T + 1, Result.BUSY)]
    assert next_try(both, 2) == Again(1, T + 1 + 10 * MINUTE_MS)


def test_what_was_agreed_goes_before_all_rules():
    agreed = Again(1, T + 17 * MINUTE_MS)
    assert next_try(tried(Result.ANSWERED), 2, follow_up=agreed) == agreed
    assert next_try(tried(Result.ANSWERED), 2) is Over.ANSWERED


@given(st.lists(st.sampled_from(FAILED), min_size=1, max_size=60), st.integers(1, 4), st.integers(-12, 14))
def test_however_it_goes_it_ends_and_never_goes_back(results, numbers, zone):
    """Each next try is what the rules said before; none is earlier than the one before it."""
    history = []
    for result in results:
        following = next_try(history, numbers, offset_ms=zone * HOUR_MS)
        if isinstance(following, Over):
            break
        at = max(following.at, history[-1].at + 1) if history else T
        assert 0 <= following.number < numbers
        assert not any(each.number == following.number and each.result is Result.INVALID for each in history)
        history.append(Tried(following.number, at, result))
    for number in range(numbers):
        own = [each.result for each in history if each.number == number]
        for result, rule in USUAL.items():
            assert own.count(result) <= rule.times + 1
