"""When a phone is slow, and when it is not any more."""

from __future__ import annotations

import pytest

from ccplane.agents.facts import Phone, PhoneQuickened, PhoneSlowed
from ccplane.core import checkpoint
from ccplane.core import inputs as i
from ccplane.core.slowness import QUICK_MS, SLOW_MS
from tests.core.floor import a_floor, kinds, ready


def answers_in(floor, *latencies, device="ana"):
    """What is said of the latency of a phone that answered in these many ms."""
    facts = []
    for latency in latencies:
        facts += floor.take(i.PhoneSeen(device, Phone.REACHABLE, latency)).facts
    return [(type(fact), fact.latency_ms) for fact in facts if isinstance(fact, PhoneSlowed | PhoneQuickened)]


@pytest.fixture
def floor():
    return a_floor(agents=[ready("ana")])


def test_given_a_phone_that_answers_in_time_then_there_is_nothing_to_say(floor):
    assert answers_in(floor, 0, 20, QUICK_MS, SLOW_MS) == []


def test_given_a_phone_above_the_limit_then_it_is_slow_once(floor):
    assert answers_in(floor, SLOW_MS + 1, 900, SLOW_MS + 1) == [(PhoneSlowed, SLOW_MS + 1)]
    assert dict(floor.state.slow) == {"ana": SLOW_MS + 1}


def test_given_a_slow_phone_then_it_is_quick_again_only_well_below_the_limit(floor):
    told = answers_in(floor, 400, SLOW_MS - 1, QUICK_MS, QUICK_MS - 1, QUICK_MS - 1)
    assert told == [(PhoneSlowed, 400), (PhoneQuickened, QUICK_MS - 1)]
    assert dict(floor.state.slow) == {}


def test_given_a_slow_phone_then_it_is_offered_to_all_the_same(floor):
    answers_in(floor, 400)
    assert "OfferMade" in kinds(floor.waits("x"))


def test_given_a_slow_phone_then_word_of_it_without_a_latency_changes_nothing(floor):
    answers_in(floor, 400)
    for phone in (Phone.GONE, Phone.REACHABLE):
        floor.take(i.PhoneSeen("ana", phone))
    assert dict(floor.state.slow) == {"ana": 400}


def test_given_a_phone_at_no_seat_of_ours_then_its_latency_is_nobodys_business(floor):
    assert answers_in(floor, 4000, device="trunk") == []


def test_given_a_seats_other_phone_then_it_is_judged_too(floor):
    assert answers_in(floor, 400, device="ana-web") == [(PhoneSlowed, 400)]


def test_given_a_slow_phone_then_a_checkpoint_keeps_it(floor):
    answers_in(floor, 400)
    assert checkpoint.decode(checkpoint.encode(floor.state)).slow == floor.state.slow
