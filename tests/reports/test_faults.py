"""What went wrong becomes lines with a beginning, a length and a place; of each kind it is told how often, how long."""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ccplane.contacts.facts import FallbackServed, ProgramFailed, QueueOutcome
from ccplane.facts import (
    LedgerFound,
    LedgerLost,
    PlaneStarted,
    RepairMade,
    SwitchAnswers,
    SwitchFound,
    SwitchUnwatched,
    SwitchWedged,
)
from ccplane.reports.faults import LISTED_MOST, WHATS, Fault, found, paper, summary
from ccplane.reports.papers_written import as_csv, as_json, as_text

T = 1_795_000_000_000
END = T + 86_400_000
DAY = T, END, END
HOUR = 3_600_000


def restarted(at, gap_ms, node="ast1"):
    return SwitchFound(at=at, node=node, version="22", gap_ms=gap_ms, restarted=True)


def test_a_time_without_a_plane_a_node_or_a_database_has_its_beginning_and_length():
    assert found(
        [
            PlaneStarted(at=T + 9_000, epoch=2, version="1", gap_ms=4_000),
            restarted(T + 20_000, 7_000),
            SwitchFound(at=T + 30_000, node="ast1", version="22", gap_ms=2_000),
            SwitchUnwatched(at=T + 40_000, node="ast1", gap_ms=1_500),
            LedgerLost(at=T + 50_000),
            LedgerFound(at=T + 53_000),
        ],
        *DAY,
    ) == [
        Fault(what="plane-away", at=T + 5_000, took_ms=4_000),
        Fault(what="switch-restarted", at=T + 13_000, took_ms=7_000, where="ast1"),
        Fault(what="switch-away", at=T + 28_000, took_ms=2_000, where="ast1"),
        Fault(what="plane-stood-still", at=T + 38_500, took_ms=1_500, where="ast1"),
        Fault(what="database-away", at=T + 50_000, took_ms=3_000),
    ]


def test_what_moves_no_number_is_none():
    """The first start of all, and gaps of under a second."""
    facts = [
        PlaneStarted(at=T, epoch=1, version="1", gap_ms=0),
        SwitchFound(at=T, node="ast1", version="22", gap_ms=999),
        SwitchUnwatched(at=T, node="ast1", gap_ms=0),
        ProgramFailed(at=T, contact="c-1", program="front", error="x", where="front.py:1", forgotten=True),
    ]
    assert found(facts, *DAY) == []


def test_what_has_not_ended_is_open_and_what_is_wedged_twice_is_one():
    (still,) = found(
        [SwitchWedged(at=T, node="a", what="pbx"), SwitchWedged(at=T + 5, node="a", what="pbx")], T, END, T + 9_000
    )
    assert still == Fault(what="switch-wedged", at=T, took_ms=9_000, open=True, where="a", detail="pbx")
    (over,) = found([SwitchWedged(at=T, node="a", what="pbx"), SwitchAnswers(at=T + 700, node="a")], *DAY)
    assert (over.took_ms, over.open) == (700, False)


def test_a_stay_in_the_fallback_counts_when_it_began():
    served = FallbackServed(
        at=T + 60_000,
        contact="c-1",
        segment=1,
        queue="support",
        queued_at=T,
        outcome=QueueOutcome.ABANDONED,
        waited_ms=9,
    )
    assert found([served], *DAY) == [
        Fault(what="fallback-served", at=T, where="support", contact="c-1", detail="abandoned")
    ]


def test_what_began_before_these_days_is_there_and_counts_with_its_part_in_them():
    """A node did not answer from an hour before midnight to an hour after it; the plane was away over the next one."""
    facts = [
        SwitchWedged(at=T - HOUR, node="a", what="pbx"),
        SwitchAnswers(at=T + HOUR, node="a"),
        PlaneStarted(at=END + HOUR, epoch=2, version="1", gap_ms=3 * HOUR),
    ]
    wedged, away = found(facts, *DAY)
    assert (wedged.at, wedged.took_ms, away.at, away.took_ms) == (T - HOUR, 2 * HOUR, END - 2 * HOUR, 3 * HOUR)
    assert [row[:3] for row in summary([wedged, away], T, END, 0).rows] == [
        ("plane-away", 1, 2 * HOUR),
        ("switch-wedged", 1, HOUR),
    ]
    (the_day_after,) = found(facts, END, END + 24 * HOUR, END + 24 * HOUR)
    assert summary([the_day_after], END, END + 24 * HOUR, 0).rows[0][:3] == ("plane-away", 1, HOUR)
    (the_day_before,) = found(facts, T - 24 * HOUR, T, T)
    assert (the_day_before.what, the_day_before.took_ms) == ("switch-wedged", 2 * HOUR)


