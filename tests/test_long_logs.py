"""A log that is begun anew at each start, and of which nobody reads more than its end."""

from __future__ import annotations

from pathlib import Path

from ccplane.guard.log_file import Place, read_on
from ccplane.long_logs import READ_BYTES, before, last_lines, turn


def test_given_a_log_that_is_too_long_then_it_is_put_aside_and_of_two_pieces_the_older_goes(tmp_path: Path):
    log = tmp_path / "server.log"
    for words in ("oldest", "older", "new"):
        turn(log, most_bytes=4)
        log.write_text(words)
    assert (log.read_text(), before(log).read_text()) == ("new", "older")


def test_given_a_log_that_is_short_or_not_there_then_nothing_is_done(tmp_path: Path):
    turn(tmp_path / "none.log", most_bytes=4)
    (tmp_path / "short.log").write_text("word")
    turn(tmp_path / "short.log", most_bytes=4)
    assert [each.name for each in tmp_path.iterdir()] == ["short.log"]


def test_of_a_log_the_last_lines_are_had_however_long_it_is(tmp_path: Path):
    log = tmp_path / "server.log"
    log.write_bytes(b"x" * READ_BYTES * 3 + b"\nthe last but one\n\xff the last\n")
    assert last_lines(log, 2) == ["the last but one", "\ufffd the last"]
    assert last_lines(tmp_path / "none.log", 2) == []


def test_whoever_reads_the_queue_log_on_misses_nothing_of_one_that_was_put_aside(tmp_path: Path):
    log = tmp_path / "queue_log"
    log.write_text("1\n2\n")
    first = read_on(log, Place())
    log.write_text("1\n2\n3\n")
    turn(log, most_bytes=4)
    told, place = list(first.lines), first.after
    for written in ("", "4\n"):
        if written:
            log.write_text(written)
        more = True
        while more:
            piece = read_on(log, place)
            assert not piece.lost
            told, place, more = [*told, *piece.lines], piece.after, piece.more
    assert told == ["1", "2", "3", "4"]
