"""Recorded prompts and voices in a site: what a file must be, and what follows from it."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from ccplane.site import Site, Voice, check, parse, read, sound_of
from ccplane.site.recordings import NotASound, header_of, written
from tests.site.sites import WHOLE, a_site, faults, parsed


def a_wav(rate: int = 8_000, channels: int = 1, bits: int = 16, kind: int = 1, seconds: float = 0.5) -> bytes:
    """A WAV file of silence, as its header says."""
    width = channels * bits // 8
    data = bytes(int(rate * seconds) * width)
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * width, width, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def on_disk(folder: Path, **recorded: bytes) -> Path:
    """WHOLE in a folder, with these recordings in English."""
    for path, text in WHOLE.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    for name, content in recorded.items():
        path = folder / "ivr" / "sounds" / "en" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def site_of(folder: Path) -> Site:
    return parse(read(folder))


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 44_100, 48_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_common_rate_will_do(rate: int, channels: int):
    header = header_of(a_wav(rate, channels))
    assert (header.rate, header.channels) == (rate, channels)
    assert header.seconds == pytest.approx(0.5, abs=0.001)


@pytest.mark.parametrize(("kind", "bits"), [(1, 8), (1, 24), (1, 32), (3, 32), (6, 8), (7, 8)])
def test_any_common_form_will_do(kind: int, bits: int):
    assert header_of(a_wav(kind=kind, bits=bits)).bits == bits


# fmt: off
UNFIT = [
    (b"", "an empty file"),
    (b"ID3\x03 an MP3 with the wrong name", "no WAV file: it begins with b'ID3"),
    (a_wav(rate=1_000), "1000 samples a second; 8000 to 192000"),
    (a_wav(rate=4_000_000), "4000000 samples a second"),
    (a_wav(channels=6), "6 channels"),
    (a_wav(kind=85, bits=16), "samples of kind 85 with 16 bits"),
    (a_wav(bits=12), "samples of kind 1 with 12 bits"),
    (a_wav()[:-100], "cut off: 7900 bytes of sound, where its header says 8000"),
    (a_wav(seconds=0), "a WAV file without any sound in it"),
    (a_wav()[:30], "a WAV file without any sound in it"),
    (a_wav(seconds=301), "301 s long"),
    (b"RIFF\x00\x00\x00\x00WAVEdata\x02\x00\x00\x00ab", "does not say what its samples are"),
]
# fmt: on


@pytest.mark.parametrize(("content", "told"), UNFIT, ids=[told[:30] for _, told in UNFIT])
def test_what_is_unfit_is_told_with_what_was_found(content: bytes, told: str, tmp_path: Path):
    with pytest.raises(NotASound) as error:
        written(content)
    assert told in str(error.value)
    report = check(on_disk(tmp_path, welcome=content))
    assert [(fault.path, fault.code) for fault in report.faults] == [("ivr/sounds/en/welcome.wav", "not-a-sound")]
    assert told in report.lines()[0]


def test_a_recording_is_played_in_place_of_the_text_and_its_name_follows_from_its_content(tmp_path: Path):
    spoken = site_of(on_disk(tmp_path))
    first = site_of(on_disk(tmp_path, welcome=a_wav()))
    second = site_of(on_disk(tmp_path, welcome=a_wav(seconds=0.6)))
    sounds = [site.menu("main").prompt.sound("en") for site in (spoken, first, second)]
    assert sounds[0] == sound_of("en", "Welcome.")
    assert len(set(sounds)) == 3
    assert len({site.hash for site in (spoken, first, second)}) == 3
    assert first.all_prompts()[0].recorded == "ivr/sounds/en/welcome.wav"


def test_a_site_that_a_call_began_under_keeps_its_recording_without_the_file(tmp_path: Path):
    files = read(on_disk(tmp_path, welcome=a_wav()))
    assert all(len(text) < 1_000 for text in files.values()), "a site is text, and so are the facts that hold it"
    assert parse(dict(files)).menu("main").prompt.sound("en").startswith("sound:ccplane/en-rec-")


def test_a_menus_own_prompt_can_be_recorded(tmp_path: Path):
    on_disk(tmp_path, **{"main.prompt": a_wav()})
    main = 'prompt = { en = "Press 1." }\nno_input = "1"\n\n[keys]\n1 = { queue = "support" }\n'
    (tmp_path / "ivr" / "main.toml").write_text(main)
    assert "rec" in site_of(tmp_path).menu("main").prompt.sound("en")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("en/welcom.wav", "there is no prompt `welcom`; did you mean `welcome`?"),
        ("tlh/welcome.wav", "unknown language `tlh`"),
        ("zh-CN/welcome.wav", "`welcome` has no text in zh-CN; write down what is said in this file"),
        ("en/welcome.mp3", "is no WAV file"),
    ],
)
def test_a_recording_that_nobody_would_hear_is_a_fault(tmp_path: Path, path: str, told: str):
    on_disk(tmp_path)
    file = tmp_path / "ivr" / "sounds" / path
    file.parent.mkdir(parents=True)
    file.write_bytes(a_wav())
    (line,) = check(tmp_path).lines()
    assert line.startswith(f"ivr/sounds/{path}: {told}")


# ------------------------------------------------------------------------------------------------------------- voices

VOICES = "ivr/voices.toml"


def test_another_voice_is_another_sound():
    usual = parsed()
    other = parse(a_site() | {VOICES: '[en]\nvoice = "en-gb"\nspeed = 1.2\n'})
    assert other.all_prompts()[0].voice == Voice("espeak-ng", "en-gb", 1.2)
    assert usual.all_prompts()[0].uri != other.all_prompts()[0].uri


def test_the_usual_voice_written_down_is_the_same_sound():
    assert parse(a_site() | {VOICES: '[en]\nengine = "espeak-ng"\n'}).all_prompts() == parsed().all_prompts()


def test_voices_of_every_engine():
    prompts = '[welcome]\nen = "Welcome."\nzh-CN = "您好。"\n'
    text = '[en]\nengine = "piper"\nvoice = "/amy.onnx"\n[zh-CN]\nengine = "command"\ncommand = ["say", "-l", "zh"]\n'
    site = parse(a_site(prompts=prompts) | {VOICES: text})
    voices = [each.voice for each in site.all_prompts()]
    assert voices == [Voice("piper", "/amy.onnx"), Voice("command", command=("say", "-l", "zh"))]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[tlh]\n", "ivr/voices.toml:1: tlh: unknown language `tlh`"),
        ('[en]\nengine = "pipper"\n', "ivr/voices.toml:2: en.engine: unknown engine `pipper`; did you mean `piper`?"),
        ('[en]\nengine = "piper"\n', "ivr/voices.toml:1: en: piper needs the file of a voice"),
        ('[en]\nengine = "command"\n', 'ivr/voices.toml:1: en: engine = "command" goes with command ='),
        ('[en]\ncommand = ["say"]\n', 'ivr/voices.toml:1: en: engine = "command" goes with command ='),
        ("[en]\nspeed = 9.0\n", "ivr/voices.toml:2: en.speed: is at most 2.0, not 9.0"),
        (
            '[en]\nvoice = "--stdout"\n',
            "ivr/voices.toml:2: en.voice: a voice is a name or a file",
        ),
    ],
)
def test_a_voice_that_cannot_be_is_told(text: str, told: str):
    (fault,) = faults(a_site() | {VOICES: text})
    assert str(fault).startswith(told)
