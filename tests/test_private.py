"""A file with secrets is whole or not there, and its owner's alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ccplane.private import read_private, write_private


def test_only_its_owner_reads_it_even_while_it_is_written(tmp_path: Path):
    path, before = tmp_path / "token", os.umask(0)
    try:
        write_private(path, "secret\n")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_private(path) == "secret"


def test_one_who_is_cut_off_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "token"
    write_private(path, "old")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", _killed)
        with pytest.raises(KeyboardInterrupt):
            write_private(path, "new")
    assert read_private(path) == "old"
    write_private(path, "newer")  # what the first left is no obstacle
    assert read_private(path) == "newer"
    assert [each.name for each in tmp_path.iterdir()] == ["token"]


def test_it_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Else a power cut may leave an empty file under it."""
    path, done = tmp_path / "token", []

    def on_disk(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else os.fstat(descriptor).st_size)

    rename = Path.replace
    monkeypatch.setattr(os, "fsync", on_disk)
    monkeypatch.setattr(Path, "replace", lambda self, target: (done.append("named"), rename(self, target)))
    write_private(path, "secret")
    assert done == [6, "named", "folder"]


@pytest.mark.parametrize("left", [None, b"", b" \n", b"\xff\xfe"])
def test_one_that_is_missing_empty_or_unreadable_says_nothing(tmp_path: Path, left: bytes | None):
    if left is not None:
        (tmp_path / "token").write_bytes(left)
    assert read_private(tmp_path / "token") == ""


def _killed(*_: object) -> None:
    raise KeyboardInterrupt
