"""The log as a file: every whole line is read once, over rotation, truncation, and wherever writing was cut off."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ccplane.guard.log_file import PIECE, Place, read_on


def all_of(path: Path, place: Place) -> tuple[list[str], Place]:
    lines: list[str] = []
    while True:
        piece = read_on(path, place)
        lines += piece.lines
        place = piece.after
        if not piece.more:
            return lines, place


def append(path: Path, text: str) -> None:
    with path.open("a") as log:
        log.write(text)


def rotate(path: Path, number: int) -> None:
    """As `logger rotate` does; the older ones' names move up, and their times stay."""
    os.utime(path, ns=(number * 10**9, number * 10**9))
    path.replace(path.with_name(f"{path.name}.{number}"))


def test_a_log_that_is_not_there_yet_is_nothing(tmp_path: Path):
    assert read_on(tmp_path / "queue_log", Place()).lines == []


def test_a_torn_line_is_read_once_it_is_whole(tmp_path: Path):
    log = tmp_path / "queue_log"
    append(log, "one\ntw")
    lines, place = all_of(log, Place())
    assert lines == ["one"]
    append(log, "o\nthree\n")
    assert all_of(log, place)[0] == ["two", "three"]


def test_what_was_rotated_away_is_read_to_its_end_first(tmp_path: Path):
    log = tmp_path / "queue_log"
    append(log, "one\n")
    _, place = all_of(log, Place())
    append(log, "two\n")
    rotate(log, 1)
    append(log, "three\n")
    rotate(log, 2)
    append(log, "four\n")
    assert all_of(log, place)[0] == ["two", "three", "four"]


def test_the_last_line_of_what_was_rotated_away_needs_no_end(tmp_path: Path):
    log = tmp_path / "queue_log"
    append(log, "one\n")
    _, place = all_of(log, Place())
    append(log, "two")
    rotate(log, 1)
    append(log, "three\n")
    assert all_of(log, place)[0] == ["two", "three"]


def test_a_truncated_log_is_read_from_its_beginning(tmp_path: Path):
    log = tmp_path / "queue_log"
    append(log, "a long line before\n")
    _, place = all_of(log, Place())
    log.write_text("new\n")
    assert all_of(log, place)[0] == ["new"]


def test_a_log_that_was_deleted_and_begun_anew_is_read_and_what_may_be_missing_is_said(tmp_path: Path):
    log = tmp_path / "queue_log"
    append(log, "one\n")
    _, place = all_of(log, Place())
    log.unlink()
    (tmp_path / "holds-the-inode").write_text("")
    append(log, "two\n")
    piece = read_on(log, place)
    assert (piece.lines, piece.lost) == (["two"], True)


def test_other_files_beside_it_are_none_of_it(tmp_path: Path):
    log = tmp_path / "queue_log"
    append(tmp_path / "queue_log.partial", "not this\n")
    append(log, "one\n")
    assert all_of(log, Place())[0] == ["one"]


def test_a_line_without_end_does_not_hold_up_all_that_follows(tmp_path: Path):
    log = tmp_path / "queue_log"
    append(log, "x" * (2 * PIECE) + "\none\n")
    assert all_of(log, Place())[0][-1] == "one"


acts = st.lists(st.sampled_from(["write", "tear", "mend", "rotate", "read"]), max_size=40)


@given(acts)
@settings(max_examples=150, deadline=None)
def test_whatever_happens_to_it_each_line_is_read_once_and_in_order(tmp_path_factory, acts):
    log = tmp_path_factory.mktemp("log") / "queue_log"
    written, read, place, torn, rotations = 0, [], Place(), False, 0
    for act in ["write", "read", *acts, "mend", "read"]:
        if act in ("write", "tear") and not torn:
            written += 1
            append(log, f"line {written}" + ("\n" if act == "write" else ""))
            torn = act == "tear"
        elif act == "mend" and torn:
            append(log, "\n")
            torn = False
        elif act == "rotate" and not torn and log.exists():
            rotations += 1
            rotate(log, rotations)
        elif act == "read":
            lines, place = all_of(log, place)
            read += lines
    assert read == [f"line {number}" for number in range(1, written + 1)]
