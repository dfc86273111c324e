"""What callers hear is made here: each text of a site becomes a sound file that a node can play.

A file's name follows from its text (`site.sound_of`), so a file that is there is right: only what is missing is made,
old ones stay for the contacts that began under an older site, and a cut-off run leaves nothing half.

The voice of the language speaks (ivr/voices.toml: espeak-ng, piper, or a command), or there is a recording; sox brings
either to a telephone's 8 kHz. All run as processes of their own, one at a time and at low
priority, so that calls in progress notice nothing. The text goes through a pipe, never through a shell or an argument.
WAV, not µ-law: Asterisk's way from 16 bit to any G.711 is one table look-up a sample, and everyone can listen to a WAV.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import shutil
import wave
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ccplane.asterisk.fax_files import render_faxes
from ccplane.errors import SetupError
from ccplane.site import Rendering, Site, recording
from ccplane.site.recordings import written
from ccplane.site.site import FALLBACK_PROMPTS

RATE: Final = 8_000
"""Samples a second, 16 bit, mono."""

PEAK_DB: Final = -6
"""The loudest sample below full scale, in dB. Speech then lies near -26 dBov, what ITU-T P.56 expects on a line."""

WITHIN: Final = 60.0
"""Seconds for one text; 2,000 characters take two."""

PREFIX: Final = "sound:ccplane/"


class Espeak(NamedTuple):
    """A voice of espeak-ng, and its speed in words a minute."""

    name: str
    speed: int


VOICES: Final[Mapping[str, Espeak]] = {"en": Espeak("en", 150), "zh-CN": Espeak("cmn-latn-pinyin", 160)}
"""The usual one for each language of `site.LANGUAGES`. espeak-ng's plain `cmn` won't do: it turns most characters into
pinyin and then reads that as English, tone numbers and all ("nin two")."""


async def render(site: Site, sounds_dir: Path, site_dir: Path | None = None) -> int:
    """Makes every sound of the site, and every fax, that is not in the node's folder yet, and says how many.

    `site_dir`: where the recordings lie. SetupError if a program is missing ("no-espeak", "no-piper", "no-sox", …) or
    a text or a recording could not be made into a file ("prompt-not-made"); what was made before that stays, so it is
    enough to run it again.
    """
    made = await render_all(site.all_prompts(), sounds_dir, site_dir)
    made += await render_faxes(site, sounds_dir, site_dir)
    return made + sum([await _render_for_fallback(site, name, sounds_dir) for name in FALLBACK_PROMPTS])


async def render_all(prompts: Iterable[Rendering], sounds_dir: Path, site_dir: Path | None = None) -> int:
    """Makes those of these sounds that are missing, one after the other."""
    missing = [each for each in prompts if not file_of(each.uri, sounds_dir).exists()]
    _need_programs(missing)
    for each in missing:
        target = file_of(each.uri, sounds_dir)
        samples = await (_converted(each, site_dir) if each.recorded else _spoken(each))
        await asyncio.to_thread(_put, target, _wav(samples))
    return len(missing)


def file_of(uri: str, sounds_dir: Path) -> Path:
    """Where the sound of `sound:ccplane/x` lies."""
    assert uri.startswith(PREFIX), uri
    return sounds_dir / f"{uri.removeprefix(PREFIX)}.wav"


async def _render_for_fallback(site: Site, name: str, sounds_dir: Path) -> int:
    """`ccplane/apology` and the like, which the dialplan plays when we are not there: their names may not change. A
    site without one leaves the file alone that somebody may have put there."""
    target, rendering = sounds_dir / f"{name}.wav", site.fallback_prompt(name)
    if rendering is None:
        return 0
    return await asyncio.to_thread(_copy_if_other, file_of(rendering.uri, sounds_dir), target)


def _copy_if_other(source: Path, target: Path) -> int:
    wanted = source.read_bytes()
    if target.exists() and target.read_bytes() == wanted:
        return 0
    _put(target, wanted)
    return 1


INSTALL: Final = {
    "espeak-ng": ("no-espeak", "apt-get install espeak-ng"),
    "sox": ("no-sox", "apt-get install sox"),
    "piper": ("no-piper", "pip install piper-tts, or take it from the Piper project"),
}


def _need_programs(missing: Sequence[Rendering]) -> None:
    needed = {"sox": "Prompts"} if missing else {}
    for each in missing:
        if not each.recorded:
            needed.setdefault(speaker(each)[0], f"The voice for {each.language}")
    for program, who in needed.items():
        if shutil.which(program) is None:
            code, how = INSTALL.get(program, ("no-voice", "ivr/voices.toml names it"))
            sentence = f"{who} need{'' if who == 'Prompts' else 's'} {program}, and it is not on this machine: {how}"
            raise SetupError(code, sentence, program=program)


def speaker(prompt: Rendering) -> list[str]:
    """The command that speaks: text on its standard input, a WAV on its standard output."""
    voice, usual = prompt.voice, VOICES[prompt.language]
    match voice.engine:
        case "piper":
            return ["piper", "--model", voice.voice, "--length_scale", f"{1 / voice.speed:.2f}", "--output_file", "-"]
        case "command":
            return list(voice.command)
        case _:
            # --stdin and -b 1 (UTF-8): nothing of the text is ever an argument. -z: no pause after the last sentence.
            name, speed = voice.voice or usual.name, str(round(usual.speed * voice.speed))
            return ["espeak-ng", "-v", name, "-s", speed, "-b", "1", "-z", "--stdin", "--stdout"]


async def _converted(prompt: Rendering, site_dir: Path | None) -> bytes:
    """The recording as 8 kHz samples, as loud as it is; two channels are mixed."""
    if site_dir is None:
        raise _not_made(prompt, f"{prompt.recorded} is a recording, and nobody said where it lies")
    content = await asyncio.to_thread(recording, site_dir, prompt.recorded)
    if written(content) != prompt.content:
        raise _not_made(prompt, f"{prompt.recorded} was changed while the site was being read; start again")
    return await _run(
        prompt,
        ["sox", "-D", "-G", "-t", "wav", "-",
         "-t", "raw", "-e", "signed-integer", "-b", "16", "-L", "-c", "1", "-r", str(RATE), "-"],
        content,
    )  # fmt: skip


async def _spoken(prompt: Rendering) -> bytes:
    """The text as 8 kHz samples. SetupError if a program fails or takes too long."""
    # piper takes each line for a text of its own
    speech = await _run(prompt, speaker(prompt), " ".join(prompt.text.split()).encode())
    samples = await _run(
        prompt,
        ["sox", "-D", "-t", "wav", "--ignore-length", "-",
         "-t", "raw", "-e", "signed-integer", "-b", "16", "-L", "-c", "1", "-",
         "highpass", "150", "rate", str(RATE), "norm", str(PEAK_DB)],
        speech,
    )  # fmt: skip
    if not samples:
        raise _not_made(prompt, f"{speaker(prompt)[0]} said nothing")
    return samples


async def _run(prompt: Rendering, command: Sequence[str], given: bytes) -> bytes:
    process = await asyncio.create_subprocess_exec(
        "nice", *command,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        output, complaint = await asyncio.wait_for(process.communicate(given), WITHIN)
    except TimeoutError:
        raise _not_made(prompt, f"{command[0]} took longer than {WITHIN:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        why = complaint.decode("utf-8", "replace").strip().splitlines()
        raise _not_made(prompt, f"{command[0]}: {why[-1] if why else f'exit status {process.returncode}'}")
    return output


def _wav(samples: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples)
    return file.getvalue()


def _put(target: Path, content: bytes) -> None:
    """All at once or not at all: Asterisk never sees half a file."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        sentence = f"The prompt {target.name} could not be written to {target.parent}: {error.strerror}"
        raise SetupError("prompt-not-made", sentence, path=str(target)) from error


def _not_made(prompt: Rendering, why: str) -> SetupError:
    sentence = f"The prompt {prompt.text[:40]!r} ({prompt.language}) could not be made: {why}"
    return SetupError("prompt-not-made", sentence, uri=prompt.uri, language=prompt.language)
