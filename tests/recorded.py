"""What a recording holds, measured: tones in each channel, by windows of 200 ms."""

from __future__ import annotations

import io
import struct
import subprocess
import wave

from ccplane.testing.rtp import loudness, share

WINDOW = 1_600


def of_wav(data: bytes) -> tuple[list[int], list[int]]:
    """Left and right."""
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8_000, 2)
        return sides(file.readframes(file.getnframes()))


def of_opus(data: bytes) -> tuple[list[int], list[int]]:
    """Left and right, as an independent decoder hears them."""
    done = subprocess.run(
        ["opusdec", "--quiet", "--rate", "8000", "--force-stereo", "-", "-"],
        input=data,
        capture_output=True,
        check=True,
    )
    return sides(done.stdout[44:])


def sides(raw: bytes) -> tuple[list[int], list[int]]:
    both = struct.unpack(f"<{len(raw) // 4 * 2}h", raw[: len(raw) // 4 * 4])
    return list(both[::2]), list(both[1::2])


def windows(samples: list[int], hz: int) -> list[float]:
    """How much of each 200 ms lies at this frequency; 0 where nothing is audible."""
    parts = [samples[at : at + WINDOW] for at in range(0, len(samples) - WINDOW + 1, WINDOW)]
    return [share(part, hz) if loudness(part) > 200 else 0.0 for part in parts]


def most(samples: list[int], hz: int) -> float:
    """The share of windows in which this tone is most of what is there."""
    found = windows(samples, hz)
    return sum(each > 0.5 for each in found) / len(found) if found else 0.0
