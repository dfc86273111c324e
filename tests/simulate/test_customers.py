"""Who comes, who calls again, and whose turn it is: what a simulated customer brings along."""

from __future__ import annotations

from ccplane.agents.facts import Membership
from ccplane.ids import QueueName
from ccplane.simulate.arrivals import Curve, Redial, Stream, calling_again
from ccplane.simulate.chance import Fixed
from ccplane.simulate.day import Arrival, Day, Shift
from ccplane.simulate.run import simulate
from tests.simulate.models import HOUR, MINUTE, agent, queue

SALES, SUPPORT = QueueName("sales"), QueueName("support")


def a_stream(redial):
    curve = Curve((1.0,), HOUR)
    return Stream(name="s", queue=SALES, curve=curve, service=Fixed(1000), patience=Fixed(2000), redial=redial)


def who_call_again(share, of=4_000):
    """Those of so many who hung up, with the moment at which they did."""
    again = calling_again((a_stream(Redial(share, Fixed(5 * MINUTE))),), seed=1, number=0)
    hung_up = Arrival(0, SALES, 1000, 2000, stream="s")
    return [found for contact in range(of) if (found := again(hung_up, contact, 10_000))]


def test_the_share_that_is_said_calls_again_when_it_is_said():
    assert not who_call_again(0.0)
    every = who_call_again(1.0)
    assert len(every) == 4_000
    assert {(each.at, each.tries, each.queue) for each in every} == {(10_000 + 5 * MINUTE, 1, SALES)}
    assert 900 < len(who_call_again(0.25)) < 1_100, "a quarter, give or take four standard errors"


def test_where_nobody_calls_again_nobody_is_asked():
    assert calling_again((a_stream(None),), seed=1, number=0) is None


def test_who_is_taken_over_comes_before_who_came_to_that_queue_after_them():
    """By the clock they had: with one that began anew they would be served after the one of second 3."""
    queues = [queue(SALES, longest_wait_ms=5_000, overflow=SUPPORT), queue(SUPPORT)]
    shifts = [Shift(agent("1", {SALES: Membership()})), Shift(agent("2", {SUPPORT: Membership()}))]
    calls = (
        Arrival(0, SALES, 60_000, None),
        Arrival(0, SUPPORT, 10_000, None),
        Arrival(1_000, SALES, 1_000, None),
        Arrival(3_000, SUPPORT, 50_000, None),
    )
    day = Day(queues={each.name: each for each in queues}, arrivals=calls, shifts=tuple(shifts), closes=HOUR)
    ran = simulate(day)
    assert (ran.of(SALES).overflowed, ran.of(SUPPORT).answered) == (1, 3)
    assert ran.of(SUPPORT).answered_wait_ms == (10_000 - 6_000) + (11_000 - 3_000)
