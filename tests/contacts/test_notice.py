"""When a notice is tried again, and when it is given up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ccplane.contacts.notice import FIRST_PAUSE_MS, GIVEN_UP_MS, JITTER, LONGEST_PAUSE_MS, next_try

CHANCE = st.floats(0, 1)


def test_the_pauses_double_from_a_minute_to_an_hour():
    pauses = [next_try(tries, 0, 0, 0.5) for tries in range(1, 10)]
    assert pauses == [minutes * 60_000 for minutes in (1, 2, 4, 8, 16, 32, 60, 60, 60)]


@given(tries=st.integers(0, 10_000), since=st.integers(0, 2**41), late=st.integers(0, GIVEN_UP_MS), chance=CHANCE)
def test_each_pause_is_bounded_whatever_chance_says_and_none_goes_beyond_three_days(tries, since, late, chance):
    at = next_try(tries, since, since + late, chance)
    if at is None:
        assert late + LONGEST_PAUSE_MS * (1 + JITTER) >= GIVEN_UP_MS
    else:
        assert FIRST_PAUSE_MS * (1 - JITTER) - 1 <= at - since - late <= LONGEST_PAUSE_MS * (1 + JITTER)
        assert at < since + GIVEN_UP_MS


@given(chances=st.lists(CHANCE, min_size=200, max_size=200))
def test_a_receiver_that_never_takes_it_is_given_up_after_three_days(chances):
    now, tries = 0, 0
    for chance in chances:
        tries += 1
        at = next_try(tries, 0, now, chance)
        if at is None:
            break
        now = at
    assert at is None
    assert 60 <= tries <= 110
