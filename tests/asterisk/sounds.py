"""Sound files for tests: 8 kHz, 16 bit, mono."""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path


def write_tone(path: Path, *, hz: int, seconds: float, amplitude: int = 8000) -> None:
    """A tone; an amplitude of 0 is silence."""
    samples = [int(amplitude * math.sin(2 * math.pi * hz * at / 8000)) for at in range(int(8000 * seconds))]
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))


def cut(source: Path, target: Path, *, longest: float, unless_over: float) -> None:
    """The beginning of a sound, of at most so many seconds; all of one that lasts for more than `unless_over`."""
    with wave.open(str(source)) as whole, wave.open(str(target), "wb") as file:
        seconds = whole.getnframes() / whole.getframerate()
        file.setparams(whole.getparams())
        file.writeframes(whole.readframes(int(whole.getframerate() * (longest if seconds <= unless_over else seconds))))
