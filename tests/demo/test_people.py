"""Who calls and who answers: the tables fit the demo site, and a seed tells the whole story."""

from __future__ import annotations

import tomllib
from collections import Counter
from itertools import islice
from random import Random
from statistics import median

import pytest

from ccplane.demo.people import (
    BREAKS,
    CALLERS,
    CUSTOMERS,
    LUNCH,
    REACTIONS,
    SHIFTS,
    Intent,
    Shift,
    Span,
    by_the_clock,
    callers,
    mean_talk,
    one_of,
)
from ccplane.settings import HOME

NUMBERS = tomllib.loads((HOME / "ivr/numbers.toml").read_text())
MENU = tomllib.loads((HOME / "ivr/main.toml").read_text())


@pytest.mark.parametrize("kind", CALLERS, ids=lambda kind: kind.name)
def test_every_caller_dials_a_number_of_the_site_and_ends_on_a_key_of_its_menu(kind):
    assert kind.dials in NUMBERS
    if kind.presses:
        assert NUMBERS[kind.dials]["program"] == "front_door"
        assert kind.presses[-1] in MENU["keys"]
        assert len(kind.presses) <= MENU["tries"], "the menu would have given up"


def test_the_same_seed_gives_the_same_callers_and_another_one_others():
    first, again, other = (list(islice(callers(Random(seed)), 300)) for seed in ("a", "a", "b"))
    assert first == again
    assert first != other


def test_kinds_come_by_their_weights():
    drawn = Counter(caller.kind.name for caller in islice(callers(Random(1)), 20_000))
    total = sum(kind.weight for kind in CALLERS)
    for kind in CALLERS:
        assert drawn[kind.name] == pytest.approx(20_000 * kind.weight / total, rel=0.15)


def test_nobody_calls_again_before_everybody_has_called():
    """A number that was on two calls at once would mix them up for the lab."""
    numbers = [caller.number for caller in islice(callers(Random(1)), 3 * CUSTOMERS)]
    assert len(set(numbers)) == CUSTOMERS
    assert numbers[:CUSTOMERS] == numbers[CUSTOMERS : 2 * CUSTOMERS]


def test_a_span_keeps_to_its_bounds_and_its_median():
    random, span = Random(1), Span(2.0, 10.0, 40.0)
    drawn = [span.draw(random) for _ in range(5_000)]
    assert min(drawn) >= span.least
    assert max(drawn) <= span.most
    assert median(drawn) == pytest.approx(span.median, rel=0.05)


def test_what_the_load_is_reckoned_with_is_what_is_drawn():
    served = list(islice(callers(Random(1)), 20_000))
    drawn = sum(caller.talk for caller in served if caller.leaves_after is None) / len(served)
    assert drawn == pytest.approx(mean_talk(), rel=0.1)


@pytest.mark.parametrize("table", [CALLERS, REACTIONS, BREAKS], ids=["callers", "reactions", "breaks"])
def test_each_behaviour_happens(table):
    random = Random(1)
    assert {one_of(table, random) for _ in range(5_000)} == set(table)


@pytest.mark.parametrize(
    ("hour", "wants"),
    [
        (8.0, Intent("offline")),
        (8.999, Intent("offline")),
        (9.0, Intent("ready")),
        (12.0, Intent("paused", "lunch")),
        (12.0 + LUNCH, Intent("ready")),
        (16.999, Intent("ready")),
        (17.0, Intent("offline")),
    ],
)
def test_a_shift_says_when_to_come_eat_and_go(hour, wants):
    assert by_the_clock(Shift(9, 17, 12), hour) == wants


def test_somebody_is_there_from_the_first_to_the_last_moment():
    for hour in (8.0, 10.0, 12.0, 14.0, 16.0, 17.5, 19.99):
        assert any(by_the_clock(shift, hour).state == "ready" for shift in SHIFTS)
