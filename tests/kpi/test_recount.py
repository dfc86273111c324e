"""Live figures are what the definitions say, counted once more by other code: to the integer, for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from ccplane.agents.facts import Intent
from ccplane.contacts.contact import Phase
from ccplane.contacts.facts import AnySurveyFact
from ccplane.kpi.board import Board, evolve
from ccplane.kpi.counters import Counters
from ccplane.kpi.slices import By
from ccplane.kpi.spans import WINDOWS, window
from ccplane.kpi.windows import names, reading
from ccplane.laws import Fact
from tests.kpi.histories import random_history
from tests.kpi.recount import Recount
from tests.kpi.test_definitions import NOON, facts
from tests.postgres.histories import Centre, a_history

CHOICES = st.lists(st.tuples(st.integers(0, 90_000), st.integers(0, 30), st.integers(0, 11)), max_size=60)
Counts = dict[str, dict[str, int]]
NIGHTS = {
    "a day of 23 hours": ("Europe/Berlin", datetime(2026, 3, 28, 22, 40, tzinfo=UTC)),
    "a day of 25 hours": ("Europe/Berlin", datetime(2026, 10, 24, 21, 40, tzinfo=UTC)),
    "a zone apart by three quarters": ("Asia/Kathmandu", datetime(2026, 5, 1, 18, 5, tzinfo=UTC)),
}


def folded(told: Sequence[Fact]) -> Board:
    return reduce(evolve, told, Board.begun())


def plain(counters: object) -> dict[str, int]:
    return {name: count for name, count in asdict(counters).items() if count}  # type: ignore[call-overload]


def live(board: Board, by: By, over: str, now: int) -> Counts:
    told = reading(board, by, over, now, names(board.live, by)).figures
    return {each.name: found for each in told if (found := plain(each.counters))}


def by_queue(board: Board) -> Counts:
    return {name: found for name, each in board.ever.items() if (found := plain(each))}


def midnights(now: int, zone: str) -> tuple[int, int]:
    """The first moment of the site's day and of the next, ms UTC."""
    day = datetime.fromtimestamp(now / 1000, ZoneInfo(zone)).date()
    both = (datetime(each.year, each.month, each.day, tzinfo=ZoneInfo(zone)) for each in (day, _next(day)))
    return tuple(int(each.timestamp() * 1000) for each in both)  # type: ignore[return-value]


def _next(day: object) -> datetime:
    return datetime.fromordinal(day.toordinal() + 1)  # type: ignore[attr-defined]


def holds(facts: Sequence[Fact], now: int, zone: str = "UTC") -> None:
    """All that is shown of these facts at `now` is what they come to."""
    board, again = folded(facts), Recount(facts)
    assert by_queue(board) == again.of("queue")
    since, until = midnights(now, zone)
    for by in By:
        assert live(board, by, "today", now) == again.of(by.value, since, until), by
        for over, ms in WINDOWS.items():
            assert live(board, by, over, now) == again.of(by.value, window(now, ms)[0], now + 1), (by, over)


@given(CHOICES)
def test_whatever_happens_what_is_shown_is_what_the_definitions_say(choices: list[tuple[int, int, int]]) -> None:
    history = random_history(choices)
    holds(history.facts, history.now)


@pytest.mark.parametrize("night", NIGHTS)
@given(CHOICES)
def test_over_midnight_of_a_day_that_is_not_of_24_hours_it_is_so_too(
    night: str, choices: list[tuple[int, int, int]]
) -> None:
    zone, begins = NIGHTS[night]
    history = random_history(choices, zone, int(begins.timestamp() * 1000))
    holds(history.facts, history.now, zone)


@pytest.mark.parametrize("seed", range(8))
def test_with_calls_of_their_own_conferences_and_phones_that_vanish_it_is_so_too(seed: int) -> None:
    centre = a_history(seed, steps=300, wrap_up_ms=seed % 2 * 6_000)
    holds(centre.facts, centre.now)


@pytest.mark.parametrize("seed", range(3, 6))
def test_with_agents_who_change_team_in_the_middle_it_is_so_too(seed: int) -> None:
    centre = Centre(seed)
    for name in centre.names:
        centre.intent(name, Intent.READY)
    for n in range(400):
        if n in (60, 300):
            for each in centre.names[:3]:
                centre.team(each, "blue" if n == 60 else "red")
        centre.step()
    holds(centre.facts, centre.now)
    assert {"blue"} <= Recount(centre.facts).of("team").keys()


@given(CHOICES, CHOICES, st.integers(1, 60).map(lambda s: s * 1_000))
def test_with_a_threshold_that_is_changed_in_the_day_it_is_so_too(
    before: list[tuple[int, int, int]], after: list[tuple[int, int, int]], within_ms: int
) -> None:
    history = random_history(before)
    history.reads(within_ms=within_ms)
    history = random_history(after, history=history)
    holds(history.facts, history.now)


def test_each_stay_is_over_once_or_still_waits() -> None:
    """Conservation, in the recount itself: what it counts as entered it counts as ended, but for who is there."""
    for seed in range(6):
        centre = a_history(seed, steps=300)
        again = Recount(centre.facts)
        waiting = sum(not stay.over for stay in again.stays.values())
        ways = ("answered", "abandoned", "no_agents", "timed_out", "overflowed", "closed", "moved", "left_by_key",
                "callback", "lost")  # fmt: skip
        site = again.of("site")[""]
        assert site["entered"] == sum(site.get(way, 0) for way in ways) + waiting
        there = [each.phase in (Phase.WAITING, Phase.CONNECTING) for each in centre.state.contacts.values()]
        assert waiting == sum(there)


def each_threshold() -> list[Fact]:
    """All that is counted, on either side of each threshold. Who is surveyed there has talked with nobody."""
    told = (replace(fact, talked_with=None) if isinstance(fact, AnySurveyFact) else fact for fact in facts())
    return sorted(told, key=lambda fact: fact.at)


def test_on_either_side_of_each_threshold_it_is_so_too() -> None:
    told = each_threshold()
    holds(told, NOON + 60_000)
    counted = Recount(told).of("site")[""]
    assert set(counted) == set(Counters.__struct_fields__), "each counter has something to count"
