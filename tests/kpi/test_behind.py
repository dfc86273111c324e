"""What a figure is made of is found by asking its measure, and is all of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.kpi.behind import Kind, counts_of, made_of, sums_of
from ccplane.kpi.measures import MEASURES, Sums
from ccplane.kpi.times import SUMS


@pytest.mark.parametrize(
    ("figure", "parts"),
    [
        ("abandoned", {Kind.STAY: {"abandoned"}}),
        ("service_level_past", {Kind.STAY: {"answered_within", "answered", "abandoned"}}),
        ("service_level_net", {Kind.STAY: {"answered_within", "answered", "abandoned", "abandoned_short"}}),
        ("three_rings", {Kind.OFFER: {"rang", "rang_in_time"}}),
        ("response_rate", {Kind.SURVEY: {"surveys_rated", "surveys_asked"}}),
        (
            "connected_share_system",
            {Kind.CONTACT: {"contacts_self_served", "contacts_answered", "contacts_arrived"}},
        ),
        ("aht", {Kind.STAY: {"talk_ms", "wrap_up_ms", "handled"}}),
        (
            "occupancy",
            {
                Kind.TIME: {f"time_{each}" for each in SUMS}
                - {"time_own_call_ms", "time_unreachable_ms", "time_paused_ms"}
            },
        ),
        (
            "rona",
            {
                Kind.STAY: {"answered"},
                Kind.OFFER: {
                    "auto_answered",
                    "missed_no_answer",
                    "missed_rejected",
                    "missed_busy",
                    "missed_unreachable",
                },
            },
        ),
    ],
)
def test_a_figure_is_made_of_what_its_formula_names(figure, parts):
    assert {kind: set(names) for kind, names in made_of(figure).items()} == parts


def test_every_figure_of_a_report_is_made_of_something():
    assert all(made_of(key) for key in MEASURES)


@given(st.sampled_from(sorted(MEASURES)), st.data())
def test_it_is_made_of_nothing_else(figure, data):
    """Whatever the other counters are, what the figure is made of gives the figure."""
    names = [name for names in made_of(figure).values() for name in names]
    counts = {name: data.draw(st.integers(0, 10**6), label=name) for name in names}
    others = {
        name: data.draw(st.integers(0, 10**6), label=name) for name in counts_of(Sums(), every()) if name not in names
    }
    assert MEASURES[figure](sums_of(counts)) == MEASURES[figure](sums_of(counts | others))


@given(st.dictionaries(st.sampled_from(["entered", "contacts_arrived", "time_paused_ms"]), st.integers(0, 99)))
def test_counts_become_sums_and_counts_again(counts):
    assert counts_of(sums_of(counts), tuple(counts)) == counts


def every():
    from ccplane.postgres.history import SUMMED

    return SUMMED
