"""The ear of the tests: ulaw and Goertzel."""

from __future__ import annotations

import random

import pytest

from ccplane.testing.rtp import RATE, compress, expand, loudness, share, tone


def test_ulaw_round_trip_is_within_its_step():
    """G.711: the error is at most half a step, a 32nd of the sample with G.711's bias."""
    for sample in range(-32_000, 32_000, 37):
        (back,) = expand(bytes([compress(sample)]))
        assert abs(back - sample) <= max(8, (abs(sample) + 132) / 32)


def test_every_ulaw_byte_comes_back():
    """Compressing what was expanded changes nothing (0x7F and 0xFF are both zero)."""
    assert all(compress(expand(bytes([code]))[0]) == code for code in range(256) if code != 0x7F)


@pytest.mark.parametrize("hz", [440, 880, 1000])
def test_a_tone_has_its_energy_at_its_frequency(hz: int):
    """A tone is found at its own frequency and not at others."""
    samples = expand(b"".join(tone(hz)[:10]))
    assert share(samples, hz) > 0.95
    assert all(share(samples, other) < 0.01 for other in (300, 440, 880, 1000) if other != hz)


def test_noise_and_silence_are_no_tone():
    """Neither is heard as a tone; only noise is loud."""
    chance = random.Random(1)
    noise = [chance.randrange(-8000, 8000) for _ in range(1600)]
    assert share(noise, 440) < 0.1
    assert loudness(noise) > 1000
    assert share([0] * 1600, 440) == loudness([0] * 1600) == loudness([]) == 0


def test_a_tone_among_another_is_found():
    """Two tones share the energy."""
    both = [a + b for a, b in zip(expand(b"".join(tone(440))), expand(b"".join(tone(880))), strict=True)]
    assert 0.3 < share(both, 440) < 0.7
    assert len(b"".join(tone(440))) == RATE
