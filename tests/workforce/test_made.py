"""Numbers of agents' time: of those days alone for which there is what they need, and else none."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from ccplane.agents.agent import Shown
from ccplane.days import Calendar, Since
from ccplane.kpi.counters import Counters
from ccplane.kpi.schedule import Activity, Did, Planned
from ccplane.kpi.slices import By, Slice
from ccplane.kpi.times import Times
from ccplane.kpi.workforce import Resolved
from ccplane.workforce.asked import Figures
from ccplane.workforce.made import COLUMNS, Cost, Day, Given, Heads, Seats, is_month, keeping, made, planned
from ccplane.workforce.written import as_csv, as_text, told

HOUR = 3_600_000
MONDAY = date(2026, 11, 23)
BERLIN = Calendar([Since(0, "Europe/Berlin")])
DAYS = tuple(Day(on, *BERLIN.dates(on, on)) for on in (MONDAY, MONDAY + timedelta(days=1)))
ONE, TWO = DAYS
OVER = TWO.ends_at


def a_slice(day, name, by=By.AGENT, *, ready=8, paused=0, handled=0):
    return Slice(
        began_at=day.began_at,
        ends_at=day.ends_at,
        by=by,
        name=name,
        counters=Counters(handled=handled),
        times=Times(ready_ms=ready * HOUR, paused_ms=paused * HOUR, paused_by={"break": paused * HOUR}),
    )


def numbers(given, by=By.AGENT):
    """By name and key."""
    return {row.name: dict(zip(COLUMNS[by], row.figures, strict=True)) for row in made(given, by)}


def given(*, plans=None, did=None, by=By.AGENT, **more):
    slices = [a_slice(ONE, "1001"), a_slice(TWO, "1001"), a_slice(ONE, "1002")]
    there = Given(**{"days": DAYS, "now": OVER, "of_agents": slices, "of_group": slices} | more)
    return replace(there, kept=keeping(there, by, list(planned(DAYS, plans)), plans, did)) if plans else there


def at(day, hour):
    return day.began_at + hour * HOUR


def test_without_figures_from_outside_there_are_the_counted_numbers_and_no_others():
    found = numbers(given())["1001"]
    assert found["signed_in"] == 16 * HOUR
    assert found["occupancy"] == 0
    assert {found[key] for key in ("utilisation", "attendance", "adherence", "conformance")} == {None}


def test_utilisation_is_of_those_days_alone_whose_paid_time_is_known():
    found = numbers(given(paid={("1001", MONDAY): 10 * HOUR}))
    assert (found["1001"]["utilisation"], found["1002"]["utilisation"]) == (0.8, None)


def test_who_is_paid_and_was_not_there_counts():
    both = given(paid={("1001", MONDAY): 8 * HOUR, ("1003", MONDAY): 8 * HOUR}, of_group=())
    assert numbers(both, By.SITE)[""]["utilisation"] == 0.5


def test_a_day_that_is_not_over_has_no_utilisation_yet():
    today = given(paid={("1001", MONDAY): 8 * HOUR, ("1001", TWO.date): 8 * HOUR}, now=TWO.began_at + HOUR)
    assert numbers(today)["1001"]["utilisation"] == 1
    assert all(row.provisional for row in made(today, By.AGENT))


def test_breaks_are_taken_from_the_time_at_work():
    slices = [a_slice(ONE, "1001", ready=7, paused=1)]
    found = given(of_agents=slices, of_group=slices, paid={("1001", MONDAY): 8 * HOUR})
    assert numbers(found)["1001"]["utilisation"] == 7 / 8


PLAN = {"1001": [Planned(at(ONE, 9), at(ONE, 17), Activity.WORK)]}


def test_a_schedule_is_kept_on_the_days_that_have_one_and_what_is_worked_on_others_is_not_held_against_it():
    did = {"1001": [Did(at(ONE, 9), at(ONE, 13), Shown.READY), Did(at(TWO, 9), at(TWO, 17), Shown.READY)]}
    found = numbers(given(plans=PLAN, did=did))["1001"]
    assert (found["adherence"], found["attendance"], found["conformance"]) == (0.5, 0.5, 0.5)


def test_who_changes_team_at_noon_keeps_the_schedule_for_each_team_its_time():
    did = {"1001": [Did(at(ONE, 9), at(ONE, 12), Shown.READY)]}
    teams = {"1001": [(at(ONE, -100), "sales"), (at(ONE, 12), "support")]}
    found = numbers(given(plans=PLAN, did=did, teams=teams, of_group=(), by=By.TEAM), By.TEAM)
    assert (found["sales"]["adherence"], found["support"]["adherence"]) == (1, 0)
    site = numbers(given(plans=PLAN, did=did, teams=teams, of_group=(), by=By.SITE), By.SITE)
    assert site[""]["adherence"] == 3 / 8


def test_a_paid_day_counts_for_the_team_in_which_it_ended():
    teams = {"1001": [(at(ONE, -100), "sales"), (at(ONE, 12), "support")]}
    found = numbers(given(teams=teams, of_group=(), paid={("1001", MONDAY): 8 * HOUR}), By.TEAM)
    assert {name: each["utilisation"] for name, each in found.items()} == {"support": 1}


def test_seats_are_used_on_the_days_on_which_some_were_open():
    slices = [a_slice(ONE, "", By.SITE, ready=30), a_slice(TWO, "", By.SITE, ready=99)]
    found = given(of_group=slices, seats=[Seats(at(ONE, 8), at(ONE, 18), 6)])
    assert numbers(found, By.SITE)[""]["seat_utilisation"] == 30 / 60
    assert numbers(given(of_group=slices), By.SITE)[""]["seat_utilisation"] is None


@pytest.mark.parametrize(
    ("costs", "cents"),
    [
        ([Cost(MONDAY, TWO.date, 1_000)], 10),
        ([Cost(MONDAY, MONDAY, 400), Cost(TWO.date, TWO.date, 600)], 10),
        ([Cost(MONDAY, MONDAY, 400)], None),
        ([Cost(MONDAY, TWO.date + timedelta(days=1), 1_000)], None),
        ([], None),
    ],
)
def test_a_cost_is_of_just_these_days_or_unknown(costs, cents):
    slices = [a_slice(ONE, "", By.SITE, handled=100)]
    found = numbers(given(of_group=slices, costs={"": costs}), By.SITE)[""]["cost_per_contact"]
    assert found == (None if cents is None else cents / 100)


def test_a_team_has_its_own_headcount_and_cost_and_who_is_in_none_has_none():
    slices = [a_slice(ONE, "sales", By.TEAM, handled=10), a_slice(ONE, "", By.TEAM, handled=10)]
    more = {"heads": {"": Heads(100, 80, 9), "sales": Heads(10, 10, 1)}, "costs": {"": [Cost(MONDAY, TWO.date, 1)]}}
    found = numbers(given(of_group=slices, **more), By.TEAM)
    assert (found["sales"]["attrition"], found[""]["attrition"]) == (0.1, None)
    assert numbers(given(of_group=(), **more), By.SITE)[""]["attrition"] == 0.1
    assert found[""]["cost_per_contact"] is None


def test_the_sites_numbers_are_provisional_while_somebody_may_still_call_again():
    (row,) = made(given(of_group=(), resolved=Resolved(first=4, resolved=3, provisional=True)), By.SITE)
    assert (row.figures[COLUMNS[By.SITE].index("fcr")], row.provisional) == (0.75, True)


@pytest.mark.parametrize(("first", "length", "whole"), [(1, 30, True), (1, 29, False), (2, 30, False), (1, 61, False)])
def test_a_month_is_all_of_its_days_and_no_others(first, length, whole):
    assert is_month([date(2026, 11, first) + timedelta(days=n) for n in range(length)]) is whole


def figures(by, **more):
    rows = tuple(made(given(**more), by))
    return Figures(by=by, first=MONDAY, last=TWO.date, columns=COLUMNS[by], rows=rows)


def test_what_is_missing_is_shown_as_a_dash_and_never_as_nothing():
    text = as_text(figures(By.AGENT, paid={("1001", MONDAY): 10 * HOUR}), "en")
    (line,) = (each for each in text.splitlines() if each.startswith("1001"))
    assert line.split() == ["1001", "16:00:00", "0.0", "%", "80.0", "%", "0.00", "–", "–", "–"]
    assert "–: figures are missing" in text
    assert "利用率" in as_text(figures(By.SITE, of_group=()), "zh-CN")
    assert told(figures(By.AGENT))["rows"][0]["figures"]["adherence"] is None


def test_what_may_still_change_is_marked():
    assert "1001*" in as_text(figures(By.AGENT, now=TWO.began_at), "en")
    assert "1001*" not in as_text(figures(By.AGENT), "en")


def test_a_name_that_is_a_formula_is_none_in_a_spreadsheet():
    odd = replace(a_slice(ONE, "x"), name="=1+1")
    assert "'=1+1" in as_csv(figures(By.AGENT, of_group=[odd]), "en")
