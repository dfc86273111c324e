"""When a service is left alone: the circuit, as a table of what may come after what."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ccplane.lookups import circuit as circuits
from ccplane.lookups.circuit import CLOSED

MOST, REST = 3, 1_000
EVENTS = st.lists(st.tuples(st.sampled_from(["ask", "answered", "failed", "left"]), st.integers(0, 700)), max_size=60)


def failing(times: int, now: int = 0) -> circuits.Circuit:
    circuit = CLOSED
    for _ in range(times):
        circuit = circuits.failed(circuits.asked(circuit), now, MOST, REST)
    return circuit


def after(event: str, circuit: circuits.Circuit, now: int) -> circuits.Circuit:
    if event == "failed":
        return circuits.failed(circuit, now, MOST, REST)
    return circuits.answered(circuit) if event == "answered" else circuits.left(circuit)


def test_so_many_failures_one_after_the_other_open_it():
    assert failing(MOST - 1).lets_through(0)
    assert not failing(MOST).lets_through(0)
    assert failing(MOST).state(0) == "open"


def test_an_answer_between_begins_the_count_anew():
    assert circuits.failed(circuits.answered(failing(MOST - 1)), 0, MOST, REST).lets_through(0)


def test_after_its_rest_one_request_is_let_through_and_no_second():
    half = failing(MOST)
    assert half.state(REST) == "half-open"
    assert half.lets_through(REST)
    assert not circuits.asked(half).lets_through(REST)


def test_that_one_closes_it_or_opens_it_for_as_long_again():
    trying = circuits.asked(failing(MOST))
    assert circuits.answered(trying) == CLOSED
    again = circuits.failed(trying, REST, MOST, REST)
    assert not again.lets_through(2 * REST - 1)
    assert again.lets_through(2 * REST)


def test_who_hangs_up_during_that_one_leaves_it_to_the_next():
    assert circuits.left(circuits.asked(failing(MOST))).lets_through(REST)


@given(EVENTS)
def test_it_never_stays_shut_for_longer_than_its_rest_and_never_lets_two_through_at_once(events):
    circuit, now, under_way = CLOSED, 0, 0
    for event, later in events:
        now += later
        shut = circuit.open_until is not None
        if event == "ask" and circuit.lets_through(now):
            assert not (shut and under_way), "one at a time while it is half open"
            circuit, under_way = circuits.asked(circuit), under_way + shut
        elif circuit.trying and event != "ask":
            under_way = 0
            circuit = after(event, circuit, now)
        elif event == "failed":
            circuit = after(event, circuit, now)
        assert circuit.open_until is None or circuit.open_until <= now + REST
        assert circuit.lets_through(now + REST) or circuit.trying
