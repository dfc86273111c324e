"""How loud prompts are, and what is wrong with them: measured on the very files that Asterisk plays.

Levels are in dB below full scale (0 is the loudest sample there can be). Speech is measured without its pauses, after
ITU-T P.56 in its simplest form: the level of the 20 ms frames that are no more than 16 dB below that level itself.
"""

from __future__ import annotations

import math
import tempfile
import wave
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ccplane.asterisk.prompts import RATE, file_of, render_all
from ccplane.errors import SetupError
from ccplane.site import Rendering, Site

FULL: Final = 32_768.0
FRAME: Final = RATE // 50
MARGIN_DB: Final = 16.0
SILENT_DB: Final = -60.0
LOUDEST_DB: Final = -16.0
SOFTEST_DB: Final = -36.0
LONGEST_S: Final = 120.0
CLIPPED: Final = 3
"""So many samples in a row at full scale are no chance."""


class Level(NamedTuple):
    """What was measured. `seconds`: its length; the others in dB below full scale, -inf for nothing at all."""

    seconds: float
    speech: float
    rms: float
    peak: float
    clipped: bool


class WrongForm(Exception):
    """A sound that is not what a telephone plays; the sentence says what it is."""


def measured(path: Path) -> Level:
    """The level of a sound. WrongForm if it is not 8 kHz, 16 bit, mono; OSError if it cannot be read."""
    try:
        with wave.open(str(path)) as sound:
            form = (sound.getframerate(), 8 * sound.getsampwidth(), sound.getnchannels())
            if form != (RATE, 16, 1):
                raise WrongForm(f"{form[0]} Hz, {form[1]} bit, {form[2]} channels; a telephone has {RATE}, 16 and 1")
            samples = array("h", sound.readframes(sound.getnframes()))
    except (wave.Error, EOFError) as error:
        raise WrongForm(f"no WAV file that can be read: {error}") from error
    return level_of(samples)


def level_of(samples: Sequence[int]) -> Level:
    """The level of 16 bit samples at 8 kHz."""
    frames = [samples[at : at + FRAME] for at in range(0, len(samples), FRAME)]
    powers = [sum(each * each for each in frame) / len(frame) for frame in frames]
    whole = sum(sum(each * each for each in frame) for frame in frames) / len(samples) if samples else 0.0
    peak = max(max(samples, default=0), -min(samples, default=0))
    return Level(len(samples) / RATE, _db(_active(powers)), _db(whole), _db(float(peak) ** 2), _clipped(samples))


def _active(powers: Sequence[float]) -> float:
    """The power of the frames in which somebody speaks."""
    active = sum(powers) / len(powers) if powers else 0.0
    for _ in range(8):
        spoken = [each for each in powers if each >= active * 10 ** (-MARGIN_DB / 10)]
        active = sum(spoken) / len(spoken) if spoken else 0.0
    return active


def _clipped(samples: Sequence[int]) -> bool:
    row = 0
    for each in samples:
        row = row + 1 if each >= 32_767 or each <= -32_767 else 0
        if row >= CLIPPED:
            return True
    return False


def _db(power: float) -> float:
    return 10 * math.log10(power / FULL**2) if power else -math.inf


# ----------------------------------------------------------------------------------------------------------- of a site


def table(site: Site, sounds_dir: Path) -> Iterator[str]:
    """Every prompt of the site in every language, a line each."""
    yield f"{'prompt':<24}{'language':<10}{'source':<12}{'length':>8}{'speech':>8}{'rms':>8}{'peak':>8}"
    for name, each in _sounds(site):
        source = "recorded" if each.recorded else each.voice.engine
        try:
            level = measured(file_of(each.uri, sounds_dir))
            figures = f"{level.seconds:8.1f}{level.speech:8.1f}{level.rms:8.1f}{level.peak:8.1f}"
        except FileNotFoundError:
            figures = f"{'-':>8}  not rendered yet: ccplane prompts render"
        except WrongForm as wrong:
            figures = f"{'-':>8}  {wrong}"
        yield f"{name:<24}{each.language:<10}{source:<12}{figures}"


async def faults(site: Site, sounds_dir: Path, site_dir: Path) -> list[str]:
    """What is wrong with the site's sounds, a line each: file or prompt, language, and what to do."""
    found = []
    with tempfile.TemporaryDirectory(prefix="ccplane-prompts-") as folder:
        for name, each in _sounds(site):
            path = file_of(each.uri, sounds_dir)
            try:
                if not path.exists():
                    path = file_of(each.uri, Path(folder))
                    await render_all([each], Path(folder), site_dir)
                found += [f"{_place(name, each)}: {fault}" for fault in _wrong(measured(path), bool(each.recorded))]
            except SetupError as error:
                found.append(f"{_place(name, each)}: {error}")
            except WrongForm as wrong:
                found.append(f"{path}: is {wrong}; delete it, and run: ccplane prompts render")
    return found


def _sounds(site: Site) -> Iterator[tuple[str, Rendering]]:
    for name, prompt in sorted(site.spoken.items()):
        for each in prompt.renderings():
            yield name, each


def _place(name: str, each: Rendering) -> str:
    return each.recorded or f"prompt {name} ({each.language})"


def _wrong(level: Level, recorded: bool) -> Iterator[str]:
    mend = "record it again" if recorded else "try another voice in ivr/voices.toml"
    if level.speech < SILENT_DB:
        yield f"is silent ({level.seconds:.1f} s, {level.peak:.0f} dB at its peak); {mend}"
    elif level.speech < SOFTEST_DB:
        yield f"is too soft: speech at {level.speech:.0f} dB, and {SOFTEST_DB:.0f} is the softest; {mend}"
    elif level.speech > LOUDEST_DB:
        yield f"is too loud: speech at {level.speech:.0f} dB, and {LOUDEST_DB:.0f} is the loudest; {mend}"
    if level.clipped:
        yield f"is clipped: it was recorded beyond full scale; {mend}"
    if level.seconds > LONGEST_S:
        yield f"is too long: {level.seconds:.0f} s, and nobody listens for more than {LONGEST_S:.0f}"
