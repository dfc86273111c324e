"""Prompts are measured as they are played, and what callers could not hear well is told."""

from __future__ import annotations

import math
import sys
from array import array
from pathlib import Path

import pytest

from ccplane.asterisk.levels import RATE, WrongForm, faults, level_of, measured, table
from ccplane.asterisk.prompts import file_of, render
from ccplane.errors import SetupError
from ccplane.site import parse, read
from tests.site.test_recordings import a_wav, on_disk


def a_tone(amplitude: float, seconds: float = 1.0, rate: int = RATE, hz: int = 440) -> array[int]:
    period = rate // math.gcd(rate, hz)  # after so many samples it is as at its beginning
    once = array("h", (round(amplitude * math.sin(2 * math.pi * hz * n / rate)) for n in range(period)))
    samples = int(seconds * rate)
    return (once * (samples // period + 1))[:samples]


def recorded(samples: array[int], rate: int = RATE, channels: int = 1) -> bytes:
    """A WAV file of these 16 bit samples, which are interleaved if there are two channels."""
    empty = a_wav(rate, channels, seconds=len(samples) / rate / channels)
    return empty[: -2 * len(samples)] + samples.tobytes()


async def told(folder: Path, **sounds: bytes) -> list[str]:
    on_disk(folder, **sounds)
    return await faults(parse(read(folder)), folder / "made", folder)


def test_a_tone_has_the_level_that_theory_says():
    level = level_of(a_tone(3_276.8))
    assert level.rms == pytest.approx(-23.0, abs=0.05)
    assert level.peak == pytest.approx(-20.0, abs=0.05)
    assert level.speech == pytest.approx(-23.0, abs=0.05)
    assert level.seconds == 1.0


def test_the_pauses_of_speech_do_not_count():
    level = level_of(a_tone(3_276.8) + array("h", bytes(2 * RATE)) + a_tone(3_276.8))
    assert level.speech == pytest.approx(-23.0, abs=0.1)
    assert level.rms == pytest.approx(-24.8, abs=0.1)


def test_nothing_has_no_level():
    assert level_of(array("h")).speech == -math.inf


@pytest.mark.slow
async def test_the_demo_site_is_without_fault(spoken: Path):
    from tests.site.sites import TOP

    assert await faults(parse(read(TOP)), spoken, TOP) == []


async def test_a_good_recording_is_without_fault_at_any_rate_and_in_stereo(tmp_path: Path):
    mono = a_tone(6_000, rate=44_100)
    stereo = array("h", (each for sample in mono for each in (sample, sample)))
    assert await told(tmp_path, welcome=recorded(stereo, 44_100, 2)) == []
    site = parse(read(tmp_path))
    await render(site, tmp_path / "made", tmp_path)
    level = measured(file_of(site.all_prompts()[0].uri, tmp_path / "made"))
    assert level.seconds == pytest.approx(1.0, abs=0.01)
    assert level.rms == pytest.approx(level_of(a_tone(6_000)).rms, abs=0.2), "a recording is as loud as it was recorded"


@pytest.mark.parametrize(
    ("samples", "fault"),
    [
        (array("h", bytes(2 * RATE)), "is silent"),
        (a_tone(200), "is too soft: speech at -47 dB"),
        (a_tone(30_000), "is too loud: speech at -4 dB"),
        (array("h", (max(-32_768, min(32_767, 4 * each)) for each in a_tone(20_000))), "is clipped"),
        (a_tone(6_000, seconds=125), "is too long: 125 s"),
    ],
    ids=["silent", "soft", "loud", "clipped", "long"],
)
async def test_what_callers_could_not_hear_well_is_told_with_the_file(tmp_path: Path, samples: array[int], fault: str):
    lines = await told(tmp_path, welcome=recorded(samples))
    assert any(line.startswith(f"ivr/sounds/en/welcome.wav: {fault}") for line in lines), lines


async def test_a_sound_in_the_nodes_folder_that_is_no_telephones_is_told(tmp_path: Path):
    on_disk(tmp_path)
    site = parse(read(tmp_path))
    path = file_of(site.all_prompts()[0].uri, tmp_path / "made")
    path.parent.mkdir(parents=True)
    path.write_bytes(a_wav(16_000))
    with pytest.raises(WrongForm, match="16000 Hz, 16 bit, 1 channels"):
        measured(path)
    (line,) = await faults(site, tmp_path / "made", tmp_path)
    assert line.startswith(f"{path}: is 16000 Hz")
    assert "16000 Hz" in list(table(site, tmp_path / "made"))[1]


def test_the_list_says_what_is_not_rendered_yet(tmp_path: Path):
    on_disk(tmp_path, welcome=recorded(a_tone(6_000)))
    lines = list(table(parse(read(tmp_path)), tmp_path / "made"))
    assert lines[1].split()[:3] == ["welcome", "en", "recorded"]
    assert "not rendered yet" in lines[1]


# -------------------------------------------------------------------------------------------------------------- voices


def with_voice(folder: Path, text: str) -> Path:
    on_disk(folder)
    (folder / "ivr" / "voices.toml").write_text(text)
    return folder


def a_program(folder: Path, name: str, body: str) -> Path:
    """An executable of this name that Python runs."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys\n{body}\n")
    path.chmod(0o755)
    return path


TELLS = """
said = {folder!r} + "/said"
open(said, "w").write(repr((sys.argv[1:], sys.stdin.read())))
sys.stdout.buffer.write(open({folder!r} + "/tone.wav", "rb").read())
"""


async def test_piper_is_given_the_voices_file_its_speed_and_the_text_on_its_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A stand-in for the program, with its options as of piper-tts 1.3."""
    (tmp_path / "tone.wav").write_bytes(recorded(a_tone(6_000, rate=22_050), 22_050))
    (tmp_path / "bin").mkdir()
    a_program(tmp_path / "bin", "piper", TELLS.format(folder=str(tmp_path)))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    folder = with_voice(tmp_path, '[en]\nengine = "piper"\nvoice = "/voices/amy.onnx"\nspeed = 1.25\n')
    site = parse(read(folder))
    assert await render(site, tmp_path / "made", folder) == 1
    arguments, text = eval((tmp_path / "said").read_text())
    assert arguments == ["--model", "/voices/amy.onnx", "--length_scale", "0.80", "--output_file", "-"]
    assert text == "Welcome."
    assert measured(file_of(site.all_prompts()[0].uri, tmp_path / "made")).seconds == pytest.approx(1.0, abs=0.01)


async def test_a_command_of_the_operators_own_speaks(tmp_path: Path):
    (tmp_path / "tone.wav").write_bytes(recorded(a_tone(6_000)))
    program = a_program(tmp_path, "say", TELLS.format(folder=str(tmp_path)))
    folder = with_voice(tmp_path, f'[en]\nengine = "command"\ncommand = ["{program}", "--lang", "en"]\n')
    assert await render(parse(read(folder)), tmp_path / "made", folder) == 1
    assert eval((tmp_path / "said").read_text()) == (["--lang", "en"], "Welcome.")


async def test_a_program_that_is_not_there_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = with_voice(tmp_path, '[en]\nengine = "piper"\nvoice = "/voices/amy.onnx"\n')
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(SetupError) as error:
        await render(parse(read(folder)), tmp_path / "made", folder)
    assert error.value.code == "no-piper"
    assert "The voice for en needs piper" in str(error.value)


async def test_a_recording_that_changes_under_our_hands_is_not_taken_for_the_one_that_was_read(tmp_path: Path):
    on_disk(tmp_path, welcome=recorded(a_tone(6_000)))
    site = parse(read(tmp_path))
    (tmp_path / "ivr/sounds/en/welcome.wav").write_bytes(recorded(a_tone(5_000)))
    with pytest.raises(SetupError, match="was changed"):
        await render(site, tmp_path / "made", tmp_path)
