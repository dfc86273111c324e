"""What the switch left is measured, judged, and put right."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from ccplane.asterisk.wav import HEAD, examine
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
