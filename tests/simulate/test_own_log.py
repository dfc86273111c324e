"""A day of our own log becomes a day to be run again: what it counts is what the board counted."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccplane.agents.facts import Intent
from ccplane.contacts.facts import QueueOutcome
from ccplane.core import inputs
from ccplane.kpi.board import Board, evolve
from ccplane.kpi.counters import NOTHING
from ccplane.simulate.own_log import BEFORE, KINDS, recorded_day
from ccplane.simulate.recorded import Guesses, Stay, whole_waits
from ccplane.simulate.run import simulate
from tests.kpi.histories import AGENTS, MIDNIGHT, QUEUES, History, random_history

ANA, BEN, *_ = AGENTS
SALES, SUPPORT = QUEUES
DAY_MS = 86_400_000

moments = st.one_of(st.integers(0, 30_000), st.sampled_from([0, 1, 5_000, 20_000, 3_600_000]))
choices = st.lists(st.tuples(moments, st.integers(0, 30), st.integers(0, 30)), max_size=60)


def folded(history, begins=MIDNIGHT):
    before = [fact for fact in history.facts if fact.at < begins and isinstance(fact, BEFORE)]
    after = [fact for fact in history.facts if fact.at >= begins and isinstance(fact, KINDS)]
    return recorded_day("day", begins, begins + DAY_MS, before, after)


@pytest.mark.slow
@given(choices)
@settings(max_examples=80, deadline=None)
def test_what_a_day_counts_is_what_the_board_counted(choices):
    history = random_history([*choices, (DAY_MS // 2, 0, 0)])
    board = reduce(evolve, history.facts, Board.begun())
    for day in (board.today, board.yesterday):
        made = folded(history, day.began_at)
        if made is None:
            continue
        was = made.as_it_was()
        for queue in QUEUES:
            counted, ours = day.queues.get(queue, NOTHING), was.of(queue)
            for name in ("answered", "answered_within", "answered_wait_ms", "abandoned", "abandoned_short", "timed_out",
                         "no_agents", "lost"):  # fmt: skip
                assert getattr(ours, name) == getattr(counted, name), name


@given(choices)
@settings(max_examples=40, deadline=None)
def test_any_day_of_a_log_can_be_run_again_and_loses_nobody(choices):
    made = folded(random_history(choices), MIDNIGHT - DAY_MS // 2)
    ran = simulate(made.again(Guesses([made]), 1))
    assert ran.of().entered == len(whole_waits(made.stays)) == ran.of().ended + ran.still_waiting


def test_agents_are_there_while_they_are_ready():
    history = History()
    history.sign_in(ANA)
    history.wait(MIDNIGHT + 600_000 - history.now)
    history.sign_in(BEN)
    history.wait(600_000)
    history.give(inputs.IntentAsked(agent=ANA, intent=Intent.PAUSED, by="test"))
    history.wait(600_000)
    history.sign_in(ANA)
    shifts = sorted((shift.agent.id, shift.begins, shift.ends) for shift in folded(history).shifts)
    assert shifts == [(ANA, 0, 1_200_000), (ANA, 1_800_000, None), (BEN, 600_000, None)]


def test_talks_and_wrap_up_are_as_long_as_they_were():
    history = History()
    history.sign_in(ANA)
    history.wait(MIDNIGHT + 60_000 - history.now)
    contact = history.call(SALES)
    history.wait(2_000)
    history.answer(contact)
    history.wait(30_000)
    history.give(inputs.CallerGone(contact, 16))
    history.wait(10_000)
    (stay,) = folded(history).stays
    assert (stay.at, stay.waited_ms, stay.talk_ms, stay.wrap_up_ms) == (60_000, 2_000, 30_000, 2_000)
    assert folded(history).pickup_ms == 2_000
    assert stay.kind == SALES, "the number that was dialled"


def test_a_wait_that_led_through_two_queues_comes_once_and_asks_for_the_first():
    over, answered = QueueOutcome.OVERFLOWED, QueueOutcome.ANSWERED
    stays = [
        Stay(contact="a", at=0, queue=SALES, waited_ms=5000, outcome=over),
        Stay(contact="b", at=1000, queue=SALES, waited_ms=10, outcome=answered),
        Stay(contact="a", at=5000, queue=SUPPORT, waited_ms=3000, outcome=answered, talk_ms=700, goes_on=True),
    ]
    first, second = whole_waits(stays)
    assert (first.queue, first.at, first.waited_ms, first.talk_ms) == (SALES, 0, 8000, 700)
    assert second == stays[1]


def test_a_log_without_rules_is_no_day():
    assert recorded_day("day", 0, DAY_MS, [], []) is None
