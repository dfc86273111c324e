"""What dialled numbers bring, as the board counts it live: each contact once, on the day on which it arrived."""

from __future__ import annotations

from functools import reduce

from ccplane.contacts import facts as c
from ccplane.contacts.facts import EndedBy, QueueOutcome
from ccplane.ids import CallbackId, ChannelId, ContactId, NodeName, QueueName
from ccplane.kpi.board import Board, evolve
from ccplane.kpi.brought import MOST, Brought, by_attribution, by_number

NOON = 20_000 * 86_400_000 + 43_200_000
DAY = 86_400_000
SALES = QueueName("sales")


def arrived(name="x", *, at=NOON, number="4001", attribution="radio", **more):
    return c.ContactArrived(
        at=at, contact=ContactId(name), node=NodeName("n"), channel=ChannelId(name), number_dialled=number, caller="",
        caller_name="", language="en", attribution=attribution, switch_at=at, site="s", **more,
    )  # fmt: skip


def queued(name="x", *, at=NOON, segment=1):
    return c.ContactQueued(at=at, contact=ContactId(name), queue=SALES, segment=segment)


def left(outcome, name="x", *, at=NOON):
    return c.ContactUnqueued(at=at, contact=ContactId(name), queue=SALES, segment=1, outcome=outcome, waited_ms=1)


def served(outcome, name="x", *, at=NOON):
    return c.FallbackServed(
        at=at, contact=ContactId(name), segment=1, queue=SALES, queued_at=at, outcome=outcome, waited_ms=1,
        agent=None, talk_ms=None,
    )  # fmt: skip


def ended(name="x", *, at=NOON, by=EndedBy.CALLER, **more):
    return c.ContactEnded(at=at, contact=ContactId(name), by=by, cause=16, **more)


def board_of(*facts):
    board = reduce(evolve, facts, Board.begun())
    assert Board.from_bytes(board.to_bytes()) == board, "a checkpoint holds all of it"
    return board


def the_line(board):
    (line,) = board.today.lines.values()
    return line.brought


def test_who_came_through_several_queues_counts_once():
    moves = (queued(), left(QueueOutcome.OVERFLOWED), queued(segment=2), left(QueueOutcome.ABANDONED), ended())
    board = board_of(arrived(), *moves)
    assert the_line(board) == Brought(arrived=1, queued=1, abandoned=1)
    assert not board.came


def test_who_served_themselves_are_counted_when_they_leave():
    assert the_line(board_of(arrived(), ended(self_served=True))) == Brought(arrived=1, self_served=1)


def test_calls_of_ours_are_nobodys_advertisement():
    own, back = arrived(direction=c.Direction.INTERNAL), arrived("y", callback=CallbackId("cb-1"))
    assert not board_of(own, back, queued(), queued("y")).today.lines


def test_after_midnight_what_becomes_of_yesterdays_callers_counts_yesterday():
    board = board_of(arrived(), queued(), left(QueueOutcome.ABANDONED, at=NOON + DAY), ended(at=NOON + DAY))
    assert not board.today.lines
    (line,) = board.yesterday.lines.values()
    assert line.brought == Brought(arrived=1, queued=1, abandoned=1)


def test_whom_the_fallback_served_is_answered_although_their_contact_had_ended():
    taken = ended(by=EndedBy.FALLBACK)
    board = board_of(arrived(), queued(), left(QueueOutcome.LOST), taken, served(QueueOutcome.ANSWERED))
    assert the_line(board) == Brought(arrived=1, queued=1, answered=1)
    assert not board.came


def test_who_was_carried_away_and_of_whom_nothing_is_ever_told_is_forgotten_after_a_day():
    board = board_of(arrived(), ended(by=EndedBy.FALLBACK), arrived("y", at=NOON + 2 * DAY))
    assert list(board.came) == [ContactId("y")]


def test_a_number_counts_for_the_advertisement_that_it_stood_for_then():
    board = board_of(arrived(), arrived("y", attribution="paper"), arrived("z", number="4002"))
    assert [(each.number_dialled, each.attribution) for each in by_number(board.today.lines.values())] == [
        ("4001", "paper"),
        ("4001", "radio"),
        ("4002", "radio"),
    ]
    assert [(each.attribution, each.arrived) for each in by_attribution(board.today.lines.values())] == [
        ("radio", 2),
        ("paper", 1),
    ]


def test_whoever_dials_every_number_there_is_fills_no_memory():
    calls = [arrived(f"c{n}", number=str(5_000_000 + n), attribution="") for n in range(MOST + 100)]
    board = board_of(*calls)
    lines = by_number(board.today.lines.values())
    assert len(lines) == MOST + 1
    assert (lines[0].number_dialled, lines[0].arrived) == ("", 100)
    assert by_attribution(board.today.lines.values())[0].arrived == MOST + 100
    assert len(board.ever_brought) == 1, "what Prometheus sees has the site's advertisements alone"
