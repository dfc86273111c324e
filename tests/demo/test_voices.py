"""What the demo's people say is speech, and callers and agents take turns."""

from __future__ import annotations

import pytest

from ccplane.demo import voices
from ccplane.errors import SetupError
from ccplane.testing.rtp import FRAME, expand, loudness

pytestmark = pytest.mark.slow


async def test_callers_speak_in_the_first_half_and_agents_in_the_second():
    spoken = await voices.voices()
    assert len(spoken.callers) == len(voices.CALLERS)
    assert len(spoken.agents) == len(voices.AGENTS)
    for frames in (*spoken.callers, *spoken.agents):
        assert len(frames) == voices.LOOP
        assert {len(frame) for frame in frames} == {FRAME}
    for half, others in ((slice(0, 300), spoken.callers), (slice(300, 600), spoken.agents)):
        for frames in others:
            assert loudness(expand(b"".join(frames[half]))) > 500
    assert all(loudness(expand(b"".join(frames[300:]))) < 50 for frames in spoken.callers)
    assert all(loudness(expand(b"".join(frames[:300]))) < 50 for frames in spoken.agents)


async def test_a_machine_that_cannot_speak_says_what_is_missing(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SetupError, match="espeak-ng"):
        await voices.voices()
