"""plane.log is for its owner alone, and its two pieces never grow beyond their bound."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccplane.handover.own_log import OwnLog

MOST = 1_000


@pytest.fixture
def output(tmp_path: Path) -> Iterator[int]:
    """A descriptor that stands for standard output, and writes into plane.log."""
    with OwnLog(tmp_path / "plane.log").opened() as file:
        descriptor = os.dup(file.fileno())
    yield descriptor
    os.close(descriptor)


def test_it_is_for_its_owner_alone_also_if_somebody_made_it_for_all(tmp_path: Path) -> None:
    path = tmp_path / "plane.log"
    path.write_text("of yesterday\n")
    path.chmod(0o644)
    with OwnLog(path).opened() as file:
        file.write(b"of today\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == "of yesterday\nof today\n"


def test_once_it_has_grown_too_long_a_new_piece_is_begun_and_one_is_kept(tmp_path: Path, output: int) -> None:
    own = OwnLog(tmp_path / "plane.log", MOST, [output])
    for piece in range(4):
        os.write(output, f"piece {piece}\n".encode() + b"x" * MOST)
        own.turn()
    os.write(output, b"the latest\n")
    assert own.path.read_text() == "the latest\n"
    assert own.before.read_text().startswith("piece 3\n")
    assert own.path.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["plane.log", "plane.log.1"]


def test_a_short_one_goes_on(tmp_path: Path, output: int) -> None:
    own = OwnLog(tmp_path / "plane.log", MOST, [output])
    os.write(output, b"a line\n")
    own.turn()
    assert own.path.read_text() == "a line\n"
    assert not own.before.exists()


def test_who_shares_it_with_its_predecessor_follows_to_the_new_piece(tmp_path: Path, output: int) -> None:
    """Both write into it during a hand-over; whichever begins a new piece, neither writes into the old one for ever."""
    successor = os.dup(output)
    os.write(output, b"x" * (MOST + 1))
    OwnLog(tmp_path / "plane.log", MOST, [output]).turn()
    OwnLog(tmp_path / "plane.log", MOST, [successor]).turn()
    os.write(successor, b"successor\n")
    os.close(successor)
    assert (tmp_path / "plane.log").read_text() == "successor\n"


def test_output_that_goes_elsewhere_is_left_alone(tmp_path: Path) -> None:
    elsewhere = os.open(tmp_path / "elsewhere", os.O_WRONLY | os.O_CREAT)
    os.write(elsewhere, b"x" * (MOST + 1))
    OwnLog(tmp_path / "plane.log", MOST, [elsewhere]).turn()
    os.close(elsewhere)
    assert [each.name for each in tmp_path.iterdir()] == ["elsewhere"]
