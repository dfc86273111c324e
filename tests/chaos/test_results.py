"""Runs add up in one file, and the page says what they have shown; a run that found something stays there."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos import results
from chaos.checker import check
from chaos.logs import load, save
from tests.chaos.history import Story


def a_run(breaks: bool = False) -> Story:
    story = Story()
    story.arrives("1", 10)
    story.talks("1", "1001", 11, 15).busy = int(breaks)
    story.fault(100, 103)
    return story


def test_given_two_runs_then_the_page_has_both_and_their_sums(tmp_path: Path):
    file, page = tmp_path / "results.json", tmp_path / "page.md"
    page.write_text(f"# Before\n{results.BEGIN}\nold\n{results.END}\nafter\n")
    for breaks in (False, True):
        run = a_run(breaks).run
        results.add(run, check(run), 10.0, file, page)
    text = page.read_text()
    assert text.startswith("# Before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "2 runs, 2 faults, 2 calls" in text
    assert "| agents stuck or double-booked for more than 2 s after recovery | 0 | 1 | 1 |" in text
    assert "double-booked 1" in text
    assert [run["found"]["double-booked"] for run in results.known(file)] == [0, 1]


def test_runs_add_up_while_nothing_changes_of_what_they_try(tmp_path: Path):
    file = tmp_path / "src" / "ccplane" / "a.py"
    file.parent.mkdir(parents=True)
    file.write_text("1")
    first = results.code(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("2")
    assert results.code(tmp_path) == first
    file.write_text("2")
    assert results.code(tmp_path) != first


def test_every_rule_of_the_checker_stands_in_a_line_of_the_table():
    assert {rule for rules in results.PROMISES.values() for rule in rules} == set(results.RULES)


def test_a_log_is_read_again_as_it_was_written(tmp_path: Path):
    run = a_run(breaks=True).run
    assert load(save(run, tmp_path)) == run
    assert check(load(tmp_path / "run.json")) == check(run)


def test_a_run_is_judged_again_by_other_rules_and_what_was_found_then_is_said_beside_it(tmp_path: Path):
    file, page = tmp_path / "results.json", tmp_path / "page.md"
    page.write_text(f"{results.BEGIN}\n{results.END}\n")
    run = a_run(breaks=True).run
    results.add(run, check(run), 10.0, file, page)
    for _ in range(2):
        results.judge_again(run, check(a_run().run), file, page)
    assert "| none (by the rules of then: double-booked 1) |" in page.read_text()
    assert "more than 2 s after recovery | 0 | 0 | 0 |" in page.read_text()
    run.seed += 1
    with pytest.raises(ValueError, match="no run of seed"):
        results.judge_again(run, check(run), file, page)
