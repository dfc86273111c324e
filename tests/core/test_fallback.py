"""Calls that the fallback had: found by files, told of by the queue_log, in any order and any number of times."""

from __future__ import annotations

from itertools import permutations
from time import thread_time

import pytest

from ccplane.contacts import facts as f
from ccplane.contacts.facts import EndedBy, QueueOutcome
from ccplane.contacts.fallback import GENERATION, SEGMENT, Carried, Remembered
from ccplane.core import checkpoint
from ccplane.core import inputs as i
from ccplane.core.evolve import evolve
from ccplane.errors import IllegalMove
from ccplane.ids import ContactId
from tests.core.floor import NODE, SUPPORT, a_floor, c, kinds, paused, the

STAY = i.FallbackStay(
    queue=SUPPORT,
    queued_at=12_000,
    outcome=QueueOutcome.ANSWERED,
    waited_ms=3_000,
    agent="ana",
    talk_ms=20_000,
    by=EndedBy.CALLER,
)


def told(channel="x", stay=STAY):
    return i.FallbackCallImported(
        node=NODE, channel=channel, number_dialled="4002", caller="1", arrived_at=10_000, ended_at=35_000, stay=stay
    )


def found(channel="x"):
    return i.FallbackCallFound(
        node=NODE, channel=channel, number_dialled="4002", caller="1", arrived_at=10_000, ended_at=35_000
    )


def test_given_a_call_that_nobody_knew_then_it_is_a_contact_of_its_own_time_with_its_stay_and_talk():
    floor = a_floor()
    decision = floor.take(told(), at=100)
    assert kinds(decision) == ["ContactArrived", "ContactEnded", "FallbackServed"]
    arrived, ended, served = decision.facts
    assert (arrived.contact, arrived.arrived_at, arrived.attribution) == (c("x"), 10_000, "radio")
    assert (ended.by, ended.ended_at) == (EndedBy.FALLBACK, 35_000)
    assert served == f.FallbackServed(
        at=100_000,
        contact=c("x"),
        segment=SEGMENT,
        queue=SUPPORT,
        queued_at=12_000,
        outcome=QueueOutcome.ANSWERED,
        waited_ms=3_000,
        agent="ana",
        talk_ms=20_000,
        by=EndedBy.CALLER,
    )


def test_given_a_call_that_never_entered_a_queue_then_it_is_a_contact_without_a_stay():
    assert kinds(a_floor().take(told(stay=None), at=100)) == ["ContactArrived", "ContactEnded"]


@pytest.mark.parametrize("order", list(permutations([told(), told(), found(), told(stay=None)])))
def test_given_the_same_call_by_files_and_by_the_log_in_any_order_then_it_is_one_contact_and_one_stay(order):
    floor = a_floor()
    for each in order:
        floor.take(each, at=100)
        floor.state = checkpoint.decode(checkpoint.encode(floor.state))
    assert sorted(kinds_of(floor)) == ["ContactArrived", "ContactEnded", "FallbackServed"]


def kinds_of(floor):
    return [type(each).__name__ for each in floor.facts if getattr(each, "contact", None) == c("x")]


def test_given_our_own_contact_that_was_carried_then_only_what_came_of_it_is_added():
    floor = a_floor(agents=[paused("ana")])
    floor.waits("x", at=5)
    assert floor.take(told(), at=100).facts == (), "it lives by our own word: told again later"
    floor.survey(after_gap=True)
    floor.leaves("x")
    decision = floor.take(told())
    assert kinds(decision) == ["FallbackServed"]
    assert the(decision, f.FallbackServed).segment > 1
    assert floor.take(told()).facts == ()


def test_given_a_stay_that_is_counted_then_a_fact_of_it_again_is_impossible():
    floor = a_floor()
    served = the(floor.take(told(), at=100), f.FallbackServed)
    with pytest.raises(IllegalMove):
        evolve(floor.state, served)


def test_given_more_of_them_than_are_remembered_then_the_older_ones_are_forgotten():
    known = Remembered()
    for at in range(2 * GENERATION):
        known = known.told(ContactId(f"c-{at}"), at, counted=at % 2 == 0)
        assert known.get(ContactId(f"c-{at}")) == Carried(at, counted=at % 2 == 0)
    again = known.told(ContactId(f"c-{2 * GENERATION - 2}"), at, counted=False)
    assert again.get(ContactId(f"c-{2 * GENERATION - 2}")).counted, "an older one keeps what is known of it"
    assert ContactId(f"c-{GENERATION}") in again
    assert ContactId("c-0") not in again
    assert len(again.young) + len(again.old) <= 2 * GENERATION


def test_given_ever_so_many_of_them_then_none_takes_long():
    """It is done on the loop of all calls: once it sorted 20,000 there (law 13)."""
    known, longest = Remembered(), 0.0
    for at in range(3 * GENERATION):
        began = thread_time()
        known = known.told(ContactId(f"c-{at}"), at, counted=True)
        longest = max(longest, thread_time() - began)
    assert longest < 0.02
