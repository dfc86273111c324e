"""What `make bench-screen` measures, and that it says when its promise is missed."""

from __future__ import annotations

import json

import pytest
import structlog

from bench import screen
from tests.http import many_wallboards


@pytest.fixture(autouse=True)
def log_as_before():
    """It is a process of its own otherwise, and says how that logs."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_a_fact_is_seen_when_the_tile_first_shows_as_many_as_there_are_or_more():
    stamps, seen = [1_000, 1_100, 1_200, 1_300], [[1, 1_250], [3, 1_500]]
    assert screen.delays(stamps, seen, 0, 9_999) == [0.25, 0.4, 0.3, None]
    assert screen.delays(stamps, seen, 1_100, 1_300) == [0.4, 0.3]


def test_a_tile_that_was_read_twice_counts_once_and_without_facts_there_is_nothing():
    assert screen.delays([1_000, 2_000], [[1, 1_010], [1, 1_900], [2, 2_020]], 0, 9_999) == [0.01, 0.02]
    assert screen.delays([], [], 0, 9_999) == []


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.postgres
def test_a_short_one_measures_every_call_and_fails_if_its_promise_is_missed(monkeypatch, capsys):
    few = ["--agents", "60", "--queues", "3", "--rate", "4", "--warm", "1", "--seconds", "3", "--no-files"]
    monkeypatch.setattr(screen, "MOST_MS", 1.0)
    monkeypatch.setattr(screen, "AFTER_S", 5.0)
    assert screen.main(few) == 1
    told = capsys.readouterr()
    assert told.err.splitlines(keepends=True)[-1] == "missed: fact → painted by the browser, p99, ms\n"
    assert "| facts that were never seen | 0 | 0 | kept |" in told.out


def test_300_wallboards_that_take_too_much_of_a_core_or_hold_the_loop_are_a_missed_promise():
    def kept(core: float, p99_ms: float) -> list[bool]:
        found = {"nobody": {"core": 0.3, "p99_ms": 2.0}, "changes": {"core": core, "p99_ms": p99_ms}}
        return [each["kept"] for each in many_wallboards.judged(found)]

    assert kept(0.4, 3.0) == [True, True]
    assert kept(0.51, 3.0) == [False, True]
    assert kept(0.4, 8.0) == [True, False]
    told = json.loads(many_wallboards.RESULT.read_text())
    assert all(each["kept"] for each in many_wallboards.judged(told)), "what is committed keeps it"
