"""When nobody watched, today's numbers are provisional, and it is said since when and until when."""

from __future__ import annotations

from ccplane.facts import PlaneStarted, SwitchFound, SwitchLost, SwitchUnwatched
from ccplane.ids import NodeName
from ccplane.kpi.board import Board, Gap, evolve

DAY = 86_400_000
NOON = 20_000 * DAY + DAY // 2
MIDNIGHT = 20_001 * DAY
NODE = NodeName("ast1")


def found(at, gap_ms=0):
    return SwitchFound(at=at, node=NODE, version="22", gap_ms=gap_ms)


def lost(at):
    return SwitchLost(at=at, node=NODE, reason="closed")


def told(*facts):
    board = Board.begun()
    for fact in facts:
        board = evolve(board, fact)
    return board


def test_given_the_first_start_then_nothing_is_provisional():
    board = told(PlaneStarted(at=NOON, epoch=1, version="1", gap_ms=0), found(NOON + 90))
    assert board.gaps(NOON + 1_000) == ()


def test_given_a_connection_that_is_lost_then_the_gap_lasts_until_it_is_found():
    board = told(found(NOON), lost(NOON + 5_000))
    assert board.gaps(NOON + 5_500) == (), "a moment moves no number"
    assert board.gaps(NOON + 9_000) == (Gap(NOON + 5_000, None),)
    board = evolve(board, found(NOON + 20_000, 15_000))
    assert board.gaps(NOON + 60_000) == (Gap(NOON + 5_000, NOON + 20_000),)


def test_given_a_plane_that_was_killed_then_the_gap_is_since_the_one_before_until_the_switch_is_found():
    board = told(found(NOON), PlaneStarted(at=NOON + 60_000, epoch=2, version="1", gap_ms=20_000))
    assert board.gaps(NOON + 61_000) == (Gap(NOON + 40_000, None),)
    board = evolve(board, found(NOON + 62_000, 22_000))
    assert board.gaps(NOON + 70_000) == (Gap(NOON + 40_000, NOON + 62_000),)


def test_given_a_gap_over_midnight_then_both_days_have_their_part():
    board = told(found(NOON), lost(MIDNIGHT - 4_000))
    assert board.gaps(MIDNIGHT + 1_000) == (Gap(MIDNIGHT, None),)
    board = evolve(board, found(MIDNIGHT + 6_000, 10_000))
    assert board.today.gaps == (Gap(MIDNIGHT, MIDNIGHT + 6_000),)
    assert board.yesterday.gaps == (Gap(MIDNIGHT - 4_000, MIDNIGHT),)


def test_given_the_next_day_then_its_numbers_are_final_again():
    board = told(found(NOON), lost(NOON + 5_000), found(NOON + 9_000, 4_000))
    assert board.gaps(NOON + 10_000)
    assert board.gaps(MIDNIGHT + 1) == ()


def test_given_a_checkpoint_then_the_gaps_are_in_it():
    board = told(found(NOON), lost(NOON + 5_000), found(NOON + 9_000, 4_000), lost(NOON + 20_000))
    assert Board.from_bytes(board.to_bytes()) == board


def test_given_a_short_gap_then_nothing_is_provisional():
    board = told(found(NOON), lost(NOON + 5_000), found(NOON + 5_300, 300))
    assert board.gaps(NOON + 10_000) == ()


def stood_still(at, gap_ms):
    return SwitchUnwatched(at=at, node=NODE, gap_ms=gap_ms)


def test_given_a_pause_that_the_connection_survived_then_it_is_a_gap():
    board = told(found(NOON), stood_still(NOON + 30_000, 10_000))
    assert board.gaps(NOON + 40_000) == (Gap(NOON + 20_000, NOON + 30_000),)


def test_given_a_pause_that_the_connection_did_not_survive_in_the_end_then_it_is_one_gap():
    board = told(found(NOON), stood_still(NOON + 30_000, 10_000), lost(NOON + 31_000), found(NOON + 32_000, 12_000))
    assert board.gaps(NOON + 40_000) == (Gap(NOON + 20_000, NOON + 32_000),)


def began(at, *nodes, gap_ms=0):
    return PlaneStarted(at=at, epoch=2, version="1", gap_ms=gap_ms, nodes=tuple(map(NodeName, nodes)))


def test_given_a_node_by_another_name_then_nobody_waits_for_the_old_one():
    board = told(found(NOON), began(NOON + 60_000, "pbx", gap_ms=20_000))
    assert board.gaps(NOON + 90_000) == (Gap(NOON + 40_000, None),), "for the new one"
    board = evolve(board, SwitchFound(at=NOON + 99_000, node=NodeName("pbx"), version="22", gap_ms=59_000))
    assert board.gaps(NOON + 100_000) == (Gap(NOON + 40_000, NOON + 99_000),)
    assert board.gaps(MIDNIGHT + 1) == ()


def test_given_a_node_that_was_lost_and_has_another_name_now_then_its_gap_is_over():
    board = told(found(NOON), lost(NOON + 5_000), began(NOON + 60_000, "pbx", gap_ms=100))
    board = evolve(board, SwitchFound(at=NOON + 61_000, node=NodeName("pbx"), version="22", gap_ms=1_100))
    assert board.gaps(NOON + 90_000) == (Gap(NOON + 5_000, NOON + 60_000), Gap(NOON + 59_900, NOON + 61_000))
    assert board.gaps(MIDNIGHT + 1) == ()


def test_given_a_plane_that_begins_with_its_node_then_it_waits_until_that_is_found():
    board = told(found(NOON), began(NOON + 60_000, NODE, gap_ms=20_000))
    assert board.gaps(NOON + 90_000) == (Gap(NOON + 40_000, None),)


def test_given_a_plane_before_this_was_told_then_it_waits_for_all_nodes():
    board = told(found(NOON), began(NOON + 60_000, gap_ms=20_000))
    assert board.gaps(NOON + 90_000) == (Gap(NOON + 40_000, None),)
