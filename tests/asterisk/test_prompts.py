"""Texts become sounds that a telephone can play: by the real espeak-ng and sox, measured as files."""

from __future__ import annotations

import asyncio
import math
import subprocess
import time
import wave
from array import array
from collections.abc import Mapping
from pathlib import Path

import pytest

from ccplane.asterisk import prompts
from ccplane.asterisk.prompts import VOICES, file_of, render, render_all
from ccplane.errors import SetupError
from ccplane.site import Rendering, Site, parse, read, sound_of
from ccplane.site.site import LANGUAGES
from tests.site.sites import TOP, parsed


def a_prompt(text: str, language: str = "en") -> Rendering:
    return Rendering(sound_of(language, text), language, text)


def a_site(**texts: str) -> Site:
    """A site with these English prompts beside its welcome."""
    more = "".join(f'[{name}]\nen = "{text}"\n' for name, text in texts.items())
    return parsed(prompts=f'[welcome]\nen = "Welcome."\n{more}')


def samples_of(path: Path) -> array[int]:
    with wave.open(str(path)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8_000, 1, 2)
        samples = array("h", sound.readframes(sound.getnframes()))
        assert len(samples) == sound.getnframes()
        return samples


def seconds(path: Path) -> float:
    return len(samples_of(path)) / 8_000


def loudness(path: Path) -> float:
    """Root mean square, dB below full scale."""
    samples = samples_of(path)
    return 10 * math.log10(sum(each * each for each in samples) / len(samples) / 32_768**2)


@pytest.mark.slow
async def test_every_prompt_of_the_demo_site_is_a_telephones_8_khz_and_loud_enough(tmp_path: Path):
    demo = parse(read(TOP))
    assert (
        await render(demo, tmp_path) == len(demo.all_prompts()) + 4
    )  # those of the fallback and the guard lie under their names, too
    for prompt in demo.all_prompts():
        path = file_of(prompt.uri, tmp_path)
        assert max(map(abs, samples_of(path))) == pytest.approx(32_768 * 10 ** (-6 / 20), rel=0.02), prompt.text
        assert -32 < loudness(path) < -16, prompt.text


async def test_a_prompt_lasts_as_long_as_its_text_takes_to_say(tmp_path: Path):
    short, long = a_prompt("One."), a_prompt("One, two, three, four, five, six, seven, eight, nine, ten.")
    await render_all([short, long], tmp_path)
    assert 0.2 < seconds(file_of(short.uri, tmp_path)) < 1.5
    assert 4 < seconds(file_of(long.uri, tmp_path)) < 10


async def test_chinese_is_spoken_as_chinese(tmp_path: Path):
    ten = a_prompt("一二三四五六七八九十", "zh-CN")
    await render_all([ten], tmp_path)
    assert 1.5 < seconds(file_of(ten.uri, tmp_path)) < 5


def test_no_chinese_character_is_read_out_as_english():
    """espeak-ng's plain `cmn` reads 您 as "nin two"; (en) in its phonemes gives it away."""
    demo = parse(read(TOP))
    for prompt in (each for each in demo.all_prompts() if each.language == "zh-CN"):
        command = ["espeak-ng", "-v", VOICES["zh-CN"].name, "-b", "1", "-q", "-x", "--stdin"]
        phonemes = subprocess.run(command, input=prompt.text.encode(), capture_output=True, check=True).stdout
        assert b"(en)" not in phonemes, prompt.text


def test_there_is_a_voice_for_every_language_of_a_site():
    assert set(VOICES) == set(LANGUAGES)


async def test_what_is_there_is_not_made_again(tmp_path: Path):
    site = a_site(hours="We are closed.")
    assert await render(site, tmp_path) == 2
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert await render(site, tmp_path) == 0
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


async def test_a_new_text_is_one_new_sound_and_the_old_ones_stay_for_those_who_began_with_them(tmp_path: Path):
    await render(a_site(hours="We are closed."), tmp_path)
    assert await render(a_site(hours="We are open."), tmp_path) == 1
    assert len(list(tmp_path.iterdir())) == 3


async def test_the_apology_has_the_name_that_the_dialplan_knows_and_follows_its_text(tmp_path: Path):
    await render(a_site(apology="We are sorry."), tmp_path)
    first = (tmp_path / "apology.wav").read_bytes()
    await render(a_site(apology="Please call again tomorrow."), tmp_path)
    assert (tmp_path / "apology.wav").read_bytes() != first
    assert seconds(tmp_path / "apology.wav") > 1


