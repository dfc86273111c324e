"""When the plane is away: never before the term, and never by what the guard did not see itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ccplane.guard.watch import UNREAD_S, Watch

TERM = 20.0


def reads(watch, value, *times, takes=0.0):
    for at in times:
        watch.read(value, at, at + takes)
    return watch


def every_two_s(begin, end):
    return [begin + 2.0 * n for n in range(int((end - begin) / 2) + 1)]


def test_given_a_heartbeat_that_stands_still_then_the_plane_is_away_once_the_term_is_over_and_not_before():
    watch = reads(Watch(TERM), "3-7", *every_two_s(100, 118))
    assert (watch.still_for, watch.away) == (18, False)
    assert reads(watch, "3-7", 120).away


def test_given_a_heartbeat_that_moves_at_the_last_moment_then_the_count_begins_anew():
    watch = reads(Watch(TERM), "3-7", *every_two_s(100, 118))
    reads(watch, "3-8", *every_two_s(120, 138))
    assert not watch.away
    assert reads(watch, "3-8", 140).away


def test_given_a_plane_that_was_restarted_then_it_moves_whatever_its_number_is():
    watch = reads(Watch(TERM), "3-1", *every_two_s(100, 130))
    assert watch.away
    assert not reads(watch, "4-1", 132).away


def test_given_a_reading_that_failed_then_the_count_begins_anew():
    watch = reads(Watch(TERM), "3-7", *every_two_s(100, 118))
    watch.unread()
    assert not reads(watch, "3-7", *every_two_s(120, 138)).away
    assert reads(watch, "3-7", 140).away


def test_given_a_guard_that_was_paused_itself_then_the_time_it_slept_does_not_count():
    watch = reads(Watch(TERM), "3-7", 100, 102)
    assert not reads(watch, "3-7", 160).away
    assert watch.still_for == 0


def test_given_an_answer_that_lay_unread_while_the_guard_was_paused_then_it_proves_nothing():
    watch = reads(Watch(TERM), "3-7", *every_two_s(100, 118))
    watch.read("3-7", 119, 119 + UNREAD_S + 1)
    assert not watch.away


def test_given_an_ami_that_answers_after_four_seconds_then_the_guard_still_sees_that_nothing_moves():
    watch = reads(Watch(TERM), "3-7", *[100 + 4.0 * n for n in range(7)], takes=4.0)
    assert watch.away


def test_given_nothing_was_ever_read_then_nobody_is_away():
    watch = Watch(0.0001)
    assert not watch.away
    watch.unread()
    assert not watch.away


@given(
    st.lists(
        st.tuples(st.floats(0.1, 30), st.floats(0, 10), st.booleans(), st.booleans()),
        max_size=40,
    )
)
def test_whatever_is_read_and_when_it_is_away_only_if_the_same_was_read_over_the_whole_term_without_a_gap(readings):
    """`moved`: the heartbeat has moved since; `lost`: this reading failed."""
    watch, now, beat, run = Watch(TERM), 1_000.0, 0, []
    for pause, takes, moved, lost in readings:
        asked = now = now + pause
        beat += moved
        now += takes
        if lost:
            watch.unread()
            run = []
            continue
        watch.read(f"1-{beat}", asked, now)
        run = [*(run if run and run[-1][2] == beat else ()), (asked, now, beat)]
        if watch.away:
            assert run[-1][0] - run[0][1] >= TERM - 1e-6
