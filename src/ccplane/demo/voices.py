"""What callers and agents say: real speech, so that nobody hears, and no recording holds, silence.

A talk takes turns: the caller speaks in the first half of a loop, the agent in the second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ccplane.errors import SetupError
from ccplane.testing.rtp import FRAME, SILENCE

Frames = tuple[bytes, ...]

LOOP: Final = 600
"""Packets of 20 ms: 12 s."""

CALLERS: Final = (
    ("en-us+f3", "Hello, I ordered two lamps last week, and one of them has arrived broken."),
    ("en-gb+m3", "Good morning. My invoice shows an amount that I do not understand."),
    ("cmn-latn-pinyin+f2", "你好，我想查询一下我的订单，什么时候可以送到？"),
    ("en-gb-scotland+m7", "Hi, could you tell me whether the larger model is in stock again?"),
)
AGENTS: Final = (
    ("en-us+f1", "Thank you for calling. Let me have a look at that for you, one moment please."),
    ("en-gb+m1", "I see. I can send you a new one today, it will be with you tomorrow."),
    ("cmn-latn-pinyin+f4", "您好，请稍等，我马上为您查询。"),
)
"""espeak-ng's voice, and a sentence."""


@dataclass(frozen=True, slots=True)
class Voices:
    callers: Sequence[Frames]
    agents: Sequence[Frames]


async def voices() -> Voices:
    """All of them spoken by espeak-ng. SetupError if it, or sox, is missing or fails."""
    spoken = await asyncio.gather(*(_ulaw(*each) for each in (*CALLERS, *AGENTS)))
    callers = [_looped(speech, at=0) for speech in spoken[: len(CALLERS)]]
    return Voices(callers, [_looped(speech, at=LOOP // 2) for speech in spoken[len(CALLERS) :]])


def _looped(speech: bytes, at: int) -> Frames:
    """12 s with the speech from packet `at` on: six seconds of it at the most."""
    whole = range(0, len(speech) - FRAME + 1, FRAME)
    said = [speech[start : start + FRAME] for start in whole][: LOOP // 2]
    return (*[SILENCE] * at, *said, *[SILENCE] * (LOOP - at - len(said)))


async def _ulaw(voice: str, sentence: str) -> bytes:
    """The sentence as 8 kHz ulaw."""
    speech = await _piped(["espeak-ng", "-v", voice, "-b", "1", "-z", "--stdin", "--stdout"], sentence.encode())
    raw = ["-t", "raw", "-e", "mu-law", "-b", "8", "-r", "8000", "-c", "1", "-"]
    return await _piped(["sox", "-D", "-t", "wav", "--ignore-length", "-", *raw, "norm", "-9"], speech)


async def _piped(command: Sequence[str], given: bytes) -> bytes:
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec("nice", *command, stdin=pipe, stdout=pipe, stderr=pipe)
        output, complaint = await process.communicate(given)
    except OSError as error:
        raise SetupError("no-voice", f"The demo's people need {command[0]}: {error.strerror}") from error
    if process.returncode != 0 or not output:
        said = complaint.decode("utf-8", "replace").strip()
        sentence = f"The demo's people can't speak; {command[0]} failed ({process.returncode}): {said}"
        raise SetupError("no-voice", sentence)
    return output
