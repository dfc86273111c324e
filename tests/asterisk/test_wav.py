"""What the switch left is measured, judged, and put right."""

from __future__ import annotations

import errno
import wave
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.asterisk import wav
from ccplane.asterisk.wav import HEAD, examine, trimmed
from tests.asterisk.sounds import write_tone


def test_a_tone_is_measured_and_is_no_silence(tmp_path: Path):
    write_tone(tmp_path / "a.wav", hz=440, seconds=2.5)
    sound = examine(tmp_path / "a.wav")
    assert sound is not None
    assert (sound.ms, sound.bytes, sound.silent) == (2_500, HEAD + 40_000, False)


@pytest.mark.parametrize(("amplitude", "silent"), [(0, True), (60, True), (1_000, False)])
def test_line_noise_is_silence_and_a_low_voice_is_none(tmp_path: Path, amplitude: int, silent: bool):
    write_tone(tmp_path / "a.wav", hz=300, seconds=1, amplitude=amplitude)
    sound = examine(tmp_path / "a.wav")
    assert sound is not None
    assert sound.silent is silent


def test_a_word_in_a_long_silence_is_heard(tmp_path: Path):
    write_tone(tmp_path / "a.wav", hz=300, seconds=20, amplitude=0)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    write_tone(tmp_path / "word.wav", hz=300, seconds=0.6)
    data[160_000 : 160_000 + 9_600] = (tmp_path / "word.wav").read_bytes()[HEAD:]
    (tmp_path / "a.wav").write_bytes(data)
    sound = examine(tmp_path / "a.wav")
    assert sound is not None
    assert not sound.silent


def test_a_recording_that_asterisk_could_not_finish_is_mended_and_can_be_played(tmp_path: Path):
    """Its header says that there is nothing, and its last sample is half."""
    path = tmp_path / "a.wav"
    write_tone(path, hz=440, seconds=2)
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = bytes(4)
    path.write_bytes(data[:-1])
    sound = examine(path)
    assert sound is not None
    assert sound.ms == 1_999
    with wave.open(str(path)) as file:
        assert file.getnframes() == 15_999
    assert examine(path) == sound, "once mended it stays so"


@pytest.mark.parametrize("content", [b"", b"RIFF", b"x" * 500, b"RIFF\0\0\0\0WAVEjunk" + bytes(100)])
def test_what_is_no_wav_is_said_to_be_none_and_left_as_it_is(tmp_path: Path, content: bytes):
    (tmp_path / "a.wav").write_bytes(content)
    assert examine(tmp_path / "a.wav") is None
    assert (tmp_path / "a.wav").read_bytes() == content


def test_another_rate_is_none_of_ours(tmp_path: Path):
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(4_000))
    assert examine(tmp_path / "a.wav") is None


def test_only_a_head_is_a_sound_of_no_length(tmp_path: Path):
    write_tone(tmp_path / "a.wav", hz=440, seconds=0)
    sound = examine(tmp_path / "a.wav")
    assert sound is not None
    assert (sound.ms, sound.silent) == (0, True)


def write_parts(path: Path, *parts: tuple[float, bool]) -> None:
    """So many seconds each, of a tone or of silence, one after the other."""
    sound = b""
    for seconds, audible in parts:
        write_tone(path, hz=300, seconds=seconds, amplitude=8_000 if audible else 0)
        sound += path.read_bytes()[HEAD:]
    head = bytearray(path.read_bytes()[:HEAD])
    head[4:8], head[40:44] = (len(sound) + HEAD - 8).to_bytes(4, "little"), len(sound).to_bytes(4, "little")
    path.write_bytes(bytes(head) + sound)


def cut(path: Path) -> wav.Sound:
    sound = examine(path)
    assert sound is not None
    return trimmed(path, sound)


def test_silence_before_and_after_what_is_said_is_cut_off_but_for_a_moment(tmp_path: Path):
    path = tmp_path / "a.wav"
    write_parts(path, (4.0, False), (2.0, True), (1.0, False), (2.0, True), (6.0, False))
    sound = cut(path)
    assert sound.ms == 400 + 5_000 + 600
    assert sound == examine(path)
    with wave.open(str(path)) as file:
        assert file.getnframes() == 6 * 8_000
    assert [each.name for each in tmp_path.iterdir()] == ["a.wav"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert cut(path) == sound, "who dies before it is told cuts again, and it stays as it is"


@pytest.mark.parametrize("parts", [((3.0, True),), ((0.4, False), (3.0, True), (0.6, False)), ((5.0, False),)])
def test_where_there_is_nothing_to_cut_the_file_stays(tmp_path: Path, parts: tuple[tuple[float, bool], ...]):
    path = tmp_path / "a.wav"
    write_parts(path, *parts)
    before = path.read_bytes()
    cut(path)
    assert path.read_bytes() == before


@given(
    before=st.integers(0, 30),
    words=st.lists(st.booleans(), min_size=1, max_size=12),
    after=st.integers(0, 30),
    odd=st.integers(0, 1_599),
)
def test_whatever_is_said_is_kept_and_cut_once(before: int, words: list[bool], after: int, odd: int):
    """By pieces of 200 ms and a rest; nothing audible goes, and no message of a second becomes too short to be one."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.wav"
        pieces = [False] * before + words + [False] * after
        write_parts(path, *((0.2, each) for each in pieces), (odd / 8_000, False))
        loud = path.read_bytes()[HEAD:].strip(b"\0")
        whole = examine(path)
        sound = cut(path)
        assert path.read_bytes()[HEAD:].strip(b"\0") == loud
        assert whole is not None
        assert sound.ms >= min(1_000, whole.ms)
        if any(words):
            assert sound.ms <= max(1_000, (words.count(True) + words.count(False)) * 200 + 1_400)
        assert cut(path) == sound


def test_on_a_full_disk_it_is_kept_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.wav"
    write_parts(path, (4.0, False), (2.0, True))
    before = path.read_bytes()

    def full(*_: object) -> None:
        (tmp_path / ".a.wav.trimmed").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(wav, "_cut", full)
    assert cut(path).ms == 6_000
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["a.wav"]