def test_what_still_lasts_since_before_these_days_is_there():
    (away,) = found([LedgerLost(at=T - HOUR)], T, END, T + HOUR)
    assert (away.at, away.took_ms, away.open) == (T - HOUR, 2 * HOUR, True)
    assert summary([away], T, END, 0).rows[0][2] == HOUR


def test_a_stay_in_the_fallback_that_is_told_the_day_after_belongs_to_its_own():
    told = FallbackServed(
        at=END + HOUR, contact="c", segment=1, queue="q", queued_at=END - HOUR, outcome=QueueOutcome.LOST, waited_ms=9
    )
    assert len(found([told], *DAY)) == 1
    assert found([told], END, END + 24 * HOUR, END + 24 * HOUR) == []


def test_of_each_kind_it_is_told_how_often_how_long_and_how_many_contacts():
    facts = [
        *(RepairMade(at=T + n, what="offer nobody knew", subject=f"c-{n % 2}") for n in range(5)),
        PlaneStarted(at=T + 9_000, epoch=2, version="1", gap_ms=4_000),
        PlaneStarted(at=T + 19_000, epoch=3, version="1", gap_ms=1_000),
    ]
    assert summary(found(facts, *DAY), T, END, lost=3).rows == (
        ("plane-away", 2, 5_000, None, T + 5_000, T + 18_000),
        ("calls-lost", 3, None, 3, None, None),
        ("repair", 5, None, 2, T, T + 4),
    )


def test_a_list_that_was_cut_says_so():
    facts = [RepairMade(at=T + n, what="x", subject="y") for n in range(LISTED_MOST + 1)]
    told = paper(facts, T, END, "UTC", END, 0)
    assert len(told.sections[1].rows) == LISTED_MOST
    assert "THERE ARE MORE" in as_text(told, "en")
    assert "THERE ARE MORE" not in as_text(paper(facts[1:], T, END, "UTC", END, 0), "en")


def test_it_is_said_in_two_languages_and_as_data():
    facts = [
        PlaneStarted(at=T + 9_000, epoch=2, version="1", gap_ms=4_000),
        RepairMade(at=T, what="=1+1", subject="c-1"),
    ]
    told = paper(facts, T, END, "Asia/Shanghai", END, 0)
    english, chinese = as_text(told, "en"), as_text(told, "zh-CN")
    assert "ccplane was away" in english
    assert "0:00:04" in english
    assert "控制面离线" in chinese
    assert chinese.startswith("故障记录统计表")
    rows = json.loads(as_json(told, "en"))["sections"]["each"]
    assert [(each["what"], each["took"]) for each in rows] == [("repair", None), ("plane-away", 4_000)]
    assert "'=1+1" in as_csv(told, "en")


@given(
    st.lists(
        st.tuples(st.sampled_from("wal"), st.sampled_from(["a", "b"]), st.integers(0, 1_000)).map(
            lambda it: {
                "w": SwitchWedged(at=T + it[2], node=it[1], what="x"),
                "a": SwitchAnswers(at=T + it[2], node=it[1]),
                "l": LedgerLost(at=T + it[2]),
            }[it[0]]
        )
    ).map(lambda facts: sorted(facts, key=lambda fact: fact.at))
)
def test_whatever_begins_and_ends_no_length_is_negative_and_no_two_of_a_place_overlap(facts):
    those = found(facts, T, END, T + 2_000)
    assert all(each.took_ms >= 0 and each.what in WHATS for each in those)
    for what, where in {(each.what, each.where) for each in those}:
        one = [each for each in those if (each.what, each.where) == (what, where)]
        assert all(first.at + first.took_ms <= second.at for first, second in pairwise(one))
