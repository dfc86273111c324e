"""Raw files become WAV and Opus, whole or not at all, and done again they give the same."""

from __future__ import annotations

import math
import os
import struct
from pathlib import Path

import pytest

from ccplane.recordings import store
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from tests.recorded import most, of_opus, of_wav, windows

R = "r-c-ast1-1795332955.0-2"
PLACE = "2026/11/22"


def a_sound(seconds: float, left: int | None = CALLER_TONE, right: int | None = AGENT_TONE) -> bytes:
    def at(hz: int | None, n: int) -> int:
        return round(8_000 * math.sin(2 * math.pi * hz * n / store.RATE)) if hz else 0

    return b"".join(struct.pack("<2h", at(left, n), at(right, n)) for n in range(int(seconds * store.RATE)))


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    (tmp_path / "spool").mkdir()
    return tmp_path / "spool"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def put(spool: Path, sound: bytes, name: str = R) -> Path:
    path = spool / f"{name}.raw"
    path.write_bytes(sound)
    return path


def test_both_sides_are_kept_apart_in_both_files(spool: Path, kept: Path):
    put(spool, a_sound(2))
    found = store.convert(spool, kept, R, keep_wav=True)
    assert (found.ms, found.wav, found.opus) == (2_000, f"{PLACE}/{R}.wav", f"{PLACE}/{R}.opus")
    wav, opus = (kept / found.wav).read_bytes(), (kept / found.opus).read_bytes()
    assert found.bytes == len(wav) + len(opus)
    assert len(opus) < len(wav) / 3
    for left, right in (of_wav(wav), of_opus(opus)):
        assert most(left, CALLER_TONE) > 0.9
        assert most(right, AGENT_TONE) > 0.9
        assert max(windows(left, AGENT_TONE)) < 0.02


@pytest.mark.parametrize("side", ["left", "right"])
def test_where_one_side_is_silent_nothing_of_the_other_is_heard_there(spool: Path, kept: Path, side: str):
    put(spool, a_sound(2, **{side: None}))
    found = store.convert(spool, kept, R, keep_wav=False)
    silent = of_opus((kept / found.opus).read_bytes())[side == "right"]
    assert max(abs(each) for each in silent) < 5
    assert found.wav == ""
    assert not (kept / PLACE / f"{R}.wav").exists()


def test_done_again_it_gives_the_same_also_when_the_raw_file_is_gone(spool: Path, kept: Path):
    put(spool, a_sound(1.5))
    first = store.convert(spool, kept, R, keep_wav=True)
    assert store.convert(spool, kept, R, keep_wav=True) == first
    store.remove(spool, R)
    assert store.convert(spool, kept, R, keep_wav=True) == first
    assert sorted(each.name for each in (kept / PLACE).iterdir()) == [f"{R}.opus", f"{R}.wav"]


def test_what_is_nowhere_is_none_and_what_is_empty_has_no_files(spool: Path, kept: Path):
    assert store.convert(spool, kept, R, keep_wav=True) is None
    put(spool, b"")
    assert store.convert(spool, kept, R, keep_wav=True) == store.Kept(0, 0, "", "")


def test_a_spool_that_is_away_is_neither_empty_nor_without_this_recording(tmp_path: Path, kept: Path):
    away = tmp_path / "mnt" / "monitor" / "ccplane"
    for asked in (lambda: store.raw_files(away, 9), lambda: store.convert(away, kept, R, keep_wav=False)):
        with pytest.raises(store.NotConverted, match="is its disk mounted"):
            asked()
    away.parent.mkdir(parents=True)
    assert store.raw_files(away, 9) == []
    assert store.convert(away, kept, R, keep_wav=False) is None


@pytest.mark.parametrize("more", [1, 2, 3])
def test_a_moment_that_was_cut_off_is_left_out(spool: Path, kept: Path, more: int):
    put(spool, a_sound(1) + bytes(more))
    found = store.convert(spool, kept, R, keep_wav=True)
    assert found.ms == 1_000
    assert len(of_wav((kept / found.wav).read_bytes())[0]) == store.RATE


def test_what_was_written_after_the_talk_is_cut_off_for_good(spool: Path, kept: Path):
    raw = put(spool, a_sound(2))
    found = store.convert(spool, kept, R, keep_wav=True, most_ms=1_200)
    assert found.ms == 1_200
    assert len(of_wav((kept / found.wav).read_bytes())[0]) == 1_200 * 8
    assert raw.stat().st_size == 1_200 * 32
    assert store.convert(spool, kept, R, keep_wav=True, most_ms=9_000).ms == 1_200


def test_a_converter_that_fails_leaves_nothing_half_and_the_raw_file(
    spool: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
):
    raw = put(spool, a_sound(1))
    for command, told in ((("false",), "exit status 1"), (("no-such-program",), "apt-get install opus-tools")):
        monkeypatch.setattr(store, "OPUS", command)
        with pytest.raises(store.NotConverted, match=told):
            store.convert(spool, kept, R, keep_wav=True)
        assert raw.exists()
        assert list((kept / PLACE).iterdir()) == []


def test_a_store_that_cannot_be_written_is_said(spool: Path, tmp_path: Path):
    put(spool, a_sound(1))
    (tmp_path / "file").write_text("")
    with pytest.raises(store.NotConverted, match="Not a directory"):
        store.convert(spool, tmp_path / "file", R, keep_wav=True)


def test_the_longest_untouched_comes_first_and_what_is_not_ours_is_left_alone(spool: Path):
    other = "r-c-ast1-1795332956.1-2"
    put(spool, b"1234")
    os.utime(put(spool, b"1234", other), (1, 1))
    for name in ("r-x-2.raw", "notes.txt", f"{R}.wav", "r-c-a b-2.raw"):
        (spool / name).write_text("mine")
    assert [each.id for each in store.raw_files(spool, 9)] == [other, R]
    assert [each.id for each in store.raw_files(spool, 1)] == [other]
    assert store.raw_files(spool / "nowhere", 9) == []
    store.remove(spool, "notes")
    assert (spool / "notes.txt").exists()


@pytest.mark.parametrize("name", ["../../etc/passwd", "r-c-../x-2", "r-c-x", ""])
def test_a_name_that_is_none_of_ours_is_refused(spool: Path, kept: Path, name: str):
    with pytest.raises(store.NotConverted, match="no recording of ours"):
        store.convert(spool, kept, name, keep_wav=True)
