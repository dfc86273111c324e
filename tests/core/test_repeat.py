"""Who calls again soon after a talk is raised, where their queue says so."""

from __future__ import annotations

import pytest

from ccplane.contacts.verbs import EnterQueue
from ccplane.core import commands as do
from ccplane.core import journal
from tests.core.floor import SUPPORT, a_floor, a_queue, c, ready

AGAIN = a_queue(SUPPORT, repeat_ms=3_600_000, repeat_credit_s=90)


def served_at_100(queue=AGAIN):
    """A talk that was over at 100 s, with a caller whose number all callers here have."""
    floor = a_floor([ready("ana")], queues=[queue])
    floor.talks("x", at=10)
    floor.leaves("x", at=100)
    return floor


def credit(floor, name):
    return floor.contact(name).waiting.credit_s


@pytest.mark.parametrize(("at", "raised"), [(101, 90), (3_700, 90), (3_701, 0)])
def test_who_calls_again_within_the_time_is_raised(at, raised):
    floor = served_at_100()
    floor.waits("y", at=at)
    assert credit(floor, "y") == raised


def test_it_comes_on_top_of_what_the_program_gives():
    floor = served_at_100()
    floor.waits("y", at=200, credit=30)
    assert credit(floor, "y") == 120


def test_who_has_not_talked_to_us_is_not_raised_nor_anybody_where_the_queue_says_nothing():
    floor = a_floor([ready("ana")], queues=[AGAIN])
    floor.waits("x", at=10)
    assert credit(floor, "x") == 0
    floor = served_at_100(a_queue(SUPPORT))
    floor.waits("y", at=200)
    assert credit(floor, "y") == 0


def test_it_is_in_the_room_for_a_plane_that_knows_less_and_in_the_log():
    floor = served_at_100()
    floor.waits("y", at=200)
    note = next(
        each for each in reversed(floor.commands) if isinstance(each, do.WriteJournal) and each.contact == c("y")
    )
    assert journal.read(note.text).credit_s == 90
    assert floor.contact("y").verb == EnterQueue(SUPPORT, credit_s=90)
    assert floor.replayed().contacts[c("y")].waiting.credit_s == 90
