"""How a schedule was kept: by the intervals of what an agent did, to the millisecond."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.agents.agent import Shown
from ccplane.days import Calendar, Since
from ccplane.kpi.schedule import AT_WORK, Activity, Did, Planned, Terms, kept, right
from ccplane.kpi.workforce import Kept, adherence, attendance, conformance

HOUR = 3_600_000
TERMS = Terms(breaks=frozenset({"break"}), meals=frozenset({"meal"}))
LATER = 100 * HOUR


def planned(*rows):
    return [Planned(round(begins * HOUR), round(ends * HOUR), Activity(what)) for begins, ends, what in rows]


def did(*rows):
    return [
        Did(round(begins * HOUR), round(ends * HOUR), Shown(state), *reason) for begins, ends, state, *reason in rows
    ]


def of(plan, done, span=(0, 24), now=LATER):
    return kept(planned(*plan), did(*done), (span[0] * HOUR, span[1] * HOUR), now, TERMS)


DAY = [(9, 12, "work"), (12, 13, "meal"), (13, 17, "work")]


def test_who_does_as_planned_keeps_all_of_it():
    found = of(DAY, [(9, 10, "ready"), (10, 12, "talking"), (12, 13, "paused", "meal"), (13, 17, "wrap-up")])
    assert found == Kept(
        scheduled_ms=8 * HOUR, work_ms=7 * HOUR, right_ms=8 * HOUR, attended_ms=8 * HOUR, worked_ms=7 * HOUR
    )
    assert (adherence(found), attendance(found), conformance(found)) == (1, 1, 1)


def test_who_signs_out_for_the_meal_keeps_the_plan_and_is_not_there():
    found = of(DAY, [(9, 12, "ready"), (13, 17, "ready")])
    assert (adherence(found), attendance(found), conformance(found)) == (1, 7 / 8, 1)


def test_who_works_at_other_times_than_planned_does_not_adhere_but_conforms():
    found = of([(9, 12, "work")], [(12, 15, "ready")])
    assert (adherence(found), attendance(found), conformance(found)) == (0, 0, 1)


def test_a_pause_for_another_reason_is_no_break_and_no_meal():
    assert of([(9, 10, "break")], [(9, 10, "paused", "meal")]).right_ms == 0
    assert of([(9, 10, "meal")], [(9, 10, "paused", "break")]).right_ms == 0
    assert of([(9, 10, "training")], [(9, 10, "paused", "whatever")]).right_ms == HOUR


def test_an_unreachable_phone_is_no_work_though_they_are_there():
    found = of([(9, 10, "work")], [(9, 10, "unreachable")])
    assert (found.right_ms, found.worked_ms, found.attended_ms) == (0, 0, HOUR)


def test_leave_counts_nowhere():
    assert of([(9, 17, "leave")], [(9, 17, "ready")]) == Kept(worked_ms=8 * HOUR)


def test_what_is_still_to_come_is_not_missed_yet():
    found = of(DAY, [(9, 10, "ready")], now=10 * HOUR)
    assert found == Kept(
        scheduled_ms=HOUR, work_ms=HOUR, right_ms=HOUR, attended_ms=HOUR, worked_ms=HOUR, provisional=True
    )


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_night_shift_over_the_change_of_the_clock_has_seven_or_nine_hours_in_two_days(day):
    calendar = Calendar([Since(0, "Europe/Berlin")])
    change = calendar.dates(date.fromisoformat(day), date.fromisoformat(day))
    night = [Planned(change[0] - 2 * HOUR, change[0] + (5 if day < "2026-06" else 7) * HOUR, Activity.WORK)]
    slept = [Did(change[0] - 2 * HOUR, change[0], Shown.READY)]
    assert (change[1] - change[0]) // HOUR in (23, 25)
    both = (change[0] - 24 * HOUR, change[1])
    found = kept(night, slept, both, both[1], TERMS)
    assert (found.scheduled_ms // HOUR, found.right_ms // HOUR) == ((7, 2) if day < "2026-06" else (9, 2))


def _in_order(kind, what):
    """Spans that follow on one another, with gaps."""

    def laid(parts):
        at, rows = 0, []
        for gap, length, more in parts:
            rows.append(kind(at + gap, at + gap + length, *more))
            at += gap + length
        return rows

    return st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9), what), max_size=12).map(laid)


plans = _in_order(Planned, st.tuples(st.sampled_from(Activity)))
states = _in_order(Did, st.tuples(st.sampled_from(Shown), st.sampled_from(["", "break", "meal"])))


@given(plans, states, st.integers(0, 60), st.integers(0, 60), st.integers(0, 140))
def test_it_is_what_looking_at_each_millisecond_by_itself_says(plan, done, since, length, now):
    expected = dict.fromkeys(("scheduled_ms", "work_ms", "right_ms", "attended_ms", "worked_ms"), 0)
    for ms in range(since, min(since + length, now)):
        doing = next((each for each in done if each.began_at <= ms < each.ends_at), Did(0, 0, Shown.OFFLINE))
        expected["worked_ms"] += doing.state in AT_WORK
        what = next((each.activity for each in plan if each.began_at <= ms < each.ends_at), Activity.LEAVE)
        if what is not Activity.LEAVE:
            expected["scheduled_ms"] += 1
            expected["work_ms"] += what is Activity.WORK
            expected["attended_ms"] += doing.state is not Shown.OFFLINE
            expected["right_ms"] += right(what, doing.state, doing.reason, TERMS)
    found = kept(plan, done, (since, since + length), now, TERMS)
    assert found == Kept(**expected, provisional=since + length > now)
    assert found.right_ms <= found.scheduled_ms >= found.attended_ms


@given(plans, states, st.integers(0, 50), st.integers(0, 50), st.integers(0, 140))
def test_two_spans_are_together_what_both_are(plan, done, cut, more, now):
    whole = kept(plan, done, (0, cut + more), now, TERMS)
    parts = kept(plan, done, (0, cut), now, TERMS).plus(kept(plan, done, (cut, cut + more), now, TERMS))
    assert (whole.scheduled_ms, whole.right_ms, whole.attended_ms, whole.worked_ms, whole.work_ms) == (
        parts.scheduled_ms, parts.right_ms, parts.attended_ms, parts.worked_ms, parts.work_ms,
    )  # fmt: skip
