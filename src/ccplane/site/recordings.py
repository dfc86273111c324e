"""Recorded prompts, as a site keeps them: judged by their header, known by the hash of their content.

A site is text; so of a recording it holds what follows from it (`written`), and the sound itself stays a file. Whoever
records a prompt anew makes a new site and a new sound, and calls that began with the old one go on with it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from hashlib import sha256
from typing import Final, NamedTuple

FOLDER: Final = "ivr/sounds"
RATES: Final = range(8_000, 192_001)
LONGEST_S: Final = 300
SIZE_LIMIT: Final = 32 * 1024 * 1024

PCM, FLOAT, A_LAW, MU_LAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
BITS: Final = {PCM: (8, 16, 24, 32), FLOAT: (32, 64), A_LAW: (8,), MU_LAW: (8,)}


class NotASound(Exception):
    """What was found instead, for the person who put the file there."""


class Header(NamedTuple):
    """What a WAV file says of itself. `rate`: samples a second; `seconds`: how long it lasts."""

    kind: int
    channels: int
    rate: int
    bits: int
    seconds: float


def header_of(content: bytes) -> Header:
    """A WAV's header; NotASound if it is none, cut off, empty, or nothing that could be brought to a telephone."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise NotASound(f"no WAV file: it begins with {content[:12]!r}" if content else "an empty file")
    form: bytes | None = None
    for name, size, body in _chunks(content):
        if name == b"fmt ":
            form = body
        elif name == b"data":
            if form is None or len(form) < 16:
                raise NotASound("a WAV file that does not say what its samples are")
            if len(body) < size:
                raise NotASound(f"cut off: {len(body)} bytes of sound, where its header says {size}")
            return _judged(form, len(body))
    raise NotASound("a WAV file without any sound in it")


def written(content: bytes) -> str:
    """What a site holds of a recording: 32 hex digits that follow from its content; NotASound if it is unfit."""
    header_of(content)
    return sha256(content).hexdigest()[:32]


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    at = 12
    while at + 8 <= len(content):
        name, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        yield name, size, content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _judged(form: bytes, size: int) -> Header:
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", form)
    if kind == EXTENSIBLE and len(form) >= 26:
        kind = int.from_bytes(form[24:26], "little")
    if bits not in BITS.get(kind, ()):
        raise NotASound(f"samples of kind {kind} with {bits} bits; PCM, float, A-law and µ-law can be read")
    if channels not in (1, 2):
        raise NotASound(f"{channels} channels; a prompt has one, or two that are mixed")
    if rate not in RATES:
        raise NotASound(f"{rate} samples a second; {RATES[0]} to {RATES[-1]} can be brought to a telephone's 8000")
    seconds = size / (rate * channels * bits / 8)
    if not seconds:
        raise NotASound("a WAV file without any sound in it")
    if seconds > LONGEST_S:
        raise NotASound(f"{seconds:.0f} s long; a prompt has at most {LONGEST_S} s")
    return Header(kind, channels, rate, bits, seconds)