async def test_a_site_without_an_apology_leaves_the_dialplan_its_own(tmp_path: Path):
    await render(a_site(), tmp_path)
    assert not (tmp_path / "apology.wav").exists()


@pytest.mark.parametrize(
    "text",
    [
        '"; touch PWNED; echo "',
        "$(touch PWNED)",
        "`touch PWNED`",
        "-w PWNED one",
        "--path=/ one",
        "<break/> & one",
        "line\none",
    ],
)
async def test_text_is_only_ever_spoken(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    prompt = a_prompt(text)
    await render_all([prompt], tmp_path / "sounds")
    assert seconds(file_of(prompt.uri, tmp_path / "sounds")) > 0.2
    assert [path.name for path in tmp_path.iterdir()] == ["sounds"]


@pytest.mark.parametrize(("missing", "code"), [("espeak-ng", "no-espeak"), ("sox", "no-sox")])
async def test_a_missing_program_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, code: str
):
    hide(monkeypatch, tmp_path / "bin", {missing: None})
    with pytest.raises(SetupError, match=f"apt-get install {missing}") as told:
        await render(a_site(), tmp_path / "sounds")
    assert told.value.code == code


async def test_nothing_is_missed_where_nothing_is_to_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    await render(a_site(), tmp_path / "sounds")
    hide(monkeypatch, tmp_path / "bin", {"espeak-ng": None, "sox": None})
    assert await render(a_site(), tmp_path / "sounds") == 0


@pytest.mark.parametrize(
    ("script", "words"),
    [("echo no voice >&2; exit 1", "espeak-ng: no voice"), ("exit 3", "exit status 3"), ("cat >/dev/null", "sox")],
)
async def test_a_text_that_cannot_be_made_is_told_and_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
):
    hide(monkeypatch, tmp_path / "bin", {"espeak-ng": script})
    with pytest.raises(SetupError, match=words) as told:
        await render(a_site(), tmp_path / "sounds")
    assert told.value.code == "prompt-not-made"
    assert list(tmp_path.glob("sounds/*")) == []


async def test_a_program_that_hangs_is_ended_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    hide(monkeypatch, tmp_path / "bin", {"espeak-ng": f"echo $$ >{tmp_path}/pid; exec sleep 60"})
    monkeypatch.setattr(prompts, "WITHIN", 0.3)
    with pytest.raises(SetupError, match="took longer than"):
        await render(a_site(), tmp_path / "sounds")
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


async def test_a_cancelled_run_leaves_no_process_and_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    hide(monkeypatch, tmp_path / "bin", {"espeak-ng": f"echo $$ >{tmp_path}/pid; exec sleep 60"})
    run = asyncio.create_task(render(a_site(), tmp_path / "sounds"))
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        await asyncio.sleep(0.01)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()
    assert list(tmp_path.glob("sounds/*")) == []


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path):
    (tmp_path / "sounds").write_text("a file where the folder should be")
    with pytest.raises(SetupError, match="could not be written to") as told:
        await render(a_site(), tmp_path / "sounds")
    assert told.value.code == "prompt-not-made"


async def test_a_full_disk_is_told_and_leaves_nothing_half(tmp_path: Path):
    prompt = a_prompt("Welcome.")
    (tmp_path / f".{file_of(prompt.uri, tmp_path).name}.partial").symlink_to("/dev/full")
    with pytest.raises(SetupError, match="No space left on device"):
        await render_all([prompt], tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_the_loop_stays_free_while_prompts_are_made(tmp_path: Path):
    """Law 13: calls in progress notice nothing. The bound is wide, for the machine is shared."""
    longest, last = 0.0, time.perf_counter()
    run = asyncio.create_task(render_all([a_prompt("A long text to say. " * 50)], tmp_path))
    while not run.done():
        await asyncio.sleep(0.001)
        longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
    assert longest < 0.1


def hide(monkeypatch: pytest.MonkeyPatch, folder: Path, instead: Mapping[str, str | None]) -> None:
    """The machine's programs, with some of them missing (None) or replaced by a shell script."""
    folder.mkdir()
    for program in ("espeak-ng", "sox", "nice", "sh", "sleep", "cat", "echo"):
        found = subprocess.run(["which", program], capture_output=True, text=True, check=True).stdout.strip()
        script = instead.get(program, found)
        if script == found:
            (folder / program).symlink_to(found)
        elif script is not None:
            (folder / program).write_text(f"#!/bin/sh\n{script}\n")
            (folder / program).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
