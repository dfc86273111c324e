"""Whose opinion is asked, once and by a sample that is the same whenever it is drawn; and what is noted of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ccplane.contacts.surveys import in_sample
from ccplane.ids import ContactId

IDS = st.text("0123456789abcdef.-", min_size=1, max_size=40).map(lambda text: ContactId(f"c-{text}"))


@given(IDS, st.floats(0, 1), st.floats(0, 1))
def test_who_is_in_a_small_sample_is_in_every_larger_one(contact, one, other):
    small, large = sorted((one, other))
    assert in_sample(contact, "after-call", large) or not in_sample(contact, "after-call", small)


@given(IDS)
def test_nobody_is_in_none_and_everybody_in_all(contact):
    assert in_sample(contact, "after-call", 1.0)
    assert not in_sample(contact, "after-call", 0.0)


def test_a_sample_is_as_large_as_it_is_said_to_be_and_another_for_another_survey():
    ids = [ContactId(f"c-ast1-{number}.{number % 7}") for number in range(20_000)]
    one = {each for each in ids if in_sample(each, "after-call", 0.3)}
    other = {each for each in ids if in_sample(each, "after-order", 0.3)}
    assert 5_700 < len(one) < 6_300
    assert 1_600 < len(one & other) < 2_000, "independent of each other"
