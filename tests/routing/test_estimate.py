"""Estimated wait: the formula, what it is fed with, and how good it is at a queue of which the truth is known."""

from __future__ import annotations

import heapq
import random
from statistics import median

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ccplane.ids import AgentId
from ccplane.routing.estimate import EXACT, SETTLING_MS, TALKS, Pace, Restaffed, wait_ms

ahead = st.integers(0, 5_000)
agents = st.integers(1, 1_000)
cycles = st.floats(1_000, 3_600_000)
patience = st.floats(0, 0.001)


def test_with_nobody_before_them_and_one_agent_it_is_one_contact_long():
    assert wait_ms(0, 1, 180_000, 0.0) == pytest.approx(180_000)


def test_without_abandons_each_of_those_before_costs_the_same():
    assert wait_ms(9, 5, 100_000, 0.0) == pytest.approx(10 * 20_000)


def test_who_may_give_up_shortens_the_wait_of_those_behind():
    """Σ_{i=0..2} 1/(sμ + iθ), by hand: s 2, 1/μ 60 s, θ once in 60 s: 30 + 20 + 15 s."""
    assert wait_ms(2, 2, 60_000, 1 / 60_000) == pytest.approx(65_000)


def test_with_no_agent_there_is_no_end_to_it():
    assert wait_ms(0, 0, 60_000, 0.0) is None


@given(ahead, agents, cycles, patience)
def test_a_long_line_is_summed_as_a_short_one_is(ahead, agents, cycle, giving_up):
    told = wait_ms(ahead, agents, cycle, giving_up)
    assert told == pytest.approx(sum(1 / (agents / cycle + i * giving_up) for i in range(ahead + 1)), rel=1e-3)


@given(ahead, agents, cycles, patience)
def test_it_grows_with_those_before_and_with_the_length_of_talks_and_shrinks_with_agents(n, s, cycle, giving_up):
    told = wait_ms(n, s, cycle, giving_up)
    assert wait_ms(n + 1, s, cycle, giving_up) >= told
    assert wait_ms(n, s + 1, cycle, giving_up) <= told
    assert wait_ms(n, s, cycle * 1.5, giving_up) >= told
    assert wait_ms(n, s, cycle, giving_up * 2) <= told


@given(st.floats(0, EXACT * 2), st.floats(0, 1), agents, cycles, patience)
def test_a_share_of_a_contact_before_counts_as_a_share(n, more, s, cycle, giving_up):
    assert wait_ms(n + more, s, cycle, giving_up) >= wait_ms(n, s, cycle, giving_up) * (1 - 1e-3)


@given(st.lists(st.integers(1, 600_000), min_size=1, max_size=3 * TALKS))
def test_the_length_of_a_talk_lies_among_those_measured(talks):
    pace = Pace()
    for each in talks:
        pace = pace.talked(each)
    assert min(talks) * 0.999 <= pace.cycle <= max(talks) * 1.001


def test_a_queue_whose_talks_become_longer_is_believed_after_a_few_hundred():
    pace = Pace()
    for each in (*[60_000] * 1_000, *[120_000] * 2 * TALKS):
        pace = pace.talked(each)
    assert pace.cycle == pytest.approx(120_000, rel=0.08)


def test_ring_and_wrap_up_keep_the_agent_too():
    pace = Pace().answered(4_000).talked(60_000).wrapped_up(30_000)
    assert (pace.ring, pace.cycle) == (4_000, 94_000)


def test_without_a_talk_nothing_is_known():
    assert (Pace().ring, Pace().cycle, Pace().giving_up) == (None, None, 0.0)


@given(st.lists(st.tuples(st.integers(1, 600_000), st.booleans()), min_size=1))
def test_patience_is_abandons_by_time_waited(waits):
    pace = Pace()
    for ms, gave_up in waits:
        pace = pace.waited(ms, gave_up)
    assume(len(waits) < 20)
    assert pace.giving_up == pytest.approx(sum(left for _, left in waits) / sum(ms for ms, _ in waits), rel=0.05)


@given(st.lists(st.integers(0, SETTLING_MS), max_size=50), st.integers(0, 5 * SETTLING_MS))
def test_who_came_or_went_counts_for_a_while_and_no_longer(steps, later):
    changed, now, told = Restaffed(), 0, {}
    for number, step in enumerate(steps):
        now += step
        changed = changed.with_one(AgentId(str(number)), now)
        told[AgentId(str(number))] = now
    now += later
    counted = changed.agents(now)
    assert {each for each, at in told.items() if now - at < SETTLING_MS} <= counted
    assert not {each for each, at in told.items() if now - at >= 2 * SETTLING_MS} & counted


def a_queue(seed: int, *, agents: int, load: float, patience_ms: float = 600_000, contacts: int = 6_000):
    """M/M/s+M, talks of 180 s on average. Of each who was answered: estimate, that of a head of line, and the truth."""
    chance = random.Random(seed)
    talk_ms, gap_ms = 180_000, 180_000 / agents / load
    free, now = agents, 0.0
    line: list[tuple[float, int]] = []
    ends: list[float] = []
    came: dict[int, float] = {}
    told: dict[int, tuple[float, float]] = {}
    leaves: list[tuple[float, int]] = []
    pace, over = Pace(), []
    arrivals = 0
    next_arrival = chance.expovariate(1 / gap_ms)
    while arrivals < contacts:
        at = min(next_arrival, ends[0] if ends else 1e18, leaves[0][0] if leaves else 1e18)
        now = at
        if leaves and leaves[0][0] == at:
            _, who = heapq.heappop(leaves)
            if who in came:
                pace = pace.waited(round(at - came.pop(who)), True)
                line = [each for each in line if each[1] != who]
            continue
        if ends and ends[0] == at:
            heapq.heappop(ends)
            free += 1
        else:
            arrivals += 1
            next_arrival = now + chance.expovariate(1 / gap_ms)
            came[arrivals] = now
            if not free and (cycle := pace.cycle):
                head = now - line[0][0] if line else 0.0
                told[arrivals] = (wait_ms(len(line), agents, cycle, pace.giving_up), head)
            line.append((now, arrivals))
            heapq.heappush(leaves, (now + chance.expovariate(1 / patience_ms), arrivals))
        while free and line:
            since, who = line.pop(0)
            free -= 1
            talk = chance.expovariate(1 / talk_ms)
            pace = pace.waited(round(now - since), False).talked(round(talk))
            heapq.heappush(ends, now + talk)
            del came[who]
            if who in told:
                over.append((*told[who], now - since))
    return over[len(over) // 5 :]


@pytest.mark.parametrize("load", [0.9, 1.0, 1.2])
def test_at_a_queue_of_which_all_is_known_it_is_nearer_than_the_head_of_the_line(load):
    """Thirty agents. Where nothing but chance is unknown half of the estimates are within a quarter of the mean wait or
    so; the head of the line says what the wait was, not what it will be."""
    over = a_queue(7, agents=30, load=load)
    mean = sum(actual for *_, actual in over) / len(over)
    error = median(abs(told - actual) for told, _, actual in over)
    naive = median(abs(head - actual) for _, head, actual in over)
    assert error < naive
    assert error < 0.5 * mean
    bias = sum(told - actual for told, _, actual in over) / len(over)
    assert abs(bias) < 0.2 * mean
