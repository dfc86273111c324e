"""A contact that waits is taken over by another queue: it keeps its clock and place, and each stay is counted."""

from __future__ import annotations

from functools import reduce

import pytest

from ccplane.agents.facts import Intent
from ccplane.contacts import facts as f
from ccplane.contacts.facts import QueueOutcome
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core import journal
from ccplane.core.decide import RULES
from ccplane.core.waits import move
from ccplane.errors import IllegalMove
from ccplane.ids import ChannelId, ContactId, QueueName
from ccplane.kpi.board import Board, evolve
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, an_arrival, c, paused, ready, the

BOTH = {SUPPORT: 9, SALES: 9}
QUEUES = [a_queue(SUPPORT), a_queue(SALES, max_wait=60, steps=((20, 8), (None, 1)))]


class Moved(i.Input, frozen=True):
    """Somebody moves them: what a rule of the queue's, or a person, does within a turn."""

    contact: ContactId
    to: QueueName
    outcome: QueueOutcome


@pytest.fixture(autouse=True)
def somebody_who_moves_them(monkeypatch):
    def rule(turn, what):
        move(turn, turn.state.contacts[what.contact], what.to, what.outcome)

    monkeypatch.setitem(RULES, Moved, rule)


def moved(floor, name, to=SALES, outcome=QueueOutcome.OVERFLOWED, at=None):
    return floor.take(Moved(c(name), to, outcome), at)


def waiting_floor():
    return a_floor(agents=[paused("ana", **BOTH)], queues=QUEUES)


def test_a_contact_that_is_moved_keeps_its_clock_its_place_and_its_priority():
    floor = waiting_floor()
    floor.waits("x", at=10)
    moved(floor, "x", at=40)
    waiting = floor.contact("x").waiting
    assert (waiting.queue, waiting.queued_at, waiting.held_place) == (SALES, 10_000, 10_000)
    assert (waiting.here_since, waiting.segment) == (40_000, 2)


def test_the_stay_that_ends_and_the_talk_tell_the_wait_there_and_the_whole_wait():
    floor = waiting_floor()
    floor.waits("x", at=10)
    left = the(moved(floor, "x", at=40), f.ContactUnqueued)
    assert (left.queue, left.outcome, left.waited_ms, left.contact_waited_ms) == (SUPPORT, "overflowed", 30_000, None)
    floor.wants("ana", Intent.READY, at=65)
    floor.picks_up("x", at=70)
    decision = floor.joins("x", at=70)
    (talk,) = [fact for fact in decision.facts if isinstance(fact, f.TalkStarted)]
    assert (talk.queue, talk.waited_ms, talk.contact_waited_ms) == (SALES, 30_000, 60_000)
    assert floor.contact("x").talk.waited_ms == 60_000, "what the agent is told"


def test_limits_and_steps_of_the_queue_that_takes_over_run_from_then_on():
    floor = waiting_floor()
    floor.waits("x", at=10)
    moved(floor, "x", at=200)
    assert floor.contact("x").waiting.step == 0, "not at once the widest"
    floor.tick(at=219.9)
    assert floor.contact("x").waiting.step == 0
    floor.tick(at=220)
    assert floor.contact("x").waiting.step == 1
    floor.tick(at=259.9)
    assert floor.contact("x").waiting
    floor.tick(at=260)
    assert not floor.contact("x").waiting, "max_wait"


def test_who_has_waited_longer_elsewhere_stands_before_who_came_here_first():
    floor = a_floor(agents=[paused("ana", **BOTH)], queues=[a_queue(SUPPORT), a_queue(SALES)])
    floor.waits("old", at=1)
    floor.waits("young", queue=SALES, at=20)
    moved(floor, "old", at=30)
    floor.wants("ana", Intent.READY, at=31)
    assert floor.rung("old") == "ana"


def test_offers_count_on_so_that_each_has_an_id_of_its_own():
    floor = a_floor(agents=[ready("ana", **BOTH)], queues=[a_queue(SUPPORT), a_queue(SALES)])
    floor.waits("x", at=1)
    first = floor.offer("x").id
    floor.refuses("x", sip=486, at=2)
    moved(floor, "x", at=3)
    floor.tick(at=20)
    assert floor.offer("x").id != first


def test_while_a_phone_rings_for_it_it_is_not_moved():
    floor = a_floor(agents=[ready("ana", **BOTH)], queues=QUEUES)
    floor.waits("x", at=1)
    with pytest.raises(IllegalMove):
        moved(floor, "x", at=2)


def test_the_room_tells_a_plane_that_knows_less_where_they_wait_since_when_and_by_which_way():
    floor = waiting_floor()
    floor.waits("x", at=10)
    decision = moved(floor, "x", at=40)
    (told,) = [each.text for each in decision.commands if isinstance(each, do.WriteJournal)]
    note = journal.read(told)
    assert (note.queueing, note.at, note.entered_at, note.passed) == (SALES, 10_000, 40_000, (SUPPORT,))
    fresh = waiting_floor()
    came = i.ChannelSeen(ChannelId("x"), True, an_arrival("x"))
    fresh.survey(
        after_gap=True, at=50, extra=[came], rooms={c("x"): (ChannelId("x"),)}, journals={c("x"): told}, gap=30
    )
    waiting = fresh.contact("x").waiting
    assert (waiting.queue, waiting.queued_at, waiting.here_since) == (SALES, 10_000, 40_000)
    assert waiting.passed == (SUPPORT,)


def test_the_music_is_that_of_the_queue_in_which_they_wait():
    floor = waiting_floor()
    floor.waits("x", at=10)
    decision = moved(floor, "x", at=40)
    (music,) = [each.music for each in decision.commands if isinstance(each, do.StartMusic)]
    assert music == "sales-music"


def test_both_queues_count_them_and_none_is_lost_from_sight():
    floor = waiting_floor()
    floor.waits("x", at=10)
    floor.waits("y", at=15)
    moved(floor, "x", at=40)
    moved(floor, "y", outcome=QueueOutcome.MOVED, at=41)
    floor.leaves("y", at=45)
    floor.wants("ana", Intent.READY, at=65)
    floor.picks_up("x", at=70)
    floor.joins("x", at=70)
    today = reduce(evolve, floor.facts, Board.begun()).today.queues
    assert (today[SUPPORT].entered, today[SUPPORT].overflowed, today[SUPPORT].moved) == (2, 1, 1)
    assert (today[SALES].entered, today[SALES].answered, today[SALES].abandoned) == (2, 1, 1)
    assert (today[SALES].answered_wait_ms, today[SALES].answered_contact_wait_ms) == (30_000, 60_000)
    assert all(each.ended == each.entered for each in today.values())


def test_one_who_is_moved_by_hand_may_be_taken_back_by_an_overflow():
    floor = waiting_floor()
    floor.waits("x", at=10)
    moved(floor, "x", outcome=QueueOutcome.MOVED, at=40)
    assert floor.contact("x").waiting.passed == ()
